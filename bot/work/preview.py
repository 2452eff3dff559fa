"""The preview: what a restore would take away and bring back, measured on a throw-away branch at the restore point.

Decides nothing about who may choose what comes next. The throw-away branch is removed before the card is shown, since
a later restore would move it under the safety copy; should removing fail, it expires by itself.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import Kind, Refused, SafepointError, as_ours
from bot.neon.models import Branch, Project
from bot.postgres.counts import count_rows, last_commit
from bot.rules.clock import iso
from bot.rules.ids import BranchId
from bot.rules.loss import Counts
from bot.rules.plan import Lineage, Method, Preview
from bot.rules.point import Instant, Reach, require_reachable
from bot.rules.request import Purpose, Request, Stage, choose, previewed
from bot.work.context import COUNT_SECONDS, PREFIX, Context, log_trouble, name_for
from bot.work.engine import step

PREVIEW_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the target's branch stands in its project."""

    lineage: Lineage
    child_names: tuple[str, ...]
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Counted:
    now: Counts
    then: Counts
    at: datetime
    last_commit: datetime | None = None


async def preview(context: Context, id_: str) -> None:
    """The workflow: LOOKING to CHOOSING (for an undo, on to APPROVING), or REFUSED with the reason."""
    request = await context.request(id_)
    try:
        standing = await step("look", Standing, lambda: look(context, request))
    except SafepointError as error:
        await context.fail(request.id, Stage.REFUSED, await _naming_a_backup(context, request, error))
        return
    try:
        branch = await step("branch at the point", str, lambda: _branch(context, request))
        counted = await step("count", Counted, lambda: _count(context, request, BranchId(branch)))
    except SafepointError as error:
        await step("remove the preview branch", bool, lambda: remove(context, request))
        await context.fail(request.id, Stage.REFUSED, error)
        return
    await step("remove the preview branch", bool, lambda: remove(context, request))
    found = Preview(
        now=counted.now,
        then=counted.then,
        lineage=standing.lineage,
        child_names=standing.child_names,
        taken_at=counted.at,
        oldest=standing.oldest,
        last_commit=counted.last_commit,
    )
    await _show(context, request, found)


async def look(context: Context, request: Request) -> Standing:
    """Check that the branch can be restored to the point, and note its relatives. Raises Refused."""
    project, branch, branches = await asyncio.gather(
        context.neon.project(request.project),
        context.neon.branch(request.project, request.branch),
        context.neon.branches(request.project),
    )
    _require_restorable(branch, request)
    oldest = None
    if isinstance(request.point, Instant):
        reach = _reach(project, branch)
        require_reachable(request.point, reach, context.now())
        oldest = reach.oldest(context.now())
    children = sorted(
        (child.id, child.name)
        for child in branches
        if child.parent_id == branch.id and not child.name.startswith(f"{PREFIX}preview-")
    )
    lineage = Lineage(branch.parent_id, tuple(id_ for id_, _ in children), branch.last_reset_at)
    return Standing(lineage, tuple(name for _, name in children), oldest)


async def _naming_a_backup(context: Context, request: Request, error: SafepointError) -> SafepointError:
    """For a point that Neon's history no longer holds: the newest backup of the branch that is not younger, or that
    there is none. The refusal stands as it is where Neon cannot tell.
    """
    if error.kind not in {Kind.OUTSIDE_WINDOW, Kind.BEFORE_BRANCH} or not isinstance(request.point, Instant):
        return error
    try:
        snapshots = await context.neon.snapshots(request.project)
    except SafepointError as trouble:
        log_trouble("looking for a backup that covers the point", trouble)
        return error
    wished = request.point.at
    held = [
        (one.timestamp or one.created_at, one.name)
        for one in snapshots
        if one.source_branch_id == request.branch
    ]
    at, name = max((backup for backup in held if backup[0] <= wished), default=(None, ""))
    facts = {**error.facts, "backup": name, "backup_at": iso(at) if at else ""}
    return Refused(error.kind, ref=error.ref, **facts)


async def remove(context: Context, request: Request, purpose: str = "preview") -> bool:
    """Remove the request's branch for this purpose if it is there; False when it could not be, and is left to its
    expiry.
    """
    try:
        found = await context.neon.branch_named(request.project, name_for(purpose, request.id))
        if found is not None:
            await context.neon.delete_branch(request.project, found.id)
    except SafepointError as error:
        log_trouble(f"{purpose} branch left to its expiry", error)
        return False
    return True


async def _branch(context: Context, request: Request) -> BranchId:
    at = request.point.at if isinstance(request.point, Instant) else None
    branch = await context.neon.create_branch(
        request.project,
        name=name_for("preview", request.id),
        parent=request.source,
        at=at,
        compute=True,
        expires_at=context.now() + PREVIEW_LIFETIME,
        annotation={"safepoint-request": request.id},
    )
    return branch.id


async def _count(context: Context, request: Request, branch: BranchId) -> Counted:
    now, then = await asyncio.gather(_counts_now(context, request), _counts(context, request, branch))
    committed = await _last_commit(context, request, branch)
    return Counted(dict.fromkeys(then) if now is None else now, then, context.now(), committed)


async def _counts_now(context: Context, request: Request) -> Counts | None:
    """None where the database cannot be looked into as it is, which is no reason to refuse the way back: it may have
    been dropped. A Neon that cannot be asked at all shows on the other side of the comparison.
    """
    try:
        return await _counts(context, request, request.branch)
    except SafepointError as error:
        log_trouble("counting the target as it is", error)
        return None


async def _counts(context: Context, request: Request, branch: BranchId) -> Counts:
    async with await context.database(request, branch) as connection:
        return await count_rows(connection, budget_seconds=COUNT_SECONDS)


async def _last_commit(context: Context, request: Request, branch: BranchId) -> datetime | None:
    """The newest commit before the point; one made since by the branch's own start tells nothing about it."""
    if not isinstance(request.point, Instant):
        return None
    async with await context.database(request, branch) as connection:
        at = await last_commit(connection)
    return at if at is not None and at < request.point.at else None


async def _show(context: Context, request: Request, found: Preview) -> None:
    """Put the preview on the card. An undo has only one way to go, so it is offered to the approvers at once."""
    policy, now = context.targets[request.target].policy, context.now()

    def transition(current: Request) -> Request:
        shown = previewed(current, found, now + policy.request_lifetime)
        if current.purpose is not Purpose.UNDO:
            return shown
        return choose(shown, Method.IN_PLACE, current.asked_by, policy, now)

    try:
        await context.store.requests.change(request.id, transition)
    except Refused as error:
        if error.kind is not Kind.REQUEST_MOVED_ON:  # it was cancelled meanwhile: nothing to show
            await context.fail(request.id, Stage.REFUSED, as_ours(error))


def _reach(project: Project, branch: Branch) -> Reach:
    restored_at = branch.last_reset_at
    begins_at = max(moment for moment in (branch.created_at, restored_at, project.created_at) if moment)
    return Reach(project.history_retention, begins_at, was_restored=restored_at is not None)


def _require_restorable(branch: Branch, request: Request) -> None:
    if branch.current_state not in {"ready", "archived"}:
        raise Refused(Kind.BRANCH_UNSUITABLE, branch=branch.name, why=f"it is {branch.current_state}")
    if any(action.name == "restore" for action in branch.restricted_actions):
        raise Refused(Kind.BRANCH_UNSUITABLE, branch=branch.name, why="Neon does not allow restoring it")
    if branch.restored_from and isinstance(request.point, Instant):
        # neon.com/docs, guides/backup-restore: such a branch has no point-in-time history of its own
        raise Refused(
            Kind.BRANCH_UNSUITABLE, branch=branch.name, why="it was itself restored from a snapshot"
        )
