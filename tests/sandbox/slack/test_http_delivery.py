"""Interactions as signed HTTP requests, judged by Bolt's own verification."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest

from bot.sandbox.slack import verbs
from tests.sandbox.slack.conftest import a_workspace
from tests.sandbox.slack.workspace import (
    DANA,
    OPS,
    Json,
    Workspace,
    actions,
    button,
    modal,
    text_input,
    until,
)


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """A port of our own: taken, and refusing connections until somebody serves on it."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        yield door


@pytest.fixture
async def workspace(door: socket.socket) -> AsyncIterator[Workspace]:
    async with a_workspace(request_url=f"http://127.0.0.1:{door.getsockname()[1]}/slack/events") as workspace:
        yield workspace


@asynccontextmanager
async def serving(app: AsyncApp, door: socket.socket) -> AsyncIterator[None]:
    async def receive(request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    async with answering(receive, door):
        yield


@asynccontextmanager
async def answering(
    receive: Callable[[web.Request], Awaitable[web.StreamResponse]], door: socket.socket
) -> AsyncIterator[None]:
    server = web.Application()
    server.router.add_post("/slack/events", receive)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.SockSite(runner, door).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def test_commands_clicks_forms_and_events_arrive_signed(
    workspace: Workspace, app: AsyncApp, door: socket.socket
) -> None:
    heard: list[Json] = []

    @app.command("/restore")
    async def command(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack("on it")

    @app.action("go")
    async def pressed(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    @app.view("")
    async def submitted(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack(response_action="errors", errors={"name": "no"})

    @app.event("app_home_opened")
    async def opened(body: Json) -> None:
        heard.append(body)

    async with serving(app, door):
        await workspace.slack.wait_connected()
        answer = await workspace.slash("prod & co")
        assert answer["ok"] and answer["ack_ms"] > 0
        blocks = [actions(button("go"))]
        ts = (await workspace.api.chat_postMessage(channel=OPS, text="x", blocks=blocks))["ts"]
        assert (await workspace.click(DANA, ts, "go"))["ok"]
        view = await workspace.api.views_open(
            trigger_id=heard[1]["trigger_id"], view=modal(text_input("name"))
        )
        answer = await workspace.submit(DANA, view["view"]["id"], {"name": "x"})
        assert answer["response_action"] == "errors" and answer["errors"] == {"name": "no"}
        assert (await workspace.post("home", {"user": DANA}))["ok"]
        assert heard[0]["text"] == "prod &amp; co"
        assert (await workspace.messages())[0]["text"] == "on it"


async def test_a_wrong_secret_is_seen_by_bolt_and_counts_as_no_acknowledgement(
    workspace: Workspace, door: socket.socket
) -> None:
    app = AsyncApp(client=workspace.api, signing_secret="another")
    heard: list[Json] = []

    @app.command("/restore")
    async def command(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    async with serving(app, door):
        assert (await workspace.slash())["error"] == "ack_timeout"
    assert heard == []


async def test_without_a_server_there_is_no_bot(workspace: Workspace) -> None:
    assert (await workspace.slash())["error"] == "no_bot"


async def test_a_server_that_is_too_slow_is_given_up(
    workspace: Workspace, app: AsyncApp, door: socket.socket
) -> None:
    @app.command("/restore")
    async def command(ack: AsyncAck) -> None:
        await asyncio.sleep(3.5)
        await ack()

    async with serving(app, door):
        answer = await workspace.slash()
    assert answer["error"] == "ack_timeout" and 2900 <= answer["ack_ms"] <= 3300


async def test_a_duplicate_is_posted_twice(workspace: Workspace, app: AsyncApp, door: socket.socket) -> None:
    heard: list[Json] = []

    @app.command("/restore")
    async def command(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    async with serving(app, door):
        await workspace.post("faults", {"fault": "duplicate_envelope", "times": 1})
        assert (await workspace.slash())["ok"]
    assert len(heard) == 2 and heard[0] == heard[1]


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "RETRY_AFTER_SECONDS", (0.0, 0.0, 0.0))


async def test_an_event_that_fails_is_delivered_three_times_more_and_says_why(
    workspace: Workspace, door: socket.socket, no_pauses: None
) -> None:
    """Bolt acknowledges events by itself; an app without it may not."""
    tries: list[tuple[str, str | None, str | None]] = []

    async def fail(request: web.Request) -> web.Response:
        event: str = (await request.json())["event_id"]
        headers = request.headers
        tries.append((event, headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason")))
        return web.Response(status=500)

    async with answering(fail, door):
        assert (await workspace.post("home", {"user": DANA}))["error"] == "ack_timeout"

        async def all_of_them() -> bool:
            return len(tries) == 4

        await until(all_of_them)
    assert len({event for event, _, _ in tries}) == 1
    assert [(number, why) for _, number, why in tries] == [
        (None, None),
        ("1", "http_error"),
        ("2", "http_error"),
        ("3", "http_error"),
    ]


async def test_an_app_can_ask_for_no_further_delivery(
    workspace: Workspace, door: socket.socket, no_pauses: None
) -> None:
    tries: list[str | None] = []

    async def fail(request: web.Request) -> web.Response:
        tries.append(request.headers.get("X-Slack-Retry-Num"))
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"} if len(tries) == 2 else None)

    async with answering(fail, door):
        for number in (2, 6):  # stopped after the first redelivery; and after all three
            await workspace.post("home", {"user": DANA})

            async def are_so_many(number: int = number) -> bool:
                return len(tries) == number

            await until(are_so_many)
    assert tries == [None, "1", None, "1", "2", "3"]


async def test_an_event_waits_for_an_app_that_is_not_there_yet(
    workspace: Workspace, app: AsyncApp, door: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "RETRY_AFTER_SECONDS", (0.3,))
    reasons: list[object] = []

    @app.event("app_home_opened")
    async def opened(request: AsyncBoltRequest) -> None:
        reasons.append(request.headers.get("x-slack-retry-reason"))

    assert (await workspace.post("home", {"user": DANA}))["error"] == "no_bot"
    async with serving(app, door):

        async def arrived() -> bool:
            return bool(reasons)

        await until(arrived)
    assert reasons == [["connection_failed"]]
