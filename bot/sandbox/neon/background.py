"""What happens without a call: idle computes are suspended, expired branches and snapshots go, restored roots detach,
scheduled snapshots are taken.

A project with an operation under way is left alone until the next round, as the control plane leaves it.
"""

import asyncio
import itertools
import logging
from functools import partial

from bot.sandbox.neon.api.branches import delete_steps
from bot.sandbox.neon.api.restore import detach_step
from bot.sandbox.neon.api.snapshots import delete_snapshot_step, forget_unfilled, scheduled_steps
from bot.sandbox.neon.computes import is_idle, suspend_step
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.operations import WORK_FAILURES, Step, Trouble, carry_out_now, schedule
from bot.sandbox.neon.rows import Branch, Project
from bot.sandbox.neon.world import World

_ROUND_SECONDS = 0.25
_ROUNDS_BETWEEN_BASES = 8

logger = logging.getLogger(__name__)


async def keep_house(world: World) -> None:
    """Go round all projects until cancelled."""
    for rounds in itertools.count():
        try:
            for project in list(world.projects.values()):
                await _suspend_idle(project)
                if not project.busy and (steps := _due(world, project)):
                    schedule(project, steps, trouble=Trouble(), undo=partial(_undo, project))
            if rounds % _ROUNDS_BETWEEN_BASES == 0:
                await world.stores.shorten_replays()
        except WORK_FAILURES:  # such as a branch deleted under our hands; there is another round
            logger.warning("a round of housekeeping was left unfinished", exc_info=True)
        await asyncio.sleep(_ROUND_SECONDS)


async def _suspend_idle(project: Project) -> None:
    for endpoint in list(project.endpoints.values()):
        if not project.busy and await is_idle(project, endpoint) and not project.busy:
            await carry_out_now(project, suspend_step(project, endpoint))


def _due(world: World, project: Project) -> list[Step]:
    """The first thing whose time has come."""
    at = now()
    clock = project.clock
    for branch in project.branches.values():
        if branch.detach_at and branch.detach_at <= at:
            branch.detach_at = None
            return [detach_step(branch)]
        if branch.expires_at and branch.expires_at <= clock and not project.children(branch.id):
            return delete_steps(world, project, branch, "ttl")
        if _keeps_schedule(project, branch) and (steps := scheduled_steps(world, project, branch)):
            return steps
    for snapshot in project.snapshots.values():
        if snapshot.expires_at and snapshot.expires_at <= clock:
            return [delete_snapshot_step(world, project, snapshot)]
    return []


def _keeps_schedule(project: Project, branch: Branch) -> bool:
    return project.settings.limits.scheduled_snapshots and branch.store is not None and branch.is_root


async def _undo(project: Project) -> None:
    forget_unfilled(project)
