"""One small server: Slack's signed deliveries at /slack/events, and /healthz.

Bolt checks every signature and timestamp (docs.slack.dev, verifying requests from Slack) before a listener sees
anything. Binding elsewhere than to loopback is the configuration's decision; TLS ends in front of this.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp


@asynccontextmanager
async def serving(bolt: AsyncApp, host: str, port: int) -> AsyncIterator[None]:
    """Serve until the block is left. Raises OSError when the address cannot be had."""
    runner = web.AppRunner(_application(bolt), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()


def _application(bolt: AsyncApp) -> web.Application:
    async def events(request: web.Request) -> web.Response:
        answer = await bolt.async_dispatch(await to_bolt_request(request))
        return await to_aiohttp_response(answer)

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    application = web.Application(client_max_size=1024**2)
    application.add_routes([web.post("/slack/events", events), web.get("/healthz", healthz)])
    return application
