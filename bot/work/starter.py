"""Starting what has been asked for: a loop that looks for rows without a running workflow and starts them, by id.

Commands only write rows, so nothing is lost between a click and its workflow: whatever a crash left is found here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from bot.errors import as_ours
from bot.rules.backup import BackupStage, failed
from bot.rules.ids import RequestId
from bot.rules.request import Stage
from bot.rules.trouble import trouble_of
from bot.work.backup import backup
from bot.work.context import Context
from bot.work.engine import Engine
from bot.work.preview import preview
from bot.work.restore import restore

POLL_SECONDS = 2.0
"""The slow look behind the wake-ups, for rows another process wrote."""

_LOG = logging.getLogger("safepoint.work")


def add_workflows(engine: Engine, context: Context) -> None:
    """Tell the engine every workflow there is. Whatever escapes one is a bug of ours and still ends on the card."""

    async def run_preview(id_: str) -> None:
        try:
            await preview(context, id_)
        except Exception as error:  # noqa: BLE001 - the last line of defence; it is logged and shown with its ref
            await _ended(partial(context.fail, RequestId(id_), Stage.REFUSED, error))

    async def run_restore(id_: str) -> None:
        try:
            await restore(context, id_)
        except Exception as error:  # noqa: BLE001 - as above; what was done is unclear, so a human must look
            await _ended(partial(context.fail, RequestId(id_), Stage.NEEDS_HUMAN, error))

    async def run_backup(id_: str) -> None:
        try:
            await backup(context, id_)
        except Exception as error:  # noqa: BLE001 - as above
            ours = as_ours(error)
            _LOG.error("backup %s: %s %s", id_, ours.ref, dict(ours.facts))
            trouble, now = trouble_of(ours), context.now()
            await _ended(lambda: context.store.backups.change(id_, lambda one: failed(one, trouble, now)))

    engine.add("preview", run_preview)
    engine.add("restore", run_restore)
    engine.add("backup", run_backup)


async def _ended(write: Callable[[], Awaitable[object]]) -> None:
    """Have the end written down, however long the store takes none (a full disk, say): a run that never ends holds its
    branch until the bot is restarted.
    """
    while True:
        try:
            await write()
        except Exception as error:  # noqa: BLE001 - there is nobody left to tell
            _LOG.error("an end cannot be stored: %s", type(error).__name__)
            await asyncio.sleep(POLL_SECONDS)
        else:
            return


async def start_what_waits(engine: Engine, context: Context) -> None:
    """One look: start every preview, approved run and backup that has no workflow yet."""
    for request in await context.store.requests_in(Stage.LOOKING):
        await engine.start("preview", request.id)
    for request in await context.store.requests_in(Stage.APPROVED):
        await context.store.begin_run(request.id)
    for request in await context.store.requests_in(Stage.RUNNING):
        await engine.start("restore", request.id)
    for wish in await context.store.backups.where("stage = ?", [BackupStage.TAKING.value]):
        await engine.start("backup", wish.id)


async def run_starter(engine: Engine, context: Context) -> None:
    """Look again after every change of the store, and every POLL_SECONDS."""
    seen = 0
    while True:
        await start_what_waits(engine, context)
        seen = await context.store.changed(seen, POLL_SECONDS)
