"""Puts the parts together and keeps them running. Nothing else constructs clients.

The loops know each other only through the store: inbox, starter, outbox, directory, watchers. A loop that meets a bug
of ours is logged with its ref and begun again after a pause: at 3 a.m. the other loops are worth keeping, and what a
loop works on is in the store.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.config import Settings
from bot.errors import as_ours
from bot.neon.client import NeonClient
from bot.neon.http import Patience
from bot.rules.clock import system_clock
from bot.slack.directory import refresh, run_directory
from bot.slack.inbox import Receiver, run_inbox
from bot.slack.listeners import build_bolt
from bot.slack.outbox import Outbox, run_outbox
from bot.slack.socket import CONNECTIONS, Socket
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
NEON_SECONDS = 10.0
"""How long a reading call waits for a Neon that does not answer: somebody may be waiting for the card."""
PAUSE_SECONDS = 1.0

Loop = Callable[[], Awaitable[None]]

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
    return NeonClient(
        api_key=environment.NEON_API_KEY,
        base_url=environment.NEON_API_URL,
        patience=Patience(unreachable=NEON_SECONDS),
    )


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises EngineTaken when another process has this state directory."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _parts(settings) as loops:
        tasks = [asyncio.create_task(_kept_running(name, loop)) for name, loop in loops.items()]
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _kept_running(name: str, loop: Loop) -> None:
    while True:
        try:
            await loop()
        except Exception as error:  # noqa: BLE001 - the edge of every loop: it is logged, and the loop begun again
            bug = as_ours(_first(error))
            _LOG.error("the %s loop stopped: %s %s", name, bug.ref, dict(bug.facts))
        await asyncio.sleep(PAUSE_SECONDS)


def _first(error: Exception) -> Exception:
    """The first error inside a task group's."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


@asynccontextmanager
async def _parts(settings: Settings) -> AsyncIterator[dict[str, Loop]]:
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
        connections = await _connect(stack, settings, bolt)
        receiver = Receiver(slack, Desk(store, settings.targets, clock), identity.team)
        outbox = Outbox(slack, store, settings.targets, clock)
        yield {
            "inbox": lambda: run_inbox(receiver),
            "outbox": lambda: run_outbox(outbox),
            "starter": lambda: run_starter(engine, context),
            "directory": lambda: run_directory(slack, store.people, identity.team, clock),
            "freshness": lambda: run_freshness(context, settings.file.watch.every),
            "expiry": lambda: run_expiry(context),
            **connections,
        }


async def _identity(slack: AsyncWebClient) -> Identity:
    answer = await slack.auth_test()
    fields = {key: str(answer[key]) for key in ("team_id", "user_id")}
    return Identity(fields["team_id"], fields["user_id"], {**fields, "bot_id": str(answer.get("bot_id", ""))})


async def _connect(stack: AsyncExitStack, settings: Settings, bolt: AsyncApp) -> dict[str, Loop]:
    """Open the way Slack reaches the bot; returns the loops that keep it open."""
    slack = settings.file.slack
    if slack.mode == "http":
        await stack.enter_async_context(serving(bolt, slack.host, slack.port))
        _LOG.info("listening on %s:%d", slack.host, slack.port)
        return {}
    app_token = settings.environment.SLACK_APP_TOKEN.get_secret_value()
    sockets = [Socket(bolt, app_token) for _ in range(CONNECTIONS)]
    for socket in sockets:
        stack.push_async_callback(socket.close)
        await socket.connect()
    _LOG.info("connected to Slack")
    return {f"socket {number}": socket.keep for number, socket in enumerate(sockets, 1)}


def _private(directory: Path) -> Path:
    directory.chmod(0o700)
    return directory
