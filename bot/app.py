"""Puts the parts together and keeps them running. Nothing else constructs clients.

The loops know each other only through the store: inbox, starter, outbox, directory, watchers. If one of them fails,
all stop and the process ends with an error: everything that matters is in the store, and a supervisor starts it again.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.config import Settings
from bot.neon.client import NeonClient
from bot.rules.clock import system_clock
from bot.slack.directory import refresh, run_directory
from bot.slack.inbox import Receiver, run_inbox
from bot.slack.listeners import build_bolt
from bot.slack.outbox import Outbox, run_outbox
from bot.watch.expiry import run_expiry
from bot.watch.freshness import run_freshness
from bot.web.server import serving
from bot.work.context import Context
from bot.work.engine import Engine
from bot.work.starter import add_workflows, run_starter
from commands.desk import Desk
from store.memory import Store

STORE_FILE = "store.db"
SLACK_SECONDS = 15

_LOG = logging.getLogger("safepoint")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in Slack, from `auth.test`."""

    team: str
    user: str
    fields: dict[str, str]


def slack_client(settings: Settings) -> AsyncWebClient:
    environment = settings.environment
    return AsyncWebClient(
        token=environment.SLACK_BOT_TOKEN.get_secret_value(),
        base_url=environment.SLACK_API_URL,
        timeout=SLACK_SECONDS,
        retry_handlers=[],  # the outbox decides what is safe to send again
    )


def neon_client(settings: Settings) -> NeonClient:
    environment = settings.environment
    return NeonClient(api_key=environment.NEON_API_KEY, base_url=environment.NEON_API_URL)


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises EngineTaken when another process has this state directory."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _parts(settings) as loops:
        tasks = [asyncio.create_task(loop, name=name) for name, loop in loops.items()]
        stopped = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in [*tasks, stopped]:
                task.cancel()
            await asyncio.gather(*tasks, stopped, return_exceptions=True)
        for task in done - {stopped}:
            task.result()


@asynccontextmanager
async def _parts(settings: Settings) -> AsyncIterator[dict[str, Any]]:
    clock = system_clock
    settings.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        engine = Engine(_private(settings.state))
        store = await Store.open(settings.state / STORE_FILE, clock)
        stack.push_async_callback(store.close)
        neon = await stack.enter_async_context(neon_client(settings))
        slack = slack_client(settings)
        identity = await _identity(slack)
        context = Context(store, neon, settings.targets, clock)
        add_workflows(engine, context)
        await engine.launch()
        stack.push_async_callback(engine.close)
        await refresh(slack, store.people, identity.team, clock)
        bolt = build_bolt(
            store.inbox,
            clock,
            identity.fields,
            settings.environment.SLACK_API_URL,
            settings.environment.SLACK_SIGNING_SECRET.get_secret_value(),
        )
        await _connect(stack, settings, bolt)
        yield {
            "inbox": run_inbox(Receiver(slack, Desk(store, settings.targets, clock), identity.team)),
            "outbox": run_outbox(Outbox(slack, store, settings.targets, clock)),
            "starter": run_starter(engine, context),
            "directory": run_directory(slack, store.people, identity.team, clock),
            "freshness": run_freshness(context, settings.file.watch.every),
            "expiry": run_expiry(context),
        }


async def _identity(slack: AsyncWebClient) -> Identity:
    answer = await slack.auth_test()
    fields = {key: str(answer[key]) for key in ("team_id", "user_id")}
    return Identity(fields["team_id"], fields["user_id"], {**fields, "bot_id": str(answer.get("bot_id", ""))})


async def _connect(stack: AsyncExitStack, settings: Settings, bolt: AsyncApp) -> None:
    slack = settings.file.slack
    if slack.mode == "http":
        await stack.enter_async_context(serving(bolt, slack.host, slack.port))
        _LOG.info("listening on %s:%d", slack.host, slack.port)
        return
    socket = AsyncSocketModeHandler(bolt, settings.environment.SLACK_APP_TOKEN.get_secret_value())
    await socket.connect_async()  # type: ignore[no-untyped-call]
    stack.push_async_callback(socket.close_async)
    _LOG.info("connected to Slack")


def _private(directory: Path) -> Path:
    directory.chmod(0o700)
    return directory
