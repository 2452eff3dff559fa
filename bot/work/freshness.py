"""Looking at a target's freshness: ask Neon for the newest durable copy, and keep what was found with its alert.

A copy counts when Neon has finished it: snapshots of the target's branch except those still being taken here, and
backup branches this bot made and still finds. When Neon cannot be asked the answer is "cannot tell".
"""

from collections.abc import Iterable

from bot.errors import SafepointError, new_ref
from bot.neon.models import Branch, Snapshot
from bot.rules.backup import Backup, BackupKind, BackupStage
from bot.rules.freshness import Freshness, Newest, observed
from bot.rules.ids import BranchId
from bot.rules.target import Target
from bot.work.context import Context, log_trouble


async def look(context: Context, target: Target) -> Freshness:
    """Ask, judge and remember; open, edit or resolve the target's alert as the rules say."""
    async with context.looking:
        return await _look(context, target)


async def _look(context: Context, target: Target) -> Freshness:
    newest, trouble = None, ""
    try:
        newest = await _newest(context, target)
    except SafepointError as error:
        log_trouble(f"freshness of {target.name}", error)
        trouble = error.kind.value
    seen = observed(
        await context.store.freshness(target.name),
        target=target.name,
        max_age=target.policy.max_age,
        now=context.now(),
        newest=newest,
        trouble=trouble,
    )
    return await context.store.observe(target, seen, alert_id=new_ref("a"))


async def _newest(context: Context, target: Target) -> Newest | None:
    snapshots = await context.neon.snapshots(target.project)
    branches = await context.neon.branches(target.project)
    made = await context.store.backups.where("target = ?", [target.name])
    copies = [*_snapshots(snapshots, target, made), *_branches(branches, made)]
    return max(copies, key=lambda copy: copy.taken_at, default=None)


def _snapshots(snapshots: Iterable[Snapshot], target: Target, made: Iterable[Backup]) -> Iterable[Newest]:
    unfinished = {backup.name for backup in made if backup.stage is not BackupStage.TAKEN}
    for snapshot in snapshots:
        if snapshot.source_branch_id == target.branch and snapshot.name not in unfinished:
            yield Newest(snapshot.timestamp or snapshot.created_at, snapshot.name, BackupKind.SNAPSHOT.value)


def _branches(branches: Iterable[Branch], made: Iterable[Backup]) -> Iterable[Newest]:
    there = {branch.id: branch for branch in branches if branch.is_at_rest}
    for backup in made:
        is_ours = backup.stage is BackupStage.TAKEN and backup.kind is BackupKind.BRANCH
        if is_ours and BranchId(backup.neon_id) in there and backup.taken_at is not None:
            yield Newest(backup.taken_at, backup.name, BackupKind.BRANCH.value)
