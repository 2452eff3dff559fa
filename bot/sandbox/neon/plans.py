"""What a plan allows (neon.md §5.8, §7.4), and the settings a project of the sandbox runs with."""

from dataclasses import dataclass
from typing import Literal

PlanName = Literal["free", "launch", "scale", "unlimited"]

_HOUR, _DAY = 3600, 86400
_NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """Counts are the most allowed; times are in seconds."""

    subscription: str
    branches: int
    root_branches: int
    protected_branches: int
    manual_snapshots: int
    history_default_seconds: int
    history_max_seconds: int
    scheduled_snapshots: bool = True


PLANS: dict[PlanName, Plan] = {
    "free": Plan("free_v3", 10, 3, 0, 1, 6 * _HOUR, 6 * _HOUR, scheduled_snapshots=False),
    "launch": Plan("launch_v3", 5000, 5, 2, 100, _DAY, 7 * _DAY),
    "scale": Plan("scale_v3", 5000, 25, 5, 100, _DAY, 30 * _DAY),
    "unlimited": Plan("scale_v3", _NO_LIMIT, _NO_LIMIT, _NO_LIMIT, _NO_LIMIT, _DAY, 30 * _DAY),
}


@dataclass(slots=True)
class Settings:
    """How one project behaves. Changed by `POST /sandbox/settings`, never by Neon's own API.

    `operation_seconds` is the least an operation takes; real work counts towards it. `detach_seconds` is how long after
    an in-place restore of a root branch it becomes a root again (`detach_parent_branch`), None for never.
    `ahead_seconds` is how much later it is for expiries and backup schedules than it really is, so that nobody has to
    wait for them. `rate_limits` says whether calls are counted against `rates.py`.
    """

    plan: PlanName = "launch"
    operation_seconds: float = 0.3
    detach_seconds: float | None = 1.0
    ahead_seconds: float = 0.0
    rate_limits: bool = False

    @property
    def limits(self) -> Plan:
        """What the plan allows."""
        return PLANS[self.plan]
