"""Snapshot restore: the snapshot's data becomes a new branch, which may then replace the target (neon.md §7.2).

Unlike an instant restore it gives a new branch id. Until it is finalized the target is as it was; then its computes,
name, default flag, protection and backup schedule move to the new branch, and it stays behind as `<name> (old)`, with
its children and with the snapshots that were taken of it.
"""

import itertools
from dataclasses import replace

from aiohttp import web
from pydantic import Field

from bot.sandbox.neon import checks, identifiers
from bot.sandbox.neon.api.branches import forget
from bot.sandbox.neon.api.endpoints import remove_endpoint
from bot.sandbox.neon.api.restore import in_turn
from bot.sandbox.neon.calls import Body, Call, Route, answer
from bot.sandbox.neon.computes import suspend_step
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.operations import Step
from bot.sandbox.neon.refusals import unprocessable
from bot.sandbox.neon.rows import Branch, Project, Snapshot
from bot.sandbox.neon.shapes import branch_json
from bot.sandbox.neon.world import World

_Name = Field(default=None, min_length=1, max_length=256)


class SnapshotRestore(Body):
    """The body of `restoreSnapshot`; `name` is the new branch's."""

    name: str | None = _Name
    target_branch_id: str | None = None
    finalize_restore: bool = False


class FinalizeRestore(Body):
    """The body of `finalizeRestoreBranch`; `name` is what the replaced branch is called from then on."""

    name: str | None = _Name


async def restore_snapshot(call: Call) -> web.Response:
    """200 is a receipt: the new branch is `init` until the operations have ended."""
    project = call.project
    snapshot = checks.snapshot_of(project, call.request.match_info["snapshot_id"])
    order = await call.body(SnapshotRestore)
    target = checks.branch_of(project, order.target_branch_id or snapshot.source_branch_id)
    if snapshot.store is None:
        raise unprocessable("snapshot not ready yet")
    checks.ready(target)
    checks.name_is_free(project, order.name)
    checks.room_for_branch(project, root=True)
    checks.quiet(project)

    branch = _new_branch(snapshot, target, order.name)
    project.branches[branch.id] = branch
    steps = [Step("timeline_unarchive", branch.id), _create_step(call.world, snapshot, branch)]
    if order.finalize_restore:
        steps = _replacing(project, branch, target, None, steps)

    async def undo() -> None:
        await forget(call.world, project, branch)
        if order.finalize_restore:
            target.enter("ready")

    operations = call.schedule(project, steps, undo=undo)
    return answer({"branch": branch_json(project, branch), "operations": operations})


async def finalize_restore(call: Call) -> web.Response:
    """Called on the restored branch, not on the one to be replaced."""
    project, branch = call.project, call.branch
    order = await call.body(FinalizeRestore)
    if branch.restored_as is None or branch.restore_status != "restored":
        raise unprocessable("branch has no restore to be finalized")
    target = checks.branch_of(project, branch.restored_as)
    checks.ready(branch, target)
    checks.name_is_free(project, order.name)
    checks.quiet(project)

    async def undo() -> None:
        branch.enter("ready")
        target.enter("ready")

    branch.enter("resetting", "ready")
    steps = _replacing(project, branch, target, order.name, [])
    return answer({"operations": call.schedule(project, steps, undo=undo)})


def _new_branch(snapshot: Snapshot, target: Branch, name: str | None) -> Branch:
    branch_id, at = identifiers.branch_id(), now()
    return Branch(
        branch_id,
        name or branch_id,
        at,
        at,
        history_from=at,
        state_changed_at=at,
        restore_status="restored",
        restored_from=snapshot.id,
        restored_as=target.id,
        roles=snapshot.roles | target.roles,
        databases=dict(target.databases),
    )


def _create_step(world: World, snapshot: Snapshot, branch: Branch) -> Step:
    async def work() -> None:
        assert snapshot.store is not None, "a snapshot is restored only once it is filled"
        branch.store = await world.stores.branch(snapshot.store, None)

    def done() -> None:
        branch.adopt(branch.data.catalogue)
        branch.enter("ready")

    return Step("create_branch", branch.id, work=work, done=done)


def _replacing(
    project: Project, branch: Branch, target: Branch, old_name: str | None, before: list[Step]
) -> list[Step]:
    """`before`, then the computes of both branches are suspended; the end of the last step is the replacement."""
    target.enter("resetting", "ready")
    computes = [*project.computes(target.id), *project.computes(branch.id)]
    suspends = [suspend_step(project, e) for e in computes if e.current_state == "active"]
    *rest, last = [*before, *suspends] or [Step("apply_config", branch.id)]

    async def remove_own_computes() -> None:
        if project.computes(target.id):
            for endpoint in project.computes(branch.id):
                await remove_endpoint(project, endpoint)

    def done() -> None:
        if last.done:
            last.done()
        _replace(project, branch, target, old_name)

    return [*rest, replace(last, work=in_turn(last.work, remove_own_computes), done=done)]


def _replace(project: Project, branch: Branch, target: Branch, old_name: str | None) -> None:
    for endpoint in project.computes(target.id):
        endpoint.branch_id, endpoint.updated_at = branch.id, now()
    branch.name, target.name = target.name, old_name or _old_name(project, target.name)
    branch.default, target.default = branch.default or target.default, False
    branch.protected, target.protected = branch.protected or target.protected, False
    if target.schedule:
        branch.schedule, branch.schedule_kept_until = target.schedule, target.schedule_kept_until
        target.schedule = ()
    branch.restore_status, target.kept_from = "finalized", "snapshot"
    branch.enter("ready")
    target.enter("ready")


def _old_name(project: Project, name: str) -> str:
    taken = {branch.name for branch in project.branches.values()}
    numbered = (f"{name} (old {number})" for number in itertools.count(2))
    return next(old for old in itertools.chain([f"{name} (old)"], numbered) if old not in taken)


ROUTES: tuple[Route, ...] = (
    ("POST", "/projects/{project_id}/snapshots/{snapshot_id}/restore", restore_snapshot),
    ("POST", "/projects/{project_id}/branches/{branch_id}/finalize_restore", finalize_restore),
)
