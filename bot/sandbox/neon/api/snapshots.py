"""Snapshots: made of a root branch, listed, renamed, deleted.

Creating takes everything from the query string and ignores a body, as Neon does: a name sent in a body is lost
(neon.md §1.4). There is no state field; only the operations of the call say when one is ready.
"""

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from aiohttp import web
from pydantic import Field

from bot.sandbox.neon import checks, identifiers
from bot.sandbox.neon.calls import Body, Call, Route, answer
from bot.sandbox.neon.instants import now, read_rfc3339
from bot.sandbox.neon.operations import Step
from bot.sandbox.neon.refusals import already_exists, bad_request, unprocessable
from bot.sandbox.neon.rows import Branch, Project, Snapshot
from bot.sandbox.neon.shapes import snapshot_json
from bot.sandbox.neon.wal import Lsn, Point
from bot.sandbox.neon.world import World


class _SnapshotFields(Body):
    name: str | None = Field(default=None, min_length=1, max_length=256)
    expires_at: str | None = None


class SnapshotUpdate(Body):
    """`SnapshotUpdateRequest`; `expires_at: null` takes an expiry away."""

    snapshot: _SnapshotFields


async def create_snapshot(call: Call) -> web.Response:
    """A copy of the branch at its head or at an instant inside the window."""
    project, branch = call.project, call.branch
    name, point = call.query("name"), checks.read_point(call.query("timestamp"), call.query("lsn"))
    expires_at = _expiry(call.query("expires_at"))
    await checks.reach(project, branch, point)
    checks.ready(branch)
    if not branch.is_root:
        raise unprocessable("snapshots can only be created of root branches")
    if name is not None and any(snapshot.name == name for snapshot in project.snapshots.values()):
        raise already_exists("snapshot")
    limit = project.settings.limits.manual_snapshots
    if sum(snapshot.manual for snapshot in project.snapshots.values()) >= limit:
        raise unprocessable(f"manual snapshots limit exceeded: {limit}", "SNAPSHOTS_LIMIT_EXCEEDED")
    checks.quiet(project)

    snapshot = take_snapshot(project, branch, name=name, point=point, expires_at=expires_at)
    shown = snapshot_json(snapshot)

    async def undo() -> None:
        del project.snapshots[snapshot.id]

    operations = call.schedule(project, [_copy_step(call.world, snapshot, branch, point)], undo=undo)
    return answer({"snapshot": shown, "operations": operations})


async def list_snapshots(call: Call) -> web.Response:
    """All of the project, in one piece."""
    return answer({"snapshots": [snapshot_json(s) for s in reversed(call.project.snapshots.values())]})


async def update_snapshot(call: Call) -> web.Response:
    """Name and expiry."""
    project = call.project
    snapshot = checks.snapshot_of(project, call.request.match_info["snapshot_id"])
    wanted = (await call.body(SnapshotUpdate)).snapshot
    expires_at = _expiry(wanted.expires_at)
    if any(s.name == wanted.name and s is not snapshot for s in project.snapshots.values()):
        raise already_exists("snapshot")
    snapshot.name = wanted.name or snapshot.name
    if "expires_at" in wanted.model_fields_set:
        snapshot.expires_at = expires_at
    return answer({"snapshot": snapshot_json(snapshot)})


async def delete_snapshot(call: Call) -> web.Response:
    """For good."""
    project = call.project
    snapshot = checks.snapshot_of(project, call.request.match_info["snapshot_id"])
    checks.quiet(project)
    operations = call.schedule(project, [delete_snapshot_step(call.world, project, snapshot)])
    return answer({"operations": operations}, 202)


def take_snapshot(
    project: Project,
    branch: Branch,
    *,
    name: str | None,
    point: Point,
    expires_at: datetime | None,
    manual: bool = True,
) -> Snapshot:
    """A snapshot that is yet to be filled."""
    snapshot_id, at = identifiers.snapshot_id(), now()
    snapshot = Snapshot(snapshot_id, name or snapshot_id, branch.id, at, manual, expires_at=expires_at)
    snapshot.timestamp = at if point is None else point if isinstance(point, datetime) else None
    snapshot.lsn = point if isinstance(point, Lsn) else None
    snapshot.roles = dict(branch.roles)
    project.snapshots[snapshot.id] = snapshot
    return snapshot


def scheduled_steps(world: World, project: Project, branch: Branch) -> list[Step]:
    """The snapshots a branch's schedule calls for by now; of those missed, only the last of each entry."""
    at, kept_until = project.clock, branch.schedule_kept_until
    branch.schedule_kept_until = max(at, kept_until)
    return [
        _scheduled_step(world, project, branch, backup.expiry(at))
        for backup in branch.schedule
        if backup.last_due(at) > kept_until
    ]


def forget_unfilled(project: Project) -> None:
    """Undo the taking of snapshots that have not got their data."""
    for snapshot in [snapshot for snapshot in project.snapshots.values() if snapshot.store is None]:
        del project.snapshots[snapshot.id]


def delete_snapshot_step(world: World, project: Project, snapshot: Snapshot) -> Step:
    """Out of sight now, its data away with the operation."""
    del project.snapshots[snapshot.id]

    async def work() -> None:
        if snapshot.store is not None:
            await world.stores.remove(snapshot.store)

    return Step("delete_timeline", work=work)


def _scheduled_step(world: World, project: Project, branch: Branch, expires_at: datetime) -> Step:
    before = [s for s in project.snapshots.values() if s.source_branch_id == branch.id and not s.manual]
    snapshot = take_snapshot(project, branch, name=None, point=None, expires_at=expires_at, manual=False)
    step = _copy_step(world, snapshot, branch, None)

    async def work() -> None:
        assert step.work is not None
        await step.work()
        if before and before[-1].lsn and snapshot.lsn:
            snapshot.diff_size = snapshot.lsn.value - before[-1].lsn.value

    return replace(step, work=work)


def _copy_step(world: World, snapshot: Snapshot, branch: Branch, point: Point) -> Step:
    source = branch.data

    async def work() -> None:
        snapshot.store = store = await world.stores.branch(source, point)
        snapshot.lsn, snapshot.size = store.begins, await asyncio.to_thread(_size, store.at_rest)

    return Step("create_branch", branch.id, work=work)


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def _expiry(text: str | None) -> datetime | None:
    """400 unless it is in the future. Manual snapshots may be kept for any time."""
    try:
        expires_at = read_rfc3339(text) if text else None
    except ValueError as error:
        raise bad_request(str(error)) from error
    if expires_at is not None and expires_at <= now():
        raise bad_request("expires_at must be in the future")
    return expires_at


_SNAPSHOTS = "/projects/{project_id}/snapshots"
ROUTES: tuple[Route, ...] = (
    ("POST", "/projects/{project_id}/branches/{branch_id}/snapshot", create_snapshot),
    ("GET", _SNAPSHOTS, list_snapshots),
    ("PATCH", _SNAPSHOTS + "/{snapshot_id}", update_snapshot),
    ("DELETE", _SNAPSHOTS + "/{snapshot_id}", delete_snapshot),
)
