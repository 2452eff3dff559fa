"""A Neon that answers from a script, for what no sandbox can be made to say; the client under it is the real one."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import httpx

Answer = Callable[[httpx.Request], httpx.Response]
T0 = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)


def says(status: int, body: object = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: httpx.Response(status, content=content, headers=named)


def refuses(status: int, message: str = "", code: str = "") -> Answer:
    return says(status, {"request_id": "neon-1", "code": code, "message": message})


def breaks(error: type[httpx.TransportError]) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error("the wire broke", request=request)

    return answer


class ScriptedNeon:
    """Answers each call with the next answer for `METHOD /path`; the last one is repeated."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._answers: defaultdict[str, list[Answer]] = defaultdict(list)
        self.on("GET /projects/p1/operations", says(200, {"operations": []}))

    def on(self, call: str, *answers: Answer) -> None:
        self._answers[call] = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answers = self._answers[_name(request)]
        if not answers:
            raise AssertionError(f"nobody expected {_name(request)}")
        return (answers.pop(0) if len(answers) > 1 else answers[0])(request)

    def sent(self, call: str) -> list[httpx.Request]:
        return [request for request in self.requests if _name(request) == call]


def _name(request: httpx.Request) -> str:
    return f"{request.method} {request.url.path.removeprefix('/api/v2')}"


def branch(name: str = "main", identifier: str = "br-main", **more: object) -> dict[str, object]:
    times = {"created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-01T00:00:00Z"}
    state = {"current_state": "ready", "default": False, "protected": False}
    return {"id": identifier, "project_id": "p1", "name": name, **times, **state, **more}


def branches(*listed: dict[str, object], following: str | None = None) -> Answer:
    pagination = {"next": following} if following else {}
    return says(200, {"branches": listed, "annotations": {}, "pagination": pagination})


def operation(identifier: str, status: str = "finished", **more: object) -> dict[str, object]:
    times = {"created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:00Z"}
    return {
        "id": identifier,
        "action": "create_branch",
        "status": status,
        "failures_count": 0,
        **times,
        **more,
    }


def operations(*listed: dict[str, object]) -> Answer:
    return says(200, {"operations": listed})


def bodies(requests: Sequence[httpx.Request]) -> list[object]:
    return [json.loads(request.content) for request in requests]
