"""Socket Mode: up to ten WebSockets of one app, envelopes out, acknowledgements in.

An envelope goes to any one link (here: the least recently used); its acknowledgement may come over any. Frames and
limits: docs.slack.dev/apis/events-api/using-socket-mode. With no link open, nothing is queued.
"""

import asyncio
import time
import uuid
from collections import deque
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox.slack.delivery import ACK_SECONDS, Ack, Envelope, elapsed_ms
from bot.sandbox.slack.faults import DISCONNECTS, ON_ENVELOPES, Fault, Faults
from bot.sandbox.slack.world import World

Json = dict[str, Any]

MOST_LINKS = 10
PING_SECONDS = 10.0
GRACE_SECONDS = 10.0
"""How long before its end an app hears that a socket will be closed."""


@dataclass(eq=False, slots=True)
class Link:
    """One open socket. While `silent_until` (monotonic seconds) lies ahead, nothing leaves it, not even a pong."""

    socket: web.WebSocketResponse
    silent_until: float = 0.0

    @property
    def is_silent(self) -> bool:
        return time.monotonic() < self.silent_until

    async def send(self, frame: Json) -> bool:
        """False if the socket is closing. A silent link takes everything and sends nothing."""
        if self.is_silent:
            return True
        try:
            await self.socket.send_json(frame)
        except ConnectionError:
            return False
        return True


class Links:
    """Carries envelopes; a `Delivery`."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._open: deque[Link] = deque()
        self._awaited: dict[str, asyncio.Future[Json | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._connected = asyncio.Event()

    @property
    def count(self) -> int:
        return len(self._open)

    async def wait_connected(self) -> None:
        await self._connected.wait()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The aiohttp handler of `/link/`."""
        is_welcome = self._world.passes.use_ticket(request.query.get("ticket", ""))
        if self._faults.take_aimed({"503"}, "link"):
            return web.Response(status=503)  # the ticket is gone all the same
        if not is_welcome:
            return web.Response(status=401, text="invalid or used ticket")
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if len(self._open) >= MOST_LINKS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        await self._serve(Link(socket))
        return socket

    async def _serve(self, link: Link) -> None:
        self._open.append(link)
        await link.send(self._hello())
        self._silence_as_ordered()
        self._connected.set()
        self._world.changed()
        pinging = asyncio.create_task(_ping(link))
        try:
            async for frame in link.socket:
                if frame.type is WSMsgType.PING and not link.is_silent:
                    await link.socket.pong(frame.data)
                elif frame.type is WSMsgType.TEXT:
                    self._take(frame.json())
        except ConnectionError:
            pass  # the app vanished between a ping and its pong; it is gone like any other
        finally:
            pinging.cancel()
            self._open.remove(link)
            if not self._open:
                self._connected.clear()
            self._world.changed()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "debug_info": {
                "host": "applink-sandbox",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": self._world.app_id},
        }

    def _take(self, frame: Json) -> None:
        awaited = self._awaited.get(frame.get("envelope_id", ""))
        if awaited is not None and not awaited.done():
            awaited.set_result(frame.get("payload") or None)

    async def deliver(self, envelope: Envelope) -> Ack:
        envelope_id = str(uuid.uuid4())
        frame = _frame(envelope, envelope_id)
        awaited: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._awaited[envelope_id] = awaited
        self._silence_as_ordered()
        fault = self._faults.take(ON_ENVELOPES)
        started = time.perf_counter()
        try:
            link = await self._send(frame)
            if link is None:
                return Ack(None, "no_bot")
            if fault is not None:
                await self._disturb(fault, link, frame)
            async with asyncio.timeout(ACK_SECONDS - (time.perf_counter() - started)):
                body = await awaited
            return Ack(elapsed_ms(started), body=body)
        except TimeoutError:
            return Ack(elapsed_ms(started), "ack_timeout", retry_reason="timeout")
        finally:
            del self._awaited[envelope_id]

    async def _send(self, frame: Json) -> Link | None:
        """Over the least recently used link that still works."""
        for link in list(self._open):
            self._open.rotate(-1)
            if await link.send(frame):
                return link
        return None

    async def _disturb(self, fault: Fault, link: Link, frame: Json) -> None:
        if fault.fault == "duplicate_envelope":
            await self._send(frame)
        else:
            await self._disconnect(link, DISCONNECTS[fault.fault])

    async def _disconnect(self, link: Link, reason: str) -> None:
        """Tell the app why this link ends, and close it: some seconds later, or at once where Socket Mode was turned
        off. Assumed: an app that dials again is let in, as if somebody had turned it on again."""
        await link.send({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}})
        pause = 0.0 if reason == "link_disabled" else GRACE_SECONDS
        task = asyncio.create_task(_close_later(link, pause))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _silence_as_ordered(self) -> None:
        for link in self._open:
            if not link.is_silent and (fault := self._faults.take({"silent_socket"})):
                link.silent_until = time.monotonic() + (fault.seconds or float("inf"))

    def apply_faults(self) -> None:
        """Silence starts when it is ordered, not at the next envelope."""
        self._silence_as_ordered()

    def end_silence(self) -> None:
        for link in self._open:
            link.silent_until = 0.0

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for link in list(self._open):
            await link.socket.close(code=1001)


async def _ping(link: Link) -> None:
    while not link.socket.closed:
        await asyncio.sleep(PING_SECONDS)
        if not link.is_silent:
            try:
                await link.socket.ping(b"Ping from the sandbox")
            except ConnectionError:
                return


async def _close_later(link: Link, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await link.socket.close()


def _frame(envelope: Envelope, envelope_id: str) -> Json:
    frame: Json = {
        "envelope_id": envelope_id,
        "type": envelope.kind,
        "payload": envelope.payload,
        "accepts_response_payload": envelope.takes_a_body,
    }
    if envelope.kind == "events_api":
        frame |= {"retry_attempt": envelope.retry, "retry_reason": envelope.reason}
    return frame
