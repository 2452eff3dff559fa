"""A small workspace to test in: its people, its channels, and a hand on the sandbox's HTTP calls."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import ChannelSpec, Person, SandboxSlack

Json = dict[str, Any]

DANA, OMAR, EVE, GUEST, STRANGER, GONE = "U01DANA", "U02OMAR", "U03EVE", "U04GUEST", "U05STRANGER", "U06GONE"
OPS, SECRET, OLD, ELSEWHERE, SHARED = "C01OPS", "C02SECRET", "C03OLD", "C04ELSEWHERE", "C05SHARED"

PEOPLE = (
    Person(DANA, "Dana", tz="Europe/Berlin", role="operator"),
    Person(OMAR, "Omar", tz="America/New_York", role="approver"),
    Person(EVE, "Eve", role="outsider"),
    Person(GUEST, "Gus Guest", is_restricted=True),
    Person(STRANGER, "Sten", is_stranger=True),
    Person(GONE, "Gone", deleted=True),
)
CHANNELS = (
    ChannelSpec(OPS, "ops"),
    ChannelSpec(SECRET, "secret", members=frozenset({DANA}), is_private=True, bot_is_member=False),
    ChannelSpec(OLD, "old", is_archived=True),
    ChannelSpec(ELSEWHERE, "elsewhere", members=frozenset({DANA}), bot_is_member=False),
    ChannelSpec(SHARED, "shared", members=frozenset({DANA, STRANGER}), is_ext_shared=True),
)
GROUPS = {"dba": (DANA, OMAR)}

MANIFEST: Json = {
    "display_information": {"name": "Safe"},
    "features": {
        "app_home": {"home_tab_enabled": True},
        "bot_user": {"display_name": "safe"},
        "slash_commands": [
            {
                "command": "/restore",
                "description": "Restore",
                "usage_hint": "prod to 10:25",
                "should_escape": True,
            },
            {"command": "/backup", "description": "Back up"},
        ],
    },
    "oauth_config": {
        "scopes": {"bot": ["commands", "chat:write", "users:read", "channels:read", "channels:history"]}
    },
    "settings": {
        "event_subscriptions": {"bot_events": ["app_home_opened"]},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}


@dataclass(frozen=True)
class Workspace:
    """The sandbox with an HTTP session, and its app's Web API client."""

    slack: SandboxSlack
    http: aiohttp.ClientSession
    api: AsyncWebClient

    async def post(self, path: str, order: Json, status: int = 200) -> Json:
        async with self.http.post(f"{self.slack.url}/sandbox/{path}", json=order) as response:
            assert response.status == status, await response.text()
            answer: Json = await response.json()
            return answer

    async def get(self, path: str) -> Any:
        async with self.http.get(f"{self.slack.url}/sandbox/{path}") as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def slash(
        self, text: str = "", *, user: str = DANA, channel: str = OPS, command: str = "/restore"
    ) -> Json:
        return await self.post("slash", {"user": user, "channel": channel, "command": command, "text": text})

    async def click(self, user: str, ts: str, action_id: str, channel: str = OPS, **more: Any) -> Json:
        order = {"user": user, "channel": channel, "ts": ts, "action_id": action_id, **more}
        return await self.post("click", order)

    async def submit(self, user: str, view_id: str, values: Json) -> Json:
        return await self.post("submit", {"user": user, "view_id": view_id, "values": values})

    async def messages(self, channel: str = OPS) -> list[Json]:
        messages: list[Json] = (await self.get("state"))["channels"][channel]["messages"]
        return messages

    async def journal(self, method: str) -> list[Json]:
        return [entry for entry in await self.get("journal") if entry["method"] == method]


@dataclass(frozen=True)
class Bot:
    """A real Bolt app on real sockets."""

    app: AsyncApp
    handlers: list[AsyncSocketModeHandler]

    async def close(self) -> None:
        for handler in self.handlers:
            await handler.close_async()  # type: ignore[no-untyped-call]


async def connect(workspace: Workspace, app: AsyncApp, sockets: int = 1) -> Bot:
    handlers = []
    for _ in range(sockets):
        handler = AsyncSocketModeHandler(app, workspace.slack.app_token, ping_interval=1)
        handlers.append(handler)
        await handler.connect_async()  # type: ignore[no-untyped-call]
    await workspace.slack.wait_connected()
    return Bot(app, handlers)


class Heard(list[Json]):
    """The bodies a listener received."""


class Plug:
    """Connects apps to a workspace and disconnects them when the test ends: a client left open dials for ever."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._bots: list[Bot] = []

    async def __call__(self, app: AsyncApp, sockets: int = 1) -> Bot:
        bot = await connect(self._workspace, app, sockets)
        self._bots.append(bot)
        return bot

    async def close(self) -> None:
        for bot in self._bots:
            await bot.close()


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 5.0) -> Any:
    """Wait for the condition to become truthy and return its value."""
    async with asyncio.timeout(seconds):
        while not (value := await condition()):
            await asyncio.sleep(0.01)
        return value


async def error_of(call: Awaitable[Any]) -> Json:
    """The whole body of a refused Web API call."""
    try:
        answer = await call
    except SlackApiError as refused:
        body: Json = refused.response.data
        return body
    raise AssertionError(f"was not refused: {answer.data}")


def button(action_id: str, text: str = "Press", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": text}, **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def text_input(block_id: str, **more: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "typed", **more.pop("element", {})}
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": "Name"},
        "element": element,
        **more,
    }


def modal(*blocks: Json, submit: str | None = "Go", **more: Any) -> Json:
    view: Json = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Sure?"},
        "blocks": list(blocks),
        **more,
    }
    if submit:
        view["submit"] = {"type": "plain_text", "text": submit}
    return view


async def card(workspace: Workspace, *blocks: Json, channel: str = OPS) -> str:
    answer = await workspace.api.chat_postMessage(channel=channel, text="card", blocks=list(blocks))
    ts: str = answer["ts"]
    return ts


async def open_modal(workspace: Workspace, heard: Heard, view: Json, user: str = DANA) -> Json:
    await workspace.slash(user=user)
    answer = await workspace.api.views_open(trigger_id=heard[-1]["trigger_id"], view=view)
    opened: Json = answer["view"]
    return opened
