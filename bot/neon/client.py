"""Changing Neon so that each change happens once, also when an answer is lost or the bot is restarted.

Neon has no idempotency keys, so every change looks for its effect first, waits until the project is quiet, is sent
once, and is looked for again when its answer was lost or Neon says it exists already. Names chosen by the caller
must therefore be deterministic: the same request, the same name. Whether a change ought to be made is not asked.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import httpx
from pydantic import SecretStr

from bot.errors import Fact, Kind, NeedsHuman, Refused, SafepointError, Unavailable
from bot.neon.http import PATIENCE, AnswerLost, Path, Patience
from bot.neon.models import (
    Branch,
    BranchChanged,
    Changed,
    Endpoint,
    EndpointChanged,
    Restored,
    Snapshot,
    SnapshotChanged,
    lsn_number,
)
from bot.neon.reader import BASE_URL, NeonReader
from bot.rules.clock import Clock, iso, system_clock
from bot.rules.ids import BranchId, OperationId, ProjectId

T = TypeVar("T")

_SNAPSHOT_REFUSALS = frozenset({405, 412, 422})


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """What was made. Where it was found instead of answered, `operations` is None and those `older` are not its own."""

    what: T
    operations: tuple[OperationId, ...] | None = None
    older: frozenset[OperationId] = frozenset()


class NeonClient(NeonReader):
    """One per API key. Errors as for NeonReader; changes also raise what their docstrings name."""

    def __init__(
        self,
        *,
        api_key: SecretStr,
        base_url: str = BASE_URL,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = system_clock,
        patience: Patience = PATIENCE,
    ) -> None:
        super().__init__(
            api_key=api_key, base_url=base_url, transport=transport, clock=clock, patience=patience
        )
        self._changing: defaultdict[ProjectId, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def create_branch(
        self,
        project: ProjectId,
        *,
        name: str,
        parent: BranchId,
        at: datetime | None,
        lsn: str | None = None,
        compute: bool,
        expires_at: datetime | None,
        annotation: Mapping[str, str],
    ) -> Branch:
        """The branch called `name`, made from `parent` at an instant, an LSN or (neither) its head, and at rest.

        Raises NeedsHuman(RESULT_DIFFERS) if a branch of that name holds something else, StepFailed if Neon's
        operations failed, NeedsHuman(STILL_RUNNING), Refused(OUTSIDE_WINDOW | LIMIT_REACHED | NEON_REFUSED). After
        Unavailable the same call may be made again.
        """
        details = {"name": name, "parent_id": parent} | _point("parent", at, lsn) | _expiry(expires_at)
        body: dict[str, object] = {"branch": details, "annotation_value": dict(annotation)}
        if compute:
            body["endpoints"] = [{"type": "read_write"}]

        async def send() -> Made[Branch]:
            path = Path(("projects", project, "branches"))
            answer = await self._http.change("POST", path, BranchChanged, body=body)
            return Made(answer.branch, answer.operation_ids)

        made = await self._make(project, lambda: self.branch_named(project, name), send)
        branch, operations = made.what, made.operations
        if operations is None:
            _compare(branch, parent, at, lsn)
            operations = await self._operations_of(project, [branch.id], branch.created_at, made.older)
        await self.settle(project, branch=branch.id, operations=operations)
        if compute and made.operations is None:
            await self.create_endpoint(project, branch.id)
        branch = await self.branch(project, branch.id)
        _compare(branch, parent, at, lsn)
        return branch

    async def delete_branch(self, project: ProjectId, branch: BranchId) -> None:
        """Gone when this returns, whoever did it. Raises Refused(NEON_REFUSED) if it has children or is protected."""
        async with self._changing[project]:
            if await self._is_gone(project, branch):
                return
            await self.until_quiet(project)
            operations = await self._delete(project, branch)
        await self.settle(project, operations=operations)

    async def restore(
        self,
        project: ProjectId,
        branch: BranchId,
        *,
        source: BranchId,
        at: datetime | None,
        lsn: str | None = None,
        preserve_as: str,
    ) -> Restored:
        """Put `branch` back to what `source` held at an instant, an LSN or (another branch only) its head.

        The state from before becomes a branch called `preserve_as`, and the children move to it. Returns when Neon
        has accepted: `settle` with the operations before touching the data. Raises NeedsHuman(ANSWER_LOST) when the
        answer was lost and no trace of the restore shows, NeedsHuman(RESULT_DIFFERS) when a branch is called
        `preserve_as` and yet `branch` was not restored since, Refused(OUTSIDE_WINDOW | LIMIT_REACHED | NEON_REFUSED).
        Refused and Unavailable mean that this call changed nothing; only an earlier one, of a process that died,
        may have.
        """
        body = {"source_branch_id": source, "preserve_under_name": preserve_as} | _point("source", at, lsn)
        async with self._changing[project]:
            preserved = await self.branch_named(project, preserve_as)
            before = await self.branch(project, branch)
            if preserved is not None:
                return await self._restored_before(before, preserved)
            older = await self.until_quiet(project)
            operations = await self._send_restore(project, branch, body)
            if operations is None:
                restored = await self._look_for(lambda: self._trace(before, preserve_as, older))
            else:
                preserved = await self._look_for(lambda: self.branch_named(project, preserve_as))
                restored = Restored(preserved.id, operations) if preserved else None
        if restored is None:
            kind = Kind.ANSWER_LOST if operations is None else Kind.RESULT_DIFFERS
            seen = await self._reset_since(before)
            raise NeedsHuman(kind, action="restore", branch=branch, preserve_as=preserve_as, reset_seen=seen)
        return restored

    async def restored(self, project: ProjectId, branch: BranchId, *, preserve_as: str) -> Restored | None:
        """What an earlier call of `restore` did; None if there is no trace of one. Raises NeedsHuman as it does."""
        preserved = await self.branch_named(project, preserve_as)
        if preserved is None:
            return None
        return await self._restored_before(await self.branch(project, branch), preserved)

    async def create_endpoint(self, project: ProjectId, branch: BranchId) -> Endpoint:
        """The read-write compute of a branch, made if there is none. Raises as `create_branch` does."""

        async def look() -> Endpoint | None:
            endpoints = await self.endpoints(project, branch)
            return next((endpoint for endpoint in endpoints if endpoint.type == "read_write"), None)

        async def send() -> Made[Endpoint]:
            body = {"endpoint": {"branch_id": branch, "type": "read_write"}}
            path = Path(("projects", project, "endpoints"))
            answer = await self._http.change("POST", path, EndpointChanged, body=body)
            return Made(answer.endpoint, answer.operation_ids)

        made = await self._make(project, look, send)
        await self.settle(project, branch=branch, operations=made.operations or ())
        return made.what

    async def create_snapshot(
        self, project: ProjectId, branch: BranchId, *, name: str, expires_at: datetime | None = None
    ) -> Snapshot:
        """A snapshot of the head of `branch`, finished. It never expires unless told to.

        Raises Refused(SNAPSHOT_REFUSED) where the plan, the branch or a limit does not allow it: a branch without a
        compute may do instead. StepFailed, NeedsHuman and Unavailable as for `create_branch`.
        """

        async def look() -> Snapshot | None:
            snapshots = await self.snapshots(project)
            same = (one for one in snapshots if one.name == name and one.source_branch_id in {branch, None})
            return next(same, None)

        async def send() -> Made[Snapshot]:
            path = Path(("projects", project, "branches", branch, "snapshot"))
            query = {"name": name} | _expiry(expires_at)  # Neon ignores a body here, and says nothing
            try:
                answer = await self._http.change("POST", path, SnapshotChanged, query=query)
            except (Refused, Unavailable) as error:
                raise _snapshot_refusal(error) from None
            return Made(answer.snapshot, answer.operation_ids)

        made = await self._make(project, look, send)
        operations = made.operations
        if operations is None:
            began = made.what.created_at
            operations = await self._operations_of(project, [branch, None], began, made.older)
        await self.settle(project, operations=operations)
        snapshot = await look()
        if snapshot is None:
            raise NeedsHuman(Kind.RESULT_DIFFERS, what="snapshot", name=name)
        return snapshot

    async def _make(
        self,
        project: ProjectId,
        look: Callable[[], Awaitable[T | None]],
        send: Callable[[], Awaitable[Made[T]]],
    ) -> Made[T]:
        """Look, send once, look again. Not found after a lost answer is Unavailable: names (and a branch's compute)
        are unique at Neon, so a change that is still on its way makes the next one a 409 and not a second one."""
        async with self._changing[project]:
            found = await look()
            if found is not None:
                return Made(found)
            older = await self.until_quiet(project)
            trouble: SafepointError
            try:
                return await send()
            except AnswerLost:
                trouble = Unavailable(Kind.NEON_DOWN, answer_lost=True)
            except Refused as error:
                if not _exists_already(error):
                    raise
                trouble = error
            found = await self._look_for(look)
        if found is None:
            raise trouble
        return Made(found, older=older)

    async def _send_restore(
        self, project: ProjectId, branch: BranchId, body: Mapping[str, str]
    ) -> tuple[OperationId, ...] | None:
        """The operations Neon named; None if it did not answer, or says that the name is taken (by this restore)."""
        # unknowns: preserve-name-unique
        path = Path(("projects", project, "branches", branch, "restore"))
        try:
            return (await self._http.change("POST", path, BranchChanged, body=body)).operation_ids
        except AnswerLost:
            return None
        except Refused as error:
            if _exists_already(error):
                return None
            raise

    async def _restored_before(
        self, after: Branch, preserved: Branch, older: frozenset[OperationId] = frozenset()
    ) -> Restored:
        """What an earlier call did, unless the safety copy's name belongs to something else."""
        if not _shows_restore(after, preserved):
            raise NeedsHuman(Kind.RESULT_DIFFERS, what="restore", branch=after.id, preserve_as=preserved.name)
        started = after.last_reset_at or preserved.created_at
        branches = [after.id, preserved.id]
        operations = await self._operations_of(after.project_id, branches, started, older)
        return Restored(preserved.id, operations)

    async def _trace(
        self, before: Branch, preserve_as: str, older: frozenset[OperationId]
    ) -> Restored | None:
        """What a restore with no answer has left behind so far."""
        preserved = await self.branch_named(before.project_id, preserve_as)
        if preserved is None:
            return None
        after = await self.branch(before.project_id, before.id)
        return (
            await self._restored_before(after, preserved, older) if _shows_restore(after, preserved) else None
        )

    async def _reset_since(self, before: Branch) -> bool | None:
        """Whether the branch was restored since; None if Neon cannot be asked, which the person is told."""
        try:
            after = await self.branch(before.project_id, before.id)
        except (Refused, Unavailable):
            return None
        return after.last_reset_at != before.last_reset_at

    async def _delete(self, project: ProjectId, branch: BranchId) -> tuple[OperationId, ...]:
        path = Path(("projects", project, "branches", branch))
        try:
            return (await self._http.change("DELETE", path, Changed)).operation_ids
        except AnswerLost:
            pass
        except Refused as error:
            if error.kind is Kind.NOT_FOUND:
                return ()
            raise
        if not await self._look_for(lambda: self._is_gone(project, branch)):
            raise Unavailable(Kind.NEON_DOWN, answer_lost=True)
        return ()

    async def _is_gone(self, project: ProjectId, branch: BranchId) -> bool | None:
        """True or None, never False, so that one may go on looking."""
        try:
            await self.branch(project, branch)
        except Refused as error:
            if error.kind is Kind.NOT_FOUND and error.facts.get("what") == "branch":
                return True
            raise
        return None


def _point(prefix: str, at: datetime | None, lsn: str | None) -> dict[str, str]:
    if at is not None and lsn is not None:
        raise ValueError("an instant or an LSN, not both")
    if at is not None:
        return {f"{prefix}_timestamp": iso(at)}
    return {f"{prefix}_lsn": lsn} if lsn is not None else {}


def _expiry(moment: datetime | None) -> dict[str, str]:
    return {"expires_at": iso(moment)} if moment is not None else {}


def _shows_restore(branch: Branch, preserved: Branch) -> bool:
    """Whether `branch` was restored when `preserved` was made, as far as one can see."""
    # unknowns: restore-traces
    reset_at = branch.last_reset_at
    was_reset = reset_at is not None and reset_at >= preserved.created_at - timedelta(minutes=1)
    return was_reset or branch.parent_id == preserved.id


def _compare(branch: Branch, parent: BranchId, at: datetime | None, lsn: str | None) -> None:
    """Raises NeedsHuman if the branch says that it holds another state than the one asked for."""
    # unknowns: parent-timestamp-echo
    asked: Fact
    found: Fact
    if branch.parent_id != parent:
        what, asked, found = "parent", parent, branch.parent_id
    elif at and branch.parent_timestamp and abs(branch.parent_timestamp - at) >= timedelta(seconds=1):
        what, asked, found = "instant", iso(at), iso(branch.parent_timestamp)
    elif lsn and branch.parent_lsn and abs(lsn_number(branch.parent_lsn) - lsn_number(lsn)) >= 8:
        what, asked, found = "lsn", lsn, branch.parent_lsn
    else:
        return
    raise NeedsHuman(
        Kind.RESULT_DIFFERS, what=what, name=branch.name, branch=branch.id, asked=asked, found=found
    )


def _exists_already(error: Refused) -> bool:
    return error.facts.get("status") == 409


def _snapshot_refusal(error: SafepointError) -> SafepointError:
    """The same refusal under the kind that tells the caller to make a branch instead, where that may help."""
    limited = error.kind in {Kind.NOT_FOUND, Kind.LIMIT_REACHED, Kind.QUOTA_USED_UP}
    if limited or error.facts.get("status") in _SNAPSHOT_REFUSALS:
        return Refused(Kind.SNAPSHOT_REFUSED, ref=error.ref, **error.facts)
    return error
