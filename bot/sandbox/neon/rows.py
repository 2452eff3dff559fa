"""What the control plane remembers: projects with their branches, computes, operations and snapshots.

Rows are changed in place, by request handlers before their first await and by operations as they end, so no two
changes interleave. How they look in JSON is `shapes.py`'s; their data is in `store.py`.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from bot.sandbox.neon import identifiers
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.plans import Settings
from bot.sandbox.neon.proxy import Proxy, Verifier, verifier_of
from bot.sandbox.neon.schedules import Backup
from bot.sandbox.neon.store import Catalogue, Store
from bot.sandbox.neon.wal import Lsn

UNFINISHED = frozenset({"scheduling", "running", "cancelling"})
RESTORED_FROM_SNAPSHOT = "restore from snapshot on target branch is still ongoing"


@dataclass(slots=True)
class Role:
    """`password` is None for a role made in SQL, whose password only the database knows."""

    name: str
    password: str | None = field(repr=False)
    created_at: datetime
    updated_at: datetime
    verifier: Verifier | None = field(default=None, repr=False)

    @classmethod
    def with_password(cls, name: str, *, created_at: datetime) -> "Role":
        """A role with a new password."""
        password = identifiers.password()
        return cls(name, password, created_at, created_at, verifier_of(password))


@dataclass(slots=True)
class Database:
    """A database of a branch."""

    id: int
    name: str
    owner: str
    created_at: datetime


@dataclass(slots=True)
class Recovery:
    """Why and when a branch was deleted."""

    deleted_at: datetime
    method: Literal["user", "ttl"]


@dataclass(slots=True)
class Branch:
    """A branch. `history_from` is the earliest instant of its own history: where it was made or last restored.

    `store` is None until the operation that makes its data has ended. `kept_from` says whose earlier state it keeps
    after a restore: the same branch's at another time ("self"), one overwritten from elsewhere ("other"), or its
    own since a branch made from a snapshot has replaced it ("snapshot"). `restored_from` names the snapshot such a
    branch was made from, `restored_as` the branch it replaces. What `schedule` called for until `schedule_kept_until`
    has been taken.
    """

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    history_from: datetime
    state_changed_at: datetime
    current_state: str = "init"
    pending_state: str | None = "ready"
    parent_id: str | None = None
    parent_lsn: Lsn | None = None
    parent_timestamp: datetime | None = None
    default: bool = False
    protected: bool = False
    init_source: str = "parent-data"
    creation_source: str = "console"
    annotation: dict[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None
    ttl_interval_seconds: int | None = None
    last_reset_at: datetime | None = None
    detach_at: datetime | None = None
    detaches: bool = False
    kept_from: Literal["self", "other", "snapshot"] | None = None
    restore_status: Literal["restored", "finalized"] | None = None
    restored_from: str | None = None
    restored_as: str | None = None
    schedule: tuple[Backup, ...] = ()
    schedule_kept_until: datetime = field(default_factory=now)
    recovery: Recovery | None = None
    store: Store | None = None
    roles: dict[str, Role] = field(default_factory=dict)
    databases: dict[str, Database] = field(default_factory=dict)

    @property
    def is_root(self) -> bool:
        """Whether it has no parent, or is about to lose it after a restore."""
        return self.parent_id is None or self.detaches

    @property
    def is_spare(self) -> bool:
        """Whether it may be deleted although a root: an earlier state, or made from a snapshot or a schema."""
        made_so = self.restored_from is not None or self.init_source == "schema-only"
        return made_so or self.kept_from in {"self", "snapshot"}

    @property
    def data(self) -> Store:
        """The store of a branch that has one."""
        if self.store is None:
            raise LookupError(f"branch {self.id} has no data yet")
        return self.store

    def enter(self, state: str, pending: str | None = None) -> None:
        """Change state."""
        self.current_state, self.pending_state = state, pending
        self.state_changed_at = self.updated_at = now()

    def adopt(self, catalogue: Catalogue) -> None:
        """Take over what the data says about databases and roles, keeping the passwords that are known."""
        at = now()
        self.roles = {
            name: self.roles.get(name) or Role(name, None, at, at) for name in sorted(catalogue.roles)
        }
        self.databases = {
            name: self.databases.get(name) or Database(identifiers.database_id(), name, owner, at)
            for name, owner in catalogue.databases.items()
        }


@dataclass(slots=True)
class Endpoint:
    """A compute and the port it is reached at."""

    id: str
    branch_id: str
    type: str
    proxy: Proxy
    created_at: datetime
    updated_at: datetime
    current_state: str = "init"
    pending_state: str | None = "active"
    suspend_timeout_seconds: int = 0
    min_cu: float = 0.25
    max_cu: float = 0.25
    name: str | None = None
    started_at: datetime | None = None
    suspended_at: datetime | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def host(self) -> str:
        """Where it is reached. On Neon a host name; here the address and port of its proxy."""
        return f"127.0.0.1:{self.proxy.port}"

    def enter(self, state: str, pending: str | None = None) -> None:
        """Change state."""
        at = now()
        if state == "active" != self.current_state:
            self.started_at = self.proxy.last_active = at
        if state == "idle" and self.current_state == "active":
            self.suspended_at = at
        self.current_state, self.pending_state, self.updated_at = state, pending, at


@dataclass(slots=True)
class Operation:
    """One step of work the control plane has taken on."""

    id: str
    action: str
    created_at: datetime
    updated_at: datetime
    branch_id: str | None = None
    endpoint_id: str | None = None
    status: str = "scheduling"
    error: str | None = None
    failures_count: int = 0
    total_duration_ms: int = 0

    def enter(self, status: str) -> None:
        """Change status."""
        self.status, self.updated_at = status, now()
        self.total_duration_ms = int((self.updated_at - self.created_at) / timedelta(milliseconds=1))


@dataclass(slots=True)
class Snapshot:
    """A copy of a root branch as it was at `timestamp`; its store is a base that no compute ever runs on."""

    id: str
    name: str
    source_branch_id: str
    created_at: datetime
    manual: bool = True
    timestamp: datetime | None = None
    lsn: Lsn | None = None
    expires_at: datetime | None = None
    size: int | None = None
    diff_size: int | None = None
    store: Store | None = None
    roles: dict[str, Role] = field(default_factory=dict)


@dataclass(slots=True)
class Project:
    """A project and all that is in it."""

    id: str
    name: str
    settings: Settings
    history_seconds: int
    created_at: datetime
    updated_at: datetime
    branches: dict[str, Branch] = field(default_factory=dict)
    deleted: dict[str, Branch] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def clock(self) -> datetime:
        """What time it is for expiries and backup schedules."""
        return now() + timedelta(seconds=self.settings.ahead_seconds)

    @property
    def default_branch(self) -> Branch:
        """There is always exactly one."""
        return next(branch for branch in self.branches.values() if branch.default)

    @property
    def busy(self) -> bool:
        """Whether an operation is under way, which holds off every other change."""
        return any(operation.status in UNFINISHED for operation in self.operations)

    def children(self, branch_id: str) -> list[Branch]:
        """The branches made from this one, oldest first."""
        return [branch for branch in self.branches.values() if branch.parent_id == branch_id]

    def computes(self, branch_id: str) -> list[Endpoint]:
        """The endpoints of a branch, oldest first."""
        return [endpoint for endpoint in self.endpoints.values() if endpoint.branch_id == branch_id]

    def record(self, operation: Operation) -> None:
        """Add an operation, at an instant no other has: lists are paged by it."""
        if self.operations and operation.created_at <= self.operations[-1].created_at:
            operation.created_at = self.operations[-1].created_at + timedelta(microseconds=1)
        self.operations.append(operation)
