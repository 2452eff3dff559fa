"""Puts the sandbox Slack together on one loopback port: Web API, sockets, response URLs, uploads, verbs, the page."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.slack.admin import Admin
from bot.sandbox.slack.answers import Answers
from bot.sandbox.slack.delivery import HttpDelivery
from bot.sandbox.slack.dispatch import Dispatcher
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.inspection import Inspection
from bot.sandbox.slack.journal import Journal
from bot.sandbox.slack.links import Links
from bot.sandbox.slack.passes import Clock
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.specs import ChannelSpec, Manifest, Person
from bot.sandbox.slack.uploads import MOST_BYTES, Uploads
from bot.sandbox.slack.verbs import Verbs
from bot.sandbox.slack.web_api import METHODS
from bot.sandbox.slack.world import World

PAGE = Path(__file__).resolve().parent / "page"


@dataclass(frozen=True, slots=True)
class SandboxSlack:
    """A running sandbox. `url` carries the page and `/sandbox/…`; `api_url` is slack_sdk's `base_url`."""

    url: str
    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    team_id: str
    bot_user_id: str
    _links: Links = field(repr=False)
    _request_url: str | None

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    async def wait_connected(self) -> None:
        """Return once the app can be reached: a socket is open or, with a request URL, its port answers."""
        if self._request_url is None:
            await self._links.wait_connected()
        else:
            await _wait_for_port(self._request_url)


@asynccontextmanager
async def sandbox_slack(
    people: Sequence[Person],
    channels: Sequence[ChannelSpec],
    *,
    usergroups: Mapping[str, Sequence[str]] | None = None,
    manifest: Mapping[str, object] | None = None,
    port: int = 0,
    request_url: str | None = None,
    extra_routes: Sequence[web.RouteDef] = (),
    about: Mapping[str, object] | None = None,
    clock: Clock = time.time,
) -> AsyncIterator[SandboxSlack]:
    """Run a workspace with these people and channels on 127.0.0.1 until the context is left.

    `manifest` is a parsed manifest.yml; without one the app may do anything. Interactions go to `request_url` as signed
    HTTP when it is given, to the app's sockets otherwise. `usergroups` maps a handle to user ids. `port` 0 takes a free
    one. `extra_routes` are served too, and `about` is added to what `/sandbox/about` tells the page. `clock` gives
    seconds since 1970; the life of triggers and response URLs and the rates go by it.
    """
    world = World(people, channels, usergroups or {}, Manifest.parse(manifest) if manifest else None, clock)
    journal, faults, rates = Journal(clock), Faults(), Rates(clock)
    links, answers = Links(world, faults), Answers(world, journal, faults)
    http = HttpDelivery(request_url, world.signing_secret, faults) if request_url else None
    verbs = Verbs(world, http or links, answers)
    inspection = Inspection(world, journal, faults, rates, links, about or {})
    dispatcher = Dispatcher(world, METHODS, journal, rates, faults)
    own_routes = [
        *verbs.routes(),
        *inspection.routes(),
        *Admin(world).routes(),
        *Uploads(world).routes(),
        web.route("*", "/api/{method}", dispatcher.handle),
        web.get("/link/", links.handle),
        web.post("/commands/{team}/{name}", answers.handle),
        web.post("/actions/{team}/{name}", answers.handle),
        web.get("/", _page),
        web.get("/page/{name}", _page),
        web.get("/archives/{channel}/{message}", _permalink),
    ]
    async with AsyncExitStack() as stack:
        world.url = await stack.enter_async_context(_serving([*extra_routes, *own_routes], port))
        stack.push_async_callback(links.close)
        stack.push_async_callback(verbs.close)
        stack.callback(inspection.close)
        if http is not None:
            stack.push_async_callback(http.close)
        yield SandboxSlack(
            url=world.url,
            bot_token=world.bot_token,
            app_token=world.app_token,
            signing_secret=world.signing_secret,
            team_id=world.team_id,
            bot_user_id=world.bot_user_id,
            _links=links,
            _request_url=request_url,
        )


@asynccontextmanager
async def _serving(routes: Sequence[web.RouteDef], port: int) -> AsyncIterator[str]:
    """Serve the routes on loopback; the value is the address."""
    app = web.Application(client_max_size=MOST_BYTES)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    with socket.create_server(("127.0.0.1", port)) as listener:
        await runner.setup()
        await web.SockSite(runner, listener).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            await runner.cleanup()


async def _page(request: web.Request) -> web.StreamResponse:
    path = (PAGE / request.match_info.get("name", "index.html")).resolve()
    if path.parent != PAGE or not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


async def _permalink(request: web.Request) -> web.Response:
    """A permalink leads to the page, which finds the message by its address."""
    where = request.match_info
    raise web.HTTPFound(f"/#{where['channel']}/{where['message']}")


async def _wait_for_port(url: str) -> None:
    address = urlsplit(url)
    while True:
        try:
            _reader, writer = await asyncio.open_connection(address.hostname, address.port or 80)
        except ConnectionError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            return
