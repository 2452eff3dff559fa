"""The questions a change must pass, in the order of neon.md §14; each raises the refusal Neon gives.

Callers ask them without an await between the last check and the change itself.
"""

from datetime import datetime, timedelta

from bot.sandbox.neon.instants import now, read_rfc3339
from bot.sandbox.neon.refusals import (
    already_exists,
    bad_request,
    before_window,
    busy,
    not_found,
    unprocessable,
)
from bot.sandbox.neon.rows import Branch, Endpoint, Project, Snapshot
from bot.sandbox.neon.wal import Lsn, Point

_LONGEST_LIFE = timedelta(days=30)


def branch_of(project: Project, branch_id: str) -> Branch:
    """404 unless it is there."""
    branch = project.branches.get(branch_id)
    if branch is None:
        raise not_found("branch")
    return branch


def endpoint_of(project: Project, endpoint_id: str) -> Endpoint:
    """404 unless it is there."""
    endpoint = project.endpoints.get(endpoint_id)
    if endpoint is None:
        raise not_found("endpoint")
    return endpoint


def snapshot_of(project: Project, snapshot_id: str) -> Snapshot:
    """404 unless it is there."""
    snapshot = project.snapshots.get(snapshot_id)
    if snapshot is None:
        raise not_found("snapshot")
    return snapshot


def read_point(timestamp: str | None, lsn: str | None) -> Point:
    """400 for both at once, a malformed one, a time without a zone, and a time that is yet to come."""
    if timestamp and lsn:
        raise bad_request("timestamp and LSN are mutually exclusive")
    try:
        if lsn:
            return Lsn.read(lsn)
        if not timestamp:
            return None
        instant = read_rfc3339(timestamp)
    except ValueError as error:
        raise bad_request(str(error)) from error
    if instant > now():
        raise bad_request("timestamp is in the future")
    return instant


async def reach(project: Project, branch: Branch, point: Point) -> None:
    """400 unless `point` lies on the branch's own history and inside the window."""
    if isinstance(point, datetime):
        window = timedelta(seconds=project.history_seconds)
        if point < max(now() - window, branch.history_from):
            raise before_window(point, window)
    if (store := branch.store) and isinstance(point, Lsn):
        latest = await store.position()
        if not store.begins <= point <= latest:
            raise bad_request(f"LSN {point} is outside the history of branch {branch.id}")


def ready(*branches: Branch) -> None:
    """422 while a branch is being made or restored."""
    for branch in branches:
        if branch.current_state not in {"ready", "archived"} or branch.store is None:
            raise unprocessable("branch not ready yet")


def name_is_free(project: Project, name: str | None) -> None:
    """409 for the name of another branch."""
    if any(branch.name == name for branch in project.branches.values()):
        raise already_exists("branch")


def room_for_branch(project: Project, *, root: bool) -> None:
    """422 at the plan's number of branches, or of root branches when one more of those would come."""
    limits = project.settings.limits
    if len(project.branches) >= limits.branches:
        raise unprocessable(f"branches limit exceeded: {limits.branches}", "BRANCHES_LIMIT_EXCEEDED")
    roots = sum(branch.is_root for branch in project.branches.values())
    if root and roots >= limits.root_branches:
        raise unprocessable(
            f"root branches limit exceeded: {limits.root_branches}", "ROOT_BRANCHES_LIMIT_EXCEEDED"
        )


def room_for_protected(project: Project) -> None:
    """422 at the plan's number of protected branches."""
    limit = project.settings.limits.protected_branches
    if sum(branch.protected for branch in project.branches.values()) >= limit:
        raise unprocessable(
            f"protected branches limit exceeded: {limit}", "BRANCHES_PROTECTED_LIMIT_EXCEEDED"
        )


def quiet(project: Project) -> None:
    """423 while an operation is under way."""
    if project.busy:
        raise busy()


def read_expiry(text: str) -> datetime:
    """400 unless it is in the future and at most 30 days ahead. Seconds are all that is kept."""
    try:
        expires_at = read_rfc3339(text).replace(microsecond=0)
    except ValueError as error:
        raise bad_request(str(error)) from error
    if not now() < expires_at <= now() + _LONGEST_LIFE:
        raise bad_request("expires_at must be in the future and at most 30 days ahead")
    return expires_at
