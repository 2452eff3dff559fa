"""Restore points: where to go back to, and whether Neon still reaches that far.

Decides whether a point may be used, from facts somebody else fetched. The margins are those Neon's own tests
keep (a second after a branch's start, a second before now), since the window slides while a call is under way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.errors import Kind, Refused
from bot.rules.clock import iso

MARGIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Instant:
    """Everything committed before `at` (UTC, whole milliseconds) and nothing committed at or after it."""

    at: datetime
    kind: Literal["instant"] = "instant"


@dataclass(frozen=True, slots=True)
class Head:
    """The newest state of the source branch: what an undo goes back to."""

    kind: Literal["head"] = "head"


RestorePoint = Instant | Head


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back a branch can be read.

    `history` is the project's history window; `begins_at` the moment the branch itself starts, which is the last
    time it was created or restored: a branch has no history of its own before that.
    """

    history: timedelta
    begins_at: datetime
    was_restored: bool

    def oldest(self, now: datetime) -> datetime:
        return max(now - self.history, self.begins_at) + MARGIN


def require_reachable(point: RestorePoint, reach: Reach, now: datetime) -> None:
    """Raise Refused unless `point` lies inside what the branch can be restored to. A head always does."""
    if isinstance(point, Head):
        return
    oldest = iso(reach.oldest(now))
    if reach.history <= timedelta(0):
        raise Refused(Kind.NO_HISTORY, asked=iso(point.at))
    require_past(point.at, now)
    if point.at < reach.begins_at + MARGIN:
        raise Refused(Kind.BEFORE_BRANCH, asked=iso(point.at), oldest=oldest, restored=reach.was_restored)
    if point.at < reach.oldest(now):
        hours = reach.history.total_seconds() / 3600
        raise Refused(Kind.OUTSIDE_WINDOW, asked=iso(point.at), oldest=oldest, window_hours=round(hours, 1))


def require_past(at: datetime, now: datetime) -> None:
    """Raise Refused for a moment that has not happened, or so recently that commits may still be on their way."""
    if at > now:
        raise Refused(Kind.TIME_IN_FUTURE, asked=iso(at), now=iso(now))
    if at > now - MARGIN:
        raise Refused(Kind.TIME_TOO_RECENT, asked=iso(at), now=iso(now))
