"""Time: aware, UTC, and asked of a clock that is passed in.

Nothing else calls `datetime.now`. What the clock says is the host's opinion; comparing it with Neon's is not
done here.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    return datetime.now(UTC)


def utc(moment: datetime) -> datetime:
    """The same instant in UTC. Raises ValueError for a time without a zone, which could mean two instants."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC to the millisecond, `2026-11-20T10:25:00.000Z`: the precision Neon documents."""
    return utc(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    """The instant `iso` wrote, or any RFC 3339 text with a zone. Raises ValueError for anything else."""
    return utc(datetime.fromisoformat(text))


def cut_to_millisecond(moment: datetime) -> datetime:
    """Down, never up: rounding up could take in a commit that the person wanted gone."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def age_words(age: timedelta) -> str:
    """`27 min`, `7 h 10 min`, `27 h`, `3 d 2 h`: two units at most, hours up to two days, as people speak of backups.

    Negative ages read as `0 s`.
    """
    seconds = max(int(age.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 300:
        units = [(seconds // 60, "min"), (seconds % 60, "s")]
    elif seconds < 2 * 86400:
        units = [(seconds // 3600, "h"), (seconds // 60 % 60, "min")]
    else:
        units = [(seconds // 86400, "d"), (seconds // 3600 % 24, "h")]
    return " ".join(f"{count} {unit}" for count, unit in units if count)
