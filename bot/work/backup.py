"""Taking a backup: a snapshot, or a branch where Neon refuses snapshots, confirmed only once Neon has finished it."""

from dataclasses import dataclass
from datetime import datetime

from bot.errors import Kind, Refused, SafepointError
from bot.rules.backup import Backup, BackupKind, failed, taken
from bot.rules.trouble import trouble_of
from bot.work.context import Context, log_trouble
from bot.work.engine import step
from bot.work.freshness import look


@dataclass(frozen=True, slots=True)
class Copy:
    kind: BackupKind
    neon_id: str
    taken_at: datetime
    instead_of_snapshot: str = ""


async def backup(context: Context, id_: str) -> None:
    """The workflow: TAKING to TAKEN or FAILED; then the target's freshness is looked at again."""
    wish = await context.store.backups.get(id_)
    assert wish is not None, "a workflow is only started for a stored backup"
    try:
        await step("the name is free", bool, lambda: _require_free(context, wish))
        copy = await step("copy", Copy, lambda: _copy(context, wish))
    except SafepointError as error:
        log_trouble(f"backup {wish.id}", error)
        trouble, now = trouble_of(error), context.now()
        await context.store.backups.change(id_, lambda current: failed(current, trouble, now))
        return
    now = context.now()
    await context.store.backups.change(
        id_,
        lambda current: taken(current, copy.kind, copy.neon_id, copy.taken_at, now, copy.instead_of_snapshot),
    )
    await look(context, context.targets[wish.target])


async def _require_free(context: Context, wish: Backup) -> bool:
    """A backup of this name made earlier must never be taken for the one asked for now."""
    snapshots = await context.neon.snapshots(wish.project)
    branch = await context.neon.branch_named(wish.project, wish.name)
    if branch is not None or any(snapshot.name == wish.name for snapshot in snapshots):
        raise Refused(Kind.NAME_TAKEN, name=wish.name)
    return True


async def _copy(context: Context, wish: Backup) -> Copy:
    try:
        snapshot = await context.neon.create_snapshot(wish.project, wish.branch, name=wish.name)
    except Refused as error:
        if error.kind is not Kind.SNAPSHOT_REFUSED:
            raise
        return await _copy_as_branch(context, wish, _reason(error))
    return Copy(BackupKind.SNAPSHOT, snapshot.id, snapshot.timestamp or snapshot.created_at)


def _reason(refusal: Refused) -> str:
    """Why Neon refused, in its own words where it gave any."""
    told = (refusal.facts.get(name) for name in ("message", "limit", "what"))
    return next((str(fact) for fact in told if fact), "it gave no reason")


async def _copy_as_branch(context: Context, wish: Backup, why: str) -> Copy:
    """Without a compute a branch works on every plan, even when the account's compute time is used up."""
    branch = await context.neon.create_branch(
        wish.project,
        name=wish.name,
        parent=wish.branch,
        at=None,
        compute=False,
        expires_at=None,
        annotation={"safepoint-backup": wish.id},
    )
    return Copy(BackupKind.BRANCH, branch.id, branch.parent_timestamp or branch.created_at, why)
