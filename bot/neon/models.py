"""What Neon tells, checked at the border: frozen values, aware UTC times, sizes in bytes.

Fields nobody reads are dropped here, personal ones (`owner.email`, `owner.name`, `created_by`), passwords and host
names among them. Words that Neon may add to (states, actions, statuses, plans) stay open strings. Shapes follow
Neon's OpenAPI description; what it leaves optional is optional here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AliasPath,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
)

from bot.rules.clock import utc
from bot.rules.ids import BranchId, EndpointId, OperationId, ProjectId, SnapshotId

Moment = Annotated[AwareDatetime, AfterValidator(utc)]
MaybeMoment = Annotated[Moment | None, BeforeValidator(lambda told: told or None)]
"""Neon leaves out a time it does not know; an empty text is taken the same way."""

_UNDER_WAY = frozenset({"scheduling", "running", "cancelling"})
_SUCCEEDED = frozenset({"finished", "skipped"})
_FAILED_FOR_GOOD = frozenset({"error", "cancelled"})
_RESTING = frozenset({"ready", "archived"})
_LSN = re.compile(r"([0-9a-fA-F]{1,8})/([0-9a-fA-F]{1,8})")


class Told(BaseModel):
    """One answer of Neon's, or a part of one. Reads back what it dumped, too."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, validate_by_name=True, validate_by_alias=True
    )


class Account(Told):
    id: str = Field(validation_alias="account_id")
    auth_method: str
    """`api_key_org`, `api_key_user` or another word: whose key this is."""


class Project(Told):
    id: ProjectId
    name: str
    region_id: str
    pg_version: int
    created_at: Moment
    history_retention: timedelta = Field(validation_alias="history_retention_seconds")
    """How far back Neon promises to go; zero means point-in-time restore is off."""
    subscription_type: str | None = Field(None, validation_alias=AliasPath("owner", "subscription_type"))
    branches_limit: int | None = Field(None, validation_alias=AliasPath("owner", "branches_limit"))


class RestrictedAction(Told):
    name: str
    reason: str = ""


class Branch(Told):
    id: BranchId
    project_id: ProjectId
    name: str
    parent_id: BranchId | None = None
    parent_lsn: str | None = None
    parent_timestamp: MaybeMoment = None
    """Not final until the operations of a restore have finished, and perhaps empty even then."""
    current_state: str
    pending_state: str | None = None
    created_at: Moment
    updated_at: Moment
    default: bool
    protected: bool
    logical_size: int | None = None
    """Bytes; absent until Neon has computed it."""
    expires_at: MaybeMoment = None
    last_reset_at: MaybeMoment = None
    """When it was last restored or reset."""
    restored_from: SnapshotId | None = None
    """The snapshot it was made from; such a branch has no point-in-time restore."""
    restored_as: BranchId | None = None
    restore_status: str | None = None
    restricted_actions: tuple[RestrictedAction, ...] = ()
    annotation: Mapping[str, str] = Field(default_factory=dict)
    """What whoever made the branch noted on it."""

    @property
    def is_ready(self) -> bool:
        return self.current_state == "ready" and not self.pending_state

    @property
    def is_at_rest(self) -> bool:
        """Ready, or archived for being idle; nothing is being done to it."""
        return self.current_state in _RESTING and not self.pending_state

    def noted(self, annotation: Mapping[str, str]) -> Self:
        return self.model_copy(update={"annotation": dict(annotation)})


class Endpoint(Told):
    id: EndpointId
    branch_id: BranchId
    type: str
    """`read_write` (one per branch at most) or `read_only`."""
    current_state: str
    """`init`, `active` or `idle`."""


class Database(Told):
    name: str
    owner_name: str


class Role(Told):
    name: str
    protected: bool = False


class Snapshot(Told):
    id: SnapshotId
    name: str
    created_at: Moment
    source_branch_id: BranchId | None = None
    timestamp: MaybeMoment = None
    """The instant whose state it holds; `created_at` stands in where Neon does not say."""
    lsn: str | None = None
    expires_at: MaybeMoment = None
    manual: bool | None = None
    full_size: int | None = None
    diff_size: int | None = None


class Operation(Told):
    id: OperationId
    action: str
    status: str
    branch_id: BranchId | None = None
    created_at: Moment
    updated_at: Moment
    failures_count: int = 0

    @property
    def is_under_way(self) -> bool:
        return self.status in _UNDER_WAY

    @property
    def has_succeeded(self) -> bool:
        return self.status in _SUCCEEDED

    @property
    def has_failed_for_good(self) -> bool:
        return self.status in _FAILED_FOR_GOOD


class AnnotationValue(Told):
    value: Mapping[str, str] = Field(default_factory=dict)


class Pagination(Told):
    next: str | None = None


class BranchPage(Told):
    branches: tuple[Branch, ...]
    annotations: Mapping[str, AnnotationValue] = Field(default_factory=dict)
    pagination: Pagination = Pagination()


class BranchAnswer(Told):
    branch: Branch
    annotation: AnnotationValue | None = None


class Changed(Told):
    """The operations that an accepted change has started."""

    operations: tuple[Operation, ...] = ()

    @property
    def operation_ids(self) -> tuple[OperationId, ...]:
        return tuple(operation.id for operation in self.operations)


class BranchChanged(Changed):
    branch: Branch


class EndpointChanged(Changed):
    endpoint: Endpoint


class SnapshotChanged(Changed):
    snapshot: Snapshot


class ProjectAnswer(Told):
    project: Project


class OperationAnswer(Told):
    operation: Operation


class OperationsAnswer(Told):
    operations: tuple[Operation, ...]


class EndpointsAnswer(Told):
    endpoints: tuple[Endpoint, ...]


class DatabasesAnswer(Told):
    databases: tuple[Database, ...]


class RolesAnswer(Told):
    roles: tuple[Role, ...]


class SnapshotsAnswer(Told):
    snapshots: tuple[Snapshot, ...]


class ConnectionUri(Told):
    uri: SecretStr


@dataclass(frozen=True, slots=True)
class Restored:
    """An accepted restore: the branch that keeps the state from before it, and what to wait for."""

    preserved: BranchId
    operations: tuple[OperationId, ...]


def lsn_number(text: str) -> int:
    """`0/1DE2850` as a position in bytes. Raises ValueError for anything else."""
    match = _LSN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an LSN")
    return int(match[1], 16) << 32 | int(match[2], 16)
