"""Everything that only looks at Neon, and waiting until what was started there has come to rest.

A POST answered by Neon is a receipt: until its operations have finished, a connection fails or reaches the old
data. `settle` is what turns a receipt into a result.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self, TypeVar

import httpx
from pydantic import SecretStr

from bot.errors import Kind, NeedsHuman, Refused, StepFailed, Unavailable
from bot.neon.http import PATIENCE, NeonHttp, Path, Patience
from bot.neon.models import (
    Account,
    Branch,
    BranchAnswer,
    BranchPage,
    ConnectionUri,
    Database,
    DatabasesAnswer,
    Endpoint,
    EndpointsAnswer,
    Operation,
    OperationAnswer,
    OperationsAnswer,
    Project,
    ProjectAnswer,
    Role,
    RolesAnswer,
    Snapshot,
    SnapshotsAnswer,
)
from bot.rules.clock import Clock, system_clock
from bot.rules.ids import BranchId, OperationId, ProjectId

T = TypeVar("T")

BASE_URL = "https://console.neon.tech/api/v2"

_BRANCHES_PER_PAGE = 100
_OPERATIONS_PER_PAGE = 100
_SIGHTINGS_OF_FAILED = 3


class Polling:
    """`while await polling.again():` runs at once, then after growing pauses, and a last time at the end."""

    def __init__(self, patience: Patience, seconds: float) -> None:
        self._steady = asyncio.get_running_loop().time
        self._ends = self._steady() + seconds
        self._pause = patience.first_pause
        self._longest = patience.longest_poll
        self._begun = False

    async def again(self) -> bool:
        if not self._begun:
            self._begun = True
            return True
        left = self._ends - self._steady()
        if left <= 0:
            return False
        await asyncio.sleep(min(self._pause, left))
        self._pause = min(self._pause * 1.5, self._longest)
        return True


class NeonReader:
    """Reads of one API key. Every method raises Refused (wrong key, not found) or Unavailable, and says what else.

    `last_date_skew` is the host's clock minus Neon's at the last answer, known to about half a second and the time
    the answer took; None before the first one.
    """

    def __init__(
        self,
        *,
        api_key: SecretStr,
        base_url: str = BASE_URL,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = system_clock,
        patience: Patience = PATIENCE,
    ) -> None:
        self._patience = patience
        self._http = NeonHttp(
            api_key=api_key, base_url=base_url, transport=transport, clock=clock, patience=patience
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def last_date_skew(self) -> timedelta | None:
        return self._http.last_date_skew

    async def whoami(self) -> Account:
        """The right health check: `GET /auth` answers for every kind of key, `/users/me` does not."""
        return await self._http.get(Path(("auth",)), Account)

    async def project(self, project: ProjectId) -> Project:
        return (await self._http.get(Path(("projects", project)), ProjectAnswer)).project

    async def branches(self, project: ProjectId) -> tuple[Branch, ...]:
        """All pages, oldest branch first."""
        return await self._branches(project, {})

    async def branch(self, project: ProjectId, branch: BranchId) -> Branch:
        answer = await self._http.get(Path(("projects", project, "branches", branch)), BranchAnswer)
        return answer.branch.noted(answer.annotation.value) if answer.annotation else answer.branch

    async def branch_named(self, project: ProjectId, name: str) -> Branch | None:
        """The branch of exactly this name; Neon's search takes parts of names and of ids."""
        # unknowns: search-contains
        found = await self._branches(project, {"search": name})
        return next((branch for branch in found if branch.name == name), None)

    async def children(self, project: ProjectId, branch: BranchId) -> tuple[Branch, ...]:
        return tuple(child for child in await self.branches(project) if child.parent_id == branch)

    async def databases(self, project: ProjectId, branch: BranchId) -> tuple[Database, ...]:
        path = Path(("projects", project, "branches", branch, "databases"))
        return (await self._http.get(path, DatabasesAnswer)).databases

    async def roles(self, project: ProjectId, branch: BranchId) -> tuple[Role, ...]:
        path = Path(("projects", project, "branches", branch, "roles"))
        return (await self._http.get(path, RolesAnswer)).roles

    async def endpoints(self, project: ProjectId, branch: BranchId) -> tuple[Endpoint, ...]:
        path = Path(("projects", project, "branches", branch, "endpoints"))
        return (await self._http.get(path, EndpointsAnswer)).endpoints

    async def snapshots(self, project: ProjectId) -> tuple[Snapshot, ...]:
        """All of the project, also those still being made: Neon shows no state on a snapshot."""
        return (await self._http.get(Path(("projects", project, "snapshots")), SnapshotsAnswer)).snapshots

    async def operations(self, project: ProjectId) -> tuple[Operation, ...]:
        """The newest hundred, newest first."""
        path = Path(("projects", project, "operations"))
        return (await self._http.get(path, OperationsAnswer, {"limit": _OPERATIONS_PER_PAGE})).operations

    async def connection_uri(
        self, project: ProjectId, branch: BranchId, *, database: str, role: str
    ) -> SecretStr:
        """Unpooled: what pg_dump and checks need. To be asked anew for each branch, since roles of a branch made
        from a protected one have new passwords."""
        query = {"branch_id": branch, "database_name": database, "role_name": role}
        return (await self._http.get(Path(("projects", project, "connection_uri")), ConnectionUri, query)).uri

    async def settle(
        self,
        project: ProjectId,
        *,
        branch: BranchId | None = None,
        operations: Sequence[OperationId] = (),
    ) -> None:
        """Wait until nothing is under way in the project, `operations` have succeeded and `branch` is at rest.

        Raises StepFailed(OPERATION_FAILED) if one of `operations` failed, NeedsHuman(STILL_RUNNING) when patience
        ends, also if it was Neon that could not be asked. A `failed` operation is believed when seen three times,
        since Neon may try it again; `error` and `cancelled` at once.
        """
        # unknowns: failed-may-recover
        polling = Polling(self._patience, self._patience.settle)
        sightings = Counter[OperationId]()
        waiting_for: str | None = None
        while await polling.again():
            try:
                waiting_for = await self._waiting_for(project, branch, operations, sightings)
            except Unavailable as error:
                waiting_for = error.kind
            if waiting_for is None:
                return
        raise NeedsHuman(Kind.STILL_RUNNING, project=project, branch=branch, waiting_for=waiting_for)

    async def _waiting_for(
        self,
        project: ProjectId,
        branch: BranchId | None,
        operations: Sequence[OperationId],
        sightings: Counter[OperationId],
    ) -> str | None:
        listed = await self.operations(project)
        told = await self._told(project, listed, operations)
        _raise_if_failed(told, sightings)
        waiting_for = _under_way(listed) or _unfinished(told, operations)
        if waiting_for is None and branch is not None:
            return _unrest(await self.branch(project, branch))
        return waiting_for

    async def until_quiet(self, project: ProjectId) -> frozenset[OperationId]:
        """Wait until nothing is under way in the project, and return the operations it has had lately.

        Raises Unavailable(NEON_BUSY) when patience ends.
        """
        polling = Polling(self._patience, self._patience.busy)
        while await polling.again():
            listed = await self.operations(project)
            if _under_way(listed) is None:
                return frozenset(operation.id for operation in listed)
        raise Unavailable(Kind.NEON_BUSY)

    async def _branches(self, project: ProjectId, query: dict[str, str]) -> tuple[Branch, ...]:
        """Sorted by what never changes: by Neon's own order a branch touched meanwhile would slip between pages."""
        found: dict[BranchId, Branch] = {}
        ask: dict[str, str | int] = {
            "sort_by": "created_at",
            "sort_order": "asc",
            "limit": _BRANCHES_PER_PAGE,
        }
        ask |= query
        while True:
            page = await self._http.get(Path(("projects", project, "branches")), BranchPage, ask)
            for branch in page.branches:
                note = page.annotations.get(branch.id)
                found[branch.id] = branch.noted(note.value) if note else branch
            following = page.pagination.next
            if not page.branches or not following or following == ask.get("cursor"):
                return tuple(found.values())
            ask["cursor"] = following

    async def _told(
        self, project: ProjectId, listed: Sequence[Operation], wanted: Sequence[OperationId]
    ) -> tuple[Operation, ...]:
        """The wanted operations, asked for one by one where the newest page lacks them; not those Neon denies."""
        by_id = {operation.id: operation for operation in listed}
        for missing in set(wanted) - by_id.keys():
            path = Path(("projects", project, "operations", missing))
            try:
                by_id[missing] = (await self._http.get(path, OperationAnswer)).operation
            except Refused as error:
                if error.kind is not Kind.NOT_FOUND:
                    raise
        return tuple(by_id[operation] for operation in wanted if operation in by_id)

    async def _operations_of(
        self,
        project: ProjectId,
        branches: Sequence[BranchId | None],
        started: datetime,
        older: frozenset[OperationId],
    ) -> tuple[OperationId, ...]:
        """The operations a change began that was made at about `started` and whose answer nobody kept.

        Those seen before it was sent are `older`. Neon's own availability check is not one of them either: its
        failure says nothing about the change.
        """
        # unknowns: operations-by-time
        return tuple(
            operation.id
            for operation in await self.operations(project)
            if operation.branch_id in branches
            and operation.id not in older
            and operation.action != "check_availability"
            and timedelta(seconds=-2) <= operation.created_at - started <= timedelta(seconds=10)
        )

    async def _look_for(self, look: Callable[[], Awaitable[T | None]]) -> T | None:
        """What `look` sees within the patience for a lost answer.

        A Neon that cannot be asked, or no longer knows our key, shows nothing: the caller then says that the
        answer was lost, since "refused" would mean that nothing was changed.
        """
        polling = Polling(self._patience, self._patience.lost_answer)
        while await polling.again():
            with suppress(Refused, Unavailable):
                seen = await look()
                if seen is not None:
                    return seen
        return None


def _raise_if_failed(told: Sequence[Operation], sightings: Counter[OperationId]) -> None:
    """Names the one that failed rather than those that Neon cancelled for it."""
    for operation in told:
        sightings[operation.id] = sightings[operation.id] + 1 if operation.status == "failed" else 0
    if any(one.has_failed_for_good or sightings[one.id] >= _SIGHTINGS_OF_FAILED for one in told):
        unhappy = [one for one in told if one.has_failed_for_good or one.status == "failed"]
        first = min(unhappy, key=lambda one: one.status == "cancelled")
        raise StepFailed(Kind.OPERATION_FAILED, action=first.action, operation=first.id)


def _under_way(listed: Sequence[Operation]) -> str | None:
    return next((operation.action for operation in listed if operation.is_under_way), None)


def _unfinished(told: Sequence[Operation], wanted: Sequence[OperationId]) -> str | None:
    """An operation that Neon does not show yet, or whose status is none we know, has not succeeded."""
    if len(told) < len(wanted):
        return "unseen_operation"
    return next((operation.action for operation in told if not operation.has_succeeded), None)


def _unrest(branch: Branch) -> str | None:
    return None if branch.is_at_rest else f"branch_{branch.pending_state or branch.current_state}"
