"""The one family of errors, named by what to do next.

    SafepointError
    ├─ Refused       nothing was touched; a rule said no
    ├─ Unavailable   nothing is known to be wrong; try again later
    ├─ StepFailed    partly done; the recorded steps say where, and a restart resumes
    └─ NeedsHuman    the truth is unclear; the bot stops and keeps the way back

An error carries a kind and facts, never a finished sentence: `bot/cards/words.py` finds the words. Facts are
plain JSON values that may be stored and shown, so no secret, SQL or personal data ever goes into them.
Anything that is not a SafepointError is a bug of ours and is reported as `Bug`, with its ref.
"""

import secrets
import traceback
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

Fact = str | int | float | bool | None
Facts = Mapping[str, Fact]

_REF_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def new_ref(prefix: str) -> str:
    """A short id a person can read out over the phone, such as `r-7k3q9d`."""
    return f"{prefix}-{''.join(secrets.choice(_REF_ALPHABET) for _ in range(6))}"


class Kind(StrEnum):
    """What went wrong, one member per sentence in `bot/cards/words.py`."""

    # Refused: what was said
    NOT_UNDERSTOOD = "not_understood"
    UNKNOWN_COMMAND = "unknown_command"
    UNKNOWN_TARGET = "unknown_target"
    TIME_UNREADABLE = "time_unreadable"
    TIME_INEXACT = "time_inexact"
    TIME_NEVER_WAS = "time_never_was"
    ZONE_UNKNOWN = "zone_unknown"
    NOT_YET_RESTORABLE = "not_yet_restorable"
    TIME_IN_FUTURE = "time_in_future"
    TIME_TOO_RECENT = "time_too_recent"
    NAME_UNUSABLE = "name_unusable"
    NAME_TAKEN = "name_taken"
    # Refused: who said it
    NOT_ALLOWED = "not_allowed"
    UNKNOWN_PERSON = "unknown_person"
    OWN_REQUEST = "own_request"
    NAME_MISTYPED = "name_mistyped"
    REASON_MISSING = "reason_missing"
    ALREADY_VOTED = "already_voted"
    # Refused: where things stand
    BRANCH_UNSUITABLE = "branch_unsuitable"
    OUTSIDE_WINDOW = "outside_window"
    BEFORE_BRANCH = "before_branch"
    NO_HISTORY = "no_history"
    MODAL_EXPIRED = "modal_expired"
    REQUEST_GONE = "request_gone"
    REQUEST_MOVED_ON = "request_moved_on"
    REQUEST_EXPIRED = "request_expired"
    PLAN_CHANGED = "plan_changed"
    TOO_FEW_APPROVERS = "too_few_approvers"
    LIMIT_REACHED = "limit_reached"
    NEON_REFUSED = "neon_refused"
    WRONG_KEY = "wrong_key"
    NOT_FOUND = "not_found"
    SNAPSHOT_REFUSED = "snapshot_refused"
    # Unavailable
    NEON_BUSY = "neon_busy"
    NEON_DOWN = "neon_down"
    RATE_LIMITED = "rate_limited"
    QUOTA_USED_UP = "quota_used_up"
    DATABASE_UNREACHABLE = "database_unreachable"
    # StepFailed
    OPERATION_FAILED = "operation_failed"
    # NeedsHuman
    ANSWER_LOST = "answer_lost"
    STILL_RUNNING = "still_running"
    RESULT_DIFFERS = "result_differs"
    # Bug
    BUG = "bug"


class SafepointError(Exception):
    """`kind` chooses the words, `facts` fill them in, `ref` is the same in Slack and in the log."""

    def __init__(self, kind: Kind, /, *, ref: str | None = None, **facts: Fact) -> None:
        super().__init__(f"{kind}: {dict(facts)}")
        self.kind = kind
        self.facts: Facts = facts
        self.ref = ref or new_ref("e")


class Refused(SafepointError):
    """Nothing was touched; a rule said no."""


class Unavailable(SafepointError):
    """Nothing is known to be wrong; the same call may work in `retry_after_seconds`."""

    def __init__(
        self, kind: Kind, /, *, retry_after_seconds: float = 30.0, ref: str | None = None, **facts: Fact
    ) -> None:
        super().__init__(kind, ref=ref, **facts)
        self.retry_after_seconds = retry_after_seconds


class StepFailed(SafepointError):
    """Partly done; the recorded steps say where."""


class NeedsHuman(SafepointError):
    """The truth is unclear; the bot stops and keeps the way back."""


class Bug(SafepointError):
    """A mistake of ours, known to the person by its ref and to the log by ref, type and place.

    The message of an unexpected error may quote data, SQL or a connection string, so it is not kept.
    """

    @classmethod
    def found(cls, error: Exception) -> "Bug":
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
        return cls(Kind.BUG, error=type(error).__name__, place=place)


def as_ours(error: Exception) -> SafepointError:
    """The error itself if it is one of the family, else the bug it shows."""
    return error if isinstance(error, SafepointError) else Bug.found(error)


FAMILIES: Mapping[str, type[SafepointError]] = {
    family.__name__: family for family in (Refused, Unavailable, StepFailed, NeedsHuman, Bug)
}
