"""Freshness: how old the newest backup of a target is, against its policy, and the life of the alert about it.

"Never" and "cannot tell" are not fresh. One target has at most one open alert; everything after the first message
is an edit of it. When a backup lands the alert is resolved; asking Neon and posting are done elsewhere.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.rules.clock import age_words
from bot.rules.ids import ChannelId, TargetName


class State(StrEnum):
    FRESH = "fresh"
    STALE = "stale"
    NEVER = "never"
    UNKNOWN = "unknown"  # Neon could not be asked


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest durable copy Neon shows: the moment it shows (UTC), its name, and snapshot or branch."""

    taken_at: datetime
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """`since` is when the present state began; `trouble` why it cannot be told."""

    target: TargetName
    state: State
    since: datetime
    checked_at: datetime
    max_age: timedelta
    newest: Newest | None = None
    trouble: str = ""

    def age(self, now: datetime) -> timedelta | None:
        return now - self.newest.taken_at if self.newest else None


def judge(newest: Newest | None, max_age: timedelta, now: datetime) -> State:
    if newest is None:
        return State.NEVER
    return State.FRESH if now - newest.taken_at <= max_age else State.STALE


def observed(
    before: Freshness | None,
    *,
    target: TargetName,
    max_age: timedelta,
    now: datetime,
    newest: Newest | None = None,
    trouble: str = "",
) -> Freshness:
    """What is known after one look. With `trouble` the last known backup is kept: it did not vanish, we went blind."""
    state = State.UNKNOWN if trouble else judge(newest, max_age, now)
    since = before.since if before is not None and before.state is state else now
    known = newest if newest is not None or not trouble or before is None else before.newest
    return Freshness(target, state, since, now, max_age, known, trouble)


@dataclass(frozen=True, slots=True)
class Alert:
    """One message in the target's channel, from the breach to its resolution."""

    id: str
    target: TargetName
    channel: ChannelId
    opened_at: datetime
    freshness: Freshness
    resolved_at: datetime | None = None
    revision: int = 0

    @property
    def open_for(self) -> str:
        return age_words((self.resolved_at or self.freshness.checked_at) - self.opened_at)


def needs_alert(freshness: Freshness, blind_grace: timedelta) -> bool:
    """Not fresh is an alert at once; not knowing is one when it lasts."""
    if freshness.state is State.UNKNOWN:
        return freshness.checked_at - freshness.since >= blind_grace
    return freshness.state is not State.FRESH


def updated(alert: Alert, freshness: Freshness) -> Alert:
    """The alert after one more look: resolved when fresh again, edited when what it says has changed, else the same."""
    if alert.resolved_at is not None:
        return alert
    if freshness.state is State.FRESH:
        return replace(alert, freshness=freshness, resolved_at=freshness.checked_at)
    if (freshness.state, freshness.newest) != (alert.freshness.state, alert.freshness.newest):
        return replace(alert, freshness=freshness)
    return alert
