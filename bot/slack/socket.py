"""Socket Mode connections that stay connected.

Two of them, because slack_sdk closes a socket that Slack asks to refresh before it dials the next (its aiohttp client,
`connect_to_new_endpoint`): with one, a click in that moment reaches nobody. A connection that has been down for a while
is replaced by a new one, since slack_sdk never gets past a URL that failed to open: Slack's are good for one use.
"""

import asyncio
import logging

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.slack.failures import SLACK_FAILURES, name_of

CONNECTIONS = 2
PING_SECONDS = 3.0
"""slack_sdk notices a socket that stays open and says nothing after some four of its pings, and dials again."""

LOOK_SECONDS = 2.0
DOWN_SECONDS = 10.0
"""How long slack_sdk may try by itself before the connection is replaced; a refresh takes well under a second."""

_LOG = logging.getLogger("safepoint.slack")


class Socket:
    """One connection. `connect` raises what slack_sdk raises; `keep` watches it until cancelled; `close` ends it."""

    def __init__(self, bolt: AsyncApp, app_token: str) -> None:
        self._bolt = bolt
        self._app_token = app_token
        self._handler: AsyncSocketModeHandler | None = None

    async def connect(self) -> None:
        self._handler = AsyncSocketModeHandler(self._bolt, self._app_token, ping_interval=PING_SECONDS)
        await self._handler.connect_async()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        if self._handler is not None:
            await self._handler.close_async()  # type: ignore[no-untyped-call]
            self._handler = None

    async def keep(self) -> None:
        loop = asyncio.get_running_loop()
        up_at = loop.time()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._handler is not None and await self._handler.client.is_connected():
                up_at = loop.time()
            elif loop.time() - up_at > DOWN_SECONDS:
                await self._replace()
                up_at = loop.time()

    async def _replace(self) -> None:
        _LOG.warning("a connection to Slack has been down for %.0f s; opening another", DOWN_SECONDS)
        try:
            await self.close()
            await asyncio.wait_for(self.connect(), DOWN_SECONDS)
        except SLACK_FAILURES as error:
            _LOG.warning("Slack cannot be reached: %s", name_of(error))
