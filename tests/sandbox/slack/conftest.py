"""A fresh workspace for each test: one with every scope (`workspace`), one bound to a manifest (`strict`)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import sandbox_slack
from tests.sandbox.slack.workspace import (
    CHANNELS,
    GROUPS,
    MANIFEST,
    PEOPLE,
    Bot,
    Heard,
    Json,
    Plug,
    Workspace,
)


@asynccontextmanager
async def a_workspace(**options: Any) -> AsyncIterator[Workspace]:
    async with (
        sandbox_slack(PEOPLE, CHANNELS, usergroups=GROUPS, **options) as slack,
        aiohttp.ClientSession() as http,
    ):
        yield Workspace(slack, http, AsyncWebClient(slack.bot_token, base_url=slack.api_url))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """slack_sdk would go to 127.0.0.1 through a company's proxy: it reads these, and never NO_PROXY."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with a_workspace() as workspace:
        yield workspace


@pytest.fixture
async def strict() -> AsyncIterator[Workspace]:
    async with a_workspace(manifest=MANIFEST) as workspace:
        yield workspace


@pytest.fixture
async def plug(workspace: Workspace) -> AsyncIterator[Plug]:
    plug = Plug(workspace)
    yield plug
    await plug.close()


@pytest.fixture
def app(workspace: Workspace) -> AsyncApp:
    """A Bolt app of the workspace with every scope; not connected yet."""
    return AsyncApp(client=workspace.api, signing_secret=workspace.slack.signing_secret)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def bot(plug: Plug, app: AsyncApp, heard: Heard) -> Bot:
    """Acknowledges commands, clicks and submissions, and remembers their bodies."""

    @app.command("/restore")
    @app.action("go")
    @app.view("")
    @app.event("app_home_opened")
    async def remember(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    return await plug(app)
