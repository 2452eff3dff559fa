"""Instant restore: a branch goes back in its own history, or takes over another's, and keeps its id (neon.md §5.5).

The restored data is a new store. What the branch held before becomes the data of a new branch under
`preserve_under_name`, with the target's parent and children and with all of its history; the target becomes a child of
the branch that holds the history it was restored from. A root target becomes a root again some time later.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from aiohttp import web

from bot.sandbox.neon import checks, identifiers
from bot.sandbox.neon.api.branches import inherit_roles
from bot.sandbox.neon.calls import Body, Call, Route, answer
from bot.sandbox.neon.computes import start_step, suspend_step
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.operations import Step
from bot.sandbox.neon.refusals import bad_request, unprocessable
from bot.sandbox.neon.rows import RESTORED_FROM_SNAPSHOT, Branch, Project, Role
from bot.sandbox.neon.shapes import branch_json
from bot.sandbox.neon.store import Store
from bot.sandbox.neon.wal import Lsn, Point
from bot.sandbox.neon.world import World


class BranchRestore(Body):
    """`BranchRestoreRequest`."""

    source_branch_id: str
    source_lsn: str | None = None
    source_timestamp: str | None = None
    preserve_under_name: str | None = None


async def restore_branch(call: Call) -> web.Response:
    """200 is a receipt; the branch is `resetting` until its operations have ended."""
    project, target = call.project, call.branch
    order = await call.body(BranchRestore)
    source = checks.branch_of(project, order.source_branch_id)
    point = checks.read_point(order.source_timestamp, order.source_lsn)
    if source is target and point is None:
        raise bad_request("target_lsn or target_timestamp required when branch is reset to itself")
    await checks.reach(project, source, point)
    if source.store is not None:
        source.adopt(await source.store.refresh_catalogue())
    checks.ready(target, source)
    _allowed(project, target, source, order.preserve_under_name)
    if order.preserve_under_name:
        checks.name_is_free(project, order.preserve_under_name)
        checks.room_for_branch(project, root=target.is_root)
    checks.quiet(project)

    restore = Restore(call.world, project, target, source.data, point, _Before.of(target))
    restore.rearrange(source, order.preserve_under_name or None)
    operations = call.schedule(project, restore.steps(), undo=restore.undo)
    return answer({"branch": branch_json(project, target), "operations": operations})


def _allowed(project: Project, target: Branch, source: Branch, preserve: str | None) -> None:
    if target.restored_from or source.restored_from:
        raise unprocessable(RESTORED_FROM_SNAPSHOT)
    if target.protected:
        raise unprocessable("cannot restore a protected branch")
    if source.expires_at and source is not target:
        raise unprocessable("cannot restore from a branch that expires")
    if not preserve and project.children(target.id):
        raise unprocessable("Branch has children, preserve_under_name is required")
    if not preserve and source is target:
        raise unprocessable("preserve_under_name is required when branch is reset to itself")


@dataclass(frozen=True, slots=True)
class _Before:
    """What a restore changes on its target, to be put back if it fails."""

    parent_id: str | None
    parent_lsn: Lsn | None
    parent_timestamp: datetime | None
    last_reset_at: datetime | None
    history_from: datetime
    detaches: bool
    detach_at: datetime | None
    roles: dict[str, Role]

    @classmethod
    def of(cls, branch: Branch) -> "_Before":
        return cls(**{name: getattr(branch, name) for name in cls.__slots__})

    def put_back(self, branch: Branch) -> None:
        for name in self.__slots__:
            setattr(branch, name, getattr(self, name))


@dataclass(slots=True)
class Restore:
    """One restore on its way."""

    world: World
    project: Project
    target: Branch
    history: Store
    point: Point
    before: _Before
    kept: Branch | None = None
    fresh: Store | None = None
    swapped: bool = False

    def rearrange(self, source: Branch, preserve: str | None) -> None:
        """Change the tree of branches, which shows at once."""
        target, at = self.target, now()
        was_root = target.is_root
        if preserve:
            self.kept = self._keep(preserve, at, "self" if source is target else "other")
        else:
            target.roles = inherit_roles(source, at=at) | target.roles
        parent = self.kept if source is target else source
        assert parent is not None, "a branch restored to itself is always kept"
        target.parent_id, target.parent_lsn = parent.id, None
        target.parent_timestamp = self.point if isinstance(self.point, datetime) else None
        target.last_reset_at = target.history_from = at
        target.detaches, target.detach_at = was_root, None
        target.enter("resetting", "ready")

    def steps(self) -> list[Step]:
        """Make the new data, stop the computes, put the data in place, start the computes."""
        active = [e for e in self.project.computes(self.target.id) if e.current_state == "active"]
        create = Step("create_branch", self.target.id, work=self._create)
        suspends = [suspend_step(self.project, endpoint) for endpoint in active]
        starts = [start_step(self.project, endpoint) for endpoint in active]
        *rest, stopped = [create, *suspends]
        steps = [*rest, replace(stopped, work=in_turn(stopped.work, self._swap)), *starts]
        return [*steps[:-1], replace(steps[-1], done=_in_turn_now(steps[-1].done, self._finish))]

    async def undo(self) -> None:
        """Before the data was put in place nothing has happened; after that it stays."""
        target, kept = self.target, self.kept
        if self.swapped:
            self._finish()
            return
        self.before.put_back(target)
        target.enter("ready")
        if kept is not None:
            for child in self.project.children(kept.id):
                child.parent_id = target.id
            del self.project.branches[kept.id]
        if self.fresh is not None:
            await self.world.stores.remove(self.fresh)

    def _keep(self, name: str, at: datetime, kept_from: Literal["self", "other"]) -> Branch:
        """A new branch in the target's place in the tree."""
        target, before = self.target, self.before
        kept = Branch(
            identifiers.branch_id(),
            name,
            at,
            at,
            history_from=before.history_from,
            state_changed_at=at,
            parent_id=before.parent_id,
            parent_lsn=before.parent_lsn,
            parent_timestamp=before.parent_timestamp,
            last_reset_at=before.last_reset_at,
            init_source=target.init_source,
            detaches=before.detaches,
            detach_at=before.detach_at,
            kept_from=kept_from,
            roles=dict(before.roles),
            databases=dict(target.databases),
        )
        for child in self.project.children(target.id):
            child.parent_id = kept.id
        self.project.branches[kept.id] = kept
        return kept

    async def _create(self) -> None:
        running = any(e.current_state == "active" for e in self.project.computes(self.target.id))
        self.fresh = await self.world.stores.branch(self.history, self.point, running=running)

    async def _swap(self) -> None:
        assert self.fresh is not None
        old, self.target.store, self.swapped = self.target.store, self.fresh, True
        if self.kept is not None:
            self.kept.store = old
        elif old is not None:
            await self.world.stores.remove(old)

    def _finish(self) -> None:
        target, settings = self.target, self.project.settings
        target.parent_lsn = target.data.begins
        target.adopt(target.data.catalogue)
        target.enter("ready")
        if self.kept is not None:
            self.kept.enter("ready")
        if target.detaches and settings.detach_seconds is not None:
            target.detach_at = now() + timedelta(seconds=settings.detach_seconds)


def detach_step(branch: Branch) -> Step:
    """What becomes of a restored root some time later: a root without a parent."""

    def done() -> None:
        branch.parent_id = branch.parent_lsn = branch.parent_timestamp = None
        branch.detaches, branch.detach_at, branch.updated_at = False, None, now()

    return Step("detach_parent_branch", branch.id, done=done)


def in_turn(
    first: Callable[[], Awaitable[None]] | None, second: Callable[[], Awaitable[None]]
) -> Callable[[], Awaitable[None]]:
    """Work of a step, if it has any, and then some more."""

    async def both() -> None:
        if first:
            await first()
        await second()

    return both


def _in_turn_now(first: Callable[[], None] | None, second: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        if first:
            first()
        second()

    return both


ROUTES: tuple[Route, ...] = (("POST", "/projects/{project_id}/branches/{branch_id}/restore", restore_branch),)
