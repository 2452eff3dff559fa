"""One call of Neon's API: rate limited, timed, logged, repeated where that is safe, its answer parsed.

A read is repeated after any trouble. A change is repeated only when Neon certainly did nothing: 423, 429, 503, and
when the connection could not even be made. Any other trouble with a change is `AnswerLost`, and whoever asked for
it has to look for its effect: Neon has no idempotency keys. What comes out is a parsed answer, a SafepointError or
AnswerLost; never an httpx error, since those carry the request and with it the API key.
Source: https://api-docs.neon.tech/reference (GeneralError: what is safe to retry).
"""

import asyncio
import logging
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import TypeVar
from uuid import uuid4

import httpx
from pydantic import SecretStr, ValidationError

from bot.errors import Kind, Refused, Unavailable
from bot.neon import answers
from bot.neon.limiter import Limiter
from bot.neon.models import Told
from bot.rules.clock import Clock

log = logging.getLogger("safepoint.neon")

T = TypeVar("T", bound=Told)
Query = Mapping[str, str | int]
Body = Mapping[str, object]

_ID = re.compile(r"[a-z0-9-]{1,60}")
_KEY = re.compile(r"[\x21-\x7e]+")
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_jitter = random.SystemRandom().uniform


class AnswerLost(Exception):
    """A change was sent and may or may not have been made. Stays inside this package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds."""

    connect: float = 10.0
    read_answer: float = 15.0
    change_answer: float = 60.0
    """Longer than for a read: a lost answer costs more than a slow one."""
    unreachable: float = 30.0
    rate_limited: float = 60.0
    busy: float = 120.0
    """A project is held by its own running operations, which take seconds to minutes."""
    settle: float = 900.0
    lost_answer: float = 30.0
    first_pause: float = 0.25
    longest_pause: float = 10.0
    longest_poll: float = 2.0


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Path:
    """Fixed words and ids in turn: `projects, p1, branches, br-1, restore`. Raises Refused for what is no id."""

    parts: tuple[str, ...]

    def __post_init__(self) -> None:
        for word, identifier in zip(self.parts[::2], self.parts[1::2], strict=False):
            if not _ID.fullmatch(identifier):
                raise Refused(Kind.NOT_FOUND, what=answers.noun(word))

    @property
    def route(self) -> str:
        return "/".join(self.parts[::2])

    @property
    def asked_for(self) -> str:
        return answers.noun(self.parts[::2][len(self.parts) // 2 - 1])

    def __str__(self) -> str:
        return "/" + "/".join(self.parts)


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: Path
    query: Query
    body: Body | None
    request_id: str


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What went wrong in one attempt, whether Neon certainly did nothing, and how long it may go on."""

    kind: Kind
    untouched: bool
    patience: float
    retry_after_seconds: float | None = None


class NeonHttp:
    """Sends calls with one API key. `last_date_skew` is the host's clock minus Neon's, within about a second."""

    def __init__(
        self,
        *,
        api_key: SecretStr,
        base_url: str,
        transport: httpx.AsyncBaseTransport | None,
        clock: Clock,
        patience: Patience,
    ) -> None:
        """Raises Refused(WRONG_KEY) for a key that cannot be one; sending it would put it in an error's text."""
        key = api_key.get_secret_value()
        if not _KEY.fullmatch(key):
            raise Refused(Kind.WRONG_KEY)
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}", "Accept": "application/json"},
            transport=transport,
            mounts={"all://127.0.0.1": None, "all://localhost": None},  # a proxy never serves this machine
        )
        self._clock = clock
        self._patience = patience
        self._limiter = Limiter()
        self.last_date_skew: timedelta | None = None

    async def aclose(self) -> None:
        await self._client.aclose()

    async def get(self, path: Path, answer: type[T], query: Query | None = None) -> T:
        """Raises Refused or Unavailable."""
        return await self._send(_Call("GET", path, query or {}, None, str(uuid4())), answer)

    async def change(
        self,
        method: str,
        path: Path,
        answer: type[T],
        *,
        body: Body | None = None,
        query: Query | None = None,
    ) -> T:
        """Raises Refused or Unavailable if nothing was changed, AnswerLost if that is not known."""
        return await self._send(_Call(method, path, query or {}, body, str(uuid4())), answer)

    async def _send(self, call: _Call, answer: type[T]) -> T:
        steady = asyncio.get_running_loop().time
        began = steady()
        for attempt in count():
            await asyncio.sleep(self._limiter.take(f"{call.method} {call.path.route}", steady()))
            outcome = await self._attempt(call, answer)
            if not isinstance(outcome, _Trouble):
                return outcome
            if call.method != "GET" and not outcome.untouched:
                raise AnswerLost
            wait = (outcome.retry_after_seconds or 0.0) + self._backoff(attempt, outcome.kind)
            if steady() + wait > began + outcome.patience:
                raise Unavailable(outcome.kind, retry_after_seconds=max(wait, 30.0))
            await asyncio.sleep(wait)
        raise AssertionError("count() never ends")

    def _backoff(self, attempt: int, kind: Kind) -> float:
        """Full jitter: anything between nothing and a bound that doubles. A busy project is free within seconds."""
        patience = self._patience
        longest = patience.longest_poll if kind is Kind.NEON_BUSY else patience.longest_pause
        return _jitter(0, min(patience.first_pause * 2 ** min(attempt, 10), longest))

    async def _attempt(self, call: _Call, answer: type[T]) -> T | _Trouble:
        steady = asyncio.get_running_loop().time
        began = steady()
        response = await self._exchange(call)
        ms = (steady() - began) * 1000
        if isinstance(response, _Trouble):
            log.warning("%s %s no answer request=%s %.0fms", call.method, call.path, call.request_id, ms)
            return response
        level = logging.DEBUG if call.method == "GET" and response.is_success else logging.INFO
        told = (call.method, call.path, response.status_code, call.request_id, ms)
        log.log(level, "%s %s %s request=%s %.0fms", *told)
        self._compare_clocks(response)
        if response.is_success:
            return self._parsed(response, answer)
        return self._judged(call, response)

    async def _exchange(self, call: _Call) -> httpx.Response | _Trouble:
        """Returns trouble instead of raising it, so that no httpx error hangs on to a later one as its context."""
        patience = self._patience
        seconds = patience.read_answer if call.method == "GET" else patience.change_answer
        try:
            async with asyncio.timeout(seconds + patience.connect):
                return await self._client.request(
                    call.method,
                    str(call.path),
                    params=call.query,
                    json=call.body,
                    headers={"X-Request-ID": call.request_id},
                    timeout=httpx.Timeout(seconds, connect=patience.connect),
                )
        except _NEVER_SENT:
            return _Trouble(Kind.NEON_DOWN, untouched=True, patience=patience.unreachable)
        except (httpx.HTTPError, TimeoutError):
            return _Trouble(Kind.NEON_DOWN, untouched=False, patience=patience.unreachable)

    def _parsed(self, response: httpx.Response, answer: type[T]) -> T | _Trouble:
        """A body that cannot be read is an answer lost: cut short, a proxy's page, or not what it was."""
        try:
            return answer.model_validate_json(response.content if response.status_code != 204 else b"{}")
        except ValidationError as error:
            wrong = [(".".join(map(str, item["loc"])), item["type"]) for item in error.errors()[:3]]
            log.warning("cannot read %s: %s", answer.__name__, wrong)
            return _Trouble(Kind.NEON_DOWN, untouched=False, patience=self._patience.unreachable)

    def _judged(self, call: _Call, response: httpx.Response) -> _Trouble:
        """Raises Refused or Unavailable for what will not get better by asking again."""
        status = response.status_code
        now = answers.http_date(response.headers.get("Date")) or self._clock()
        later = answers.retry_after_seconds(response.headers.get("Retry-After"), now)
        told = answers.Answer(status, answers.error_body(response.content), call.path.asked_for)
        if status == 429:
            return _Trouble(Kind.RATE_LIMITED, True, self._patience.rate_limited, later)
        if answers.is_busy(told):
            return _Trouble(Kind.NEON_BUSY, True, self._patience.busy, later)
        if status >= 500:
            return _Trouble(Kind.NEON_DOWN, status == 503, self._patience.unreachable, later)
        raise answers.refusal(told)

    def _compare_clocks(self, response: httpx.Response) -> None:
        """`Date` is cut to the second, so Neon's clock is taken to be half a second later."""
        date = answers.http_date(response.headers.get("Date"))
        if date is not None:
            self.last_date_skew = self._clock() - date - timedelta(seconds=0.5)
