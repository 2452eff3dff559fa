"""Instants as Neon reads and writes them: RFC 3339 in and out, Go's own formats inside one error message.

Everything is aware UTC with microseconds, PostgreSQL's own precision. A time without a zone is refused.
"""

import re
from datetime import UTC, datetime, timedelta

_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|z|[+-]\d{2}:\d{2})", re.ASCII
)


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def read_rfc3339(text: str) -> datetime:
    """The instant `text` names, cut to the microsecond. Raises ValueError if it is no RFC 3339 time with a zone."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time with a zone: {text!r}")
    day, time, fraction, zone = match.groups()
    micros = ((fraction or "") + "000000")[:6]
    offset = "+00:00" if zone in "Zz" else zone
    return datetime.fromisoformat(f"{day}T{time}.{micros}{offset}").astimezone(UTC)


def rfc3339(instant: datetime) -> str:
    """Second precision, as most of Neon's own fields: `2023-08-03T20:12:24Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_exact(instant: datetime) -> str:
    """The same with the fraction it has, trailing zeros dropped, as Go's RFC3339Nano."""
    return rfc3339(instant)[:-1] + _fraction(instant) + "Z"


def go_time(instant: datetime) -> str:
    """Go's `Time.String()` in UTC: `2026-06-04 00:25:59 +0000 UTC`, with a fraction only where there is one."""
    utc = instant.astimezone(UTC)
    return utc.strftime("%Y-%m-%d %H:%M:%S") + _fraction(utc) + " +0000 UTC"


def go_duration(length: timedelta) -> str:
    """Go's `Duration.String()` of whole seconds: `6h0m0s`, `5m0s`, `0s`. Go prints no days."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{seconds}s"
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"


def _fraction(instant: datetime) -> str:
    return f".{instant.microsecond:06d}".rstrip("0") if instant.microsecond else ""
