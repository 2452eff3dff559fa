"""The HTTP server: keys, request ids, faults and error bodies around the routes, and the sandbox's own two routes."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from bot.sandbox.neon.api import ROUTES
from bot.sandbox.neon.calls import Call, Handler, answer, describe
from bot.sandbox.neon.faults import ANSWERS, HTML_524, FaultOrder, SettingsOrder, refusal_of
from bot.sandbox.neon.refusals import Refusal, bad_request, not_found, unauthorized
from bot.sandbox.neon.world import ApiKey, World

_PREFIX = "/api/v2"
_Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Order = TypeVar("_Order", bound=BaseModel)


@asynccontextmanager
async def serve(world: World, port: int) -> AsyncIterator[int]:
    """Serve on 127.0.0.1; yields the port."""
    runner = web.AppRunner(_application(world), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _application(world: World) -> web.Application:
    application = web.Application(middlewares=[_as_neon_answers])
    for method, path, handler in ROUTES:
        application.router.add_route(method, _PREFIX + path, _handled(world, handler))
    orders = _Orders(world)
    application.router.add_get("/sandbox/faults", orders.list_faults)
    application.router.add_post("/sandbox/faults", orders.add_fault)
    application.router.add_delete("/sandbox/faults", orders.clear_faults)
    application.router.add_post("/sandbox/settings", orders.change_settings)
    return application


@web.middleware
async def _as_neon_answers(request: web.Request, handler: _Handle) -> web.StreamResponse:
    """Every answer carries the caller's request id or a new one, and every error has Neon's body."""
    request_id = request.headers.get("X-Request-ID") or str(uuid.uuid4())
    try:
        response = await handler(request)
    except Refusal as refusal:
        response = _error(request_id, refusal)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
        response = _error(request_id, Refusal(error.status, error.reason.lower()))
    response.headers["X-Request-ID"] = response.headers["x-neon-ret-request-id"] = request_id
    return response


def _error(request_id: str, refusal: Refusal) -> web.Response:
    body = {"request_id": request_id, "code": refusal.code, "message": refusal.message}
    response = answer(body, refusal.status)
    if refusal.retry_after_seconds is not None:
        response.headers["Retry-After"] = f"{refusal.retry_after_seconds:g}"
    return response


def _handled(world: World, handler: Handler) -> _Handle:
    """A route with its faults: the connection or the status before it is called, the answer after it."""

    async def handle(request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(_PREFIX)
        _count(world, request, handler)
        if delay := world.faults.strike(frozenset({"delay"}), request.method, path):
            await asyncio.sleep(1.0 if delay.seconds is None else delay.seconds)
        fault = world.faults.strike(ANSWERS, request.method, path)
        if fault is None:
            return await handler(Call(world, request, _key(world, request), path))
        if fault.fault == "cut_before":
            return _cut(request)
        if refusal := refusal_of(fault):
            raise refusal
        return _spoiled(request, fault, await handler(Call(world, request, _key(world, request), path)))

    return handle


def _count(world: World, request: web.Request, handler: Handler) -> None:
    project = world.projects.get(request.match_info.get("project_id", ""))
    if (project or world).settings.rate_limits:
        world.rates.admit(_key(world, request).token, handler.__name__, time.monotonic())


def _spoiled(request: web.Request, fault: FaultOrder, response: web.Response) -> web.Response:
    """What reaches the caller of an answer to work that was done."""
    if fault.fault == "cut_after":
        return _cut(request)
    if fault.fault == "html_524":
        return web.Response(status=524, text=HTML_524, content_type="text/html")
    whole = response.body if isinstance(response.body, bytes) else b""
    return web.Response(
        status=response.status, body=whole[: len(whole) // 2], content_type="application/json"
    )


def _cut(request: web.Request) -> web.Response:
    """Hang up. aiohttp finds nobody to send the answer to."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _key(world: World, request: web.Request) -> ApiKey:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    key = world.keys.get(token.strip())
    if scheme.lower() != "bearer" or key is None:
        raise unauthorized()
    return key


class _Orders:
    """The sandbox's own routes. They need no key: only this machine reaches them."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def list_faults(self, _: web.Request) -> web.Response:
        """Those still waiting, with how often they will still strike."""
        waiting = self._world.faults.waiting
        return answer(
            [
                fault.order.model_dump(exclude_none=True) | {"id": fault.id, "times": fault.left}
                for fault in waiting
            ]
        )

    async def add_fault(self, request: web.Request) -> web.Response:
        """Have one strike."""
        order = await _read(request, FaultOrder)
        self._require_project(order.project_id)
        return answer({"id": self._world.faults.add(order).id})

    async def clear_faults(self, _: web.Request) -> web.Response:
        """Forget them all."""
        self._world.faults.waiting.clear()
        return answer({"ok": True})

    async def change_settings(self, request: web.Request) -> web.Response:
        """Change what was sent."""
        order = await _read(request, SettingsOrder)
        self._require_project(order.project_id)
        self._world.apply(order)
        return answer({"ok": True})

    def _require_project(self, project_id: str | None) -> None:
        if project_id is not None and project_id not in self._world.projects:
            raise not_found("project")


async def _read(request: web.Request, model: type[_Order]) -> _Order:
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        raise bad_request(describe(error)) from error
