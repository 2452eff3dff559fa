"""Handing an interaction to the app and waiting for its acknowledgement, whichever way it is connected.

`Delivery` is what the verbs need; `links.py` does it over Socket Mode, this module over signed HTTP. Both measure from
sending to the acknowledgement and give up after three seconds.
"""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack.faults import Faults

Json = dict[str, Any]

ACK_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Envelope:
    """`kind` as in Socket Mode: slash_commands, interactive or events_api. `retry` counts redeliveries of an event,
    and `reason` says why there is one."""

    kind: str
    payload: Json
    takes_a_body: bool = False
    retry: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ack:
    """How the app took it: `error` is no_bot or ack_timeout; `body` what came with the acknowledgement.

    `retry_reason` is Slack's word for why it would deliver an event again; None if it would not.
    """

    ms: float | None
    error: str | None = None
    body: Json | None = None
    retry_reason: str | None = None


class Delivery(Protocol):
    async def deliver(self, envelope: Envelope) -> Ack: ...


def elapsed_ms(started: float) -> float:
    """Milliseconds since a `time.perf_counter()` reading."""
    return round((time.perf_counter() - started) * 1000, 3)


class HttpDelivery:
    """Posts to the app's request URL, signed `v0=` HMAC-SHA256 as in
    docs.slack.dev/authentication/verifying-requests-from-slack."""

    def __init__(self, request_url: str, signing_secret: str, faults: Faults) -> None:
        self._url = request_url
        self._secret = signing_secret.encode()
        self._faults = faults
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, envelope: Envelope) -> Ack:
        if self._faults.take({"duplicate_envelope"}):
            first, _second = await asyncio.gather(self._post(envelope), self._post(envelope))
            return first
        return await self._post(envelope)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, envelope: Envelope) -> Ack:
        body, content_type = _encoded(envelope)
        headers = {**self._signature(body), "Content-Type": content_type}
        if envelope.retry:
            headers |= {"X-Slack-Retry-Num": str(envelope.retry), "X-Slack-Retry-Reason": envelope.reason}
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ACK_SECONDS))
        started = time.perf_counter()
        try:
            async with self._session.post(self._url, data=body, headers=headers) as response:
                text = await response.text()
                if not response.ok:
                    wants_none = response.headers.get("X-Slack-No-Retry") == "1"
                    why = None if wants_none else "http_error"
                    return Ack(elapsed_ms(started), "ack_timeout", retry_reason=why)
                return Ack(elapsed_ms(started), body=_ack_body(text))
        except TimeoutError:
            return Ack(elapsed_ms(started), "ack_timeout", retry_reason="http_timeout")
        except aiohttp.ClientConnectorError:
            return Ack(None, "no_bot", retry_reason="connection_failed")
        except aiohttp.ClientError:
            return Ack(elapsed_ms(started), "ack_timeout", retry_reason="unknown_error")

    def _signature(self, body: str) -> dict[str, str]:
        timestamp = str(int(time.time()))
        digest = hmac.new(self._secret, f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}


def _encoded(envelope: Envelope) -> tuple[str, str]:
    if envelope.kind == "events_api":
        return json.dumps(envelope.payload), "application/json"
    fields = envelope.payload
    if envelope.kind == "interactive":
        fields = {"payload": json.dumps(envelope.payload)}
    return urlencode(fields), "application/x-www-form-urlencoded"


def _ack_body(text: str) -> Json | None:
    if not text:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return {"text": text}
    return value if isinstance(value, dict) else {"text": text}
