"""What an unwelcome answer of Neon's means, as values: no I/O, no waiting.

Decides by status and `code`; the message is shown, and read in three places where Neon says something nowhere
else: the history window, the used-up compute quota, and a branch that is not ready yet.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import Kind, Refused, SafepointError, Unavailable
from bot.rules.clock import age_words, iso

LONGEST_MESSAGE = 300

_WINDOW = re.compile(r'timestamp is before retention window; timestamp:"([^"]+)", retention_window:"([^"]+)"')
_GO_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)(?:\.\d+)?s)?")
_GO_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)\d* \+0000 UTC")
_QUOTA = re.compile(r"compute time quota", re.IGNORECASE)
_NOUNS = ("project", "branch", "endpoint", "role", "database", "operation", "snapshot")


class ErrorBody(BaseModel):
    """Neon's `GeneralError`. `code` is empty more often than not."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str = ""
    message: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is not a success, reduced to what can be told about it."""

    status: int
    body: ErrorBody
    asked_for: str
    """What the path leads to, such as `branch`."""


def noun(word: str) -> str:
    """What a word of a path leads to: `branches` to a branch."""
    return next((named for named in _NOUNS if word.startswith(named)), "account")


def error_body(content: bytes) -> ErrorBody:
    """What the body says; nothing for HTML pages of proxies and for bodies cut short."""
    try:
        return ErrorBody.model_validate_json(content)
    except ValidationError:
        return ErrorBody()


def is_busy(answer: Answer) -> bool:
    """Something else is being done in the project: nothing was changed, and it passes by itself."""
    # unknowns: not-ready-yet
    not_ready = answer.status == 422 and "not ready yet" in answer.body.message
    return not_ready or (answer.status == 423 and not is_quota_used_up(answer))


def is_quota_used_up(answer: Answer) -> bool:
    """The one 423 that no waiting cures; Neon says so in the message only."""
    return bool(_QUOTA.search(answer.body.message)) or answer.body.code.endswith("COMPUTE_TIME_EXCEEDED")


def refusal(answer: Answer) -> SafepointError:
    """The error for an answer that will not get better by asking again."""
    body = answer.body
    message = body.message[:LONGEST_MESSAGE]
    if is_quota_used_up(answer):
        return Unavailable(Kind.QUOTA_USED_UP, retry_after_seconds=3600.0, message=message)
    if answer.status in {401, 403}:
        return Refused(Kind.WRONG_KEY, status=answer.status)
    if answer.status == 404:
        return Refused(Kind.NOT_FOUND, what=_missing(answer))
    if "LIMIT_EXCEEDED" in body.code:
        return Refused(Kind.LIMIT_REACHED, limit=body.code, message=message)
    if match := _WINDOW.search(body.message):
        return _outside_window(asked=match[1], window=match[2])
    return Refused(
        Kind.NEON_REFUSED,
        status=answer.status,
        message=message,
        neon_request_id=body.request_id[:64],
    )


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """`Retry-After` as seconds from now, whether it says seconds or a date; None if it says neither."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    moment = http_date(header)
    return None if moment is None else max((moment - now).total_seconds(), 0.0)


def http_date(header: str | None) -> datetime | None:
    """An HTTP date as UTC; None for anything that is not one."""
    try:
        moment = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def go_duration(text: str) -> timedelta | None:
    """`6h0m0s` as Go prints a duration, which knows no days; None for anything else."""
    match = _GO_DURATION.fullmatch(text)
    if match is None or not text:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _missing(answer: Answer) -> str:
    message = answer.body.message.lower()
    return next((named for named in _NOUNS if named in message), answer.asked_for)


def _outside_window(*, asked: str, window: str) -> Refused:
    """`asked` in RFC 3339 and `window` in words where they can be read, else as Neon wrote them."""
    length = go_duration(window)
    moment = _GO_TIME.fullmatch(asked)
    return Refused(
        Kind.OUTSIDE_WINDOW,
        asked=iso(datetime.fromisoformat(moment[1]).replace(tzinfo=UTC)) if moment else asked,
        window=age_words(length) if length else window,
        window_seconds=length.total_seconds() if length else None,
    )
