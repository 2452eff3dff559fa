"""Time words: one phrase becomes exactly one instant in UTC, or a refusal that shows what would work.

Our grammar decides which shapes are readable at all; `dateparser` reads only what a shape hands it, and a reading that
is not of that shape again is refused. Read here: ISO 8601 with a zone, `HH:MM[:SS] UTC`, `N units ago`. Everything
else is refused. Whether Neon still reaches that far is decided in `bot/rules/point.py`.
"""

import re
from datetime import UTC, datetime, timedelta

import dateparser

from bot.errors import Kind, Refused
from bot.rules.clock import cut_to_millisecond, utc
from bot.rules.point import require_past

_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,6})?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})", re.IGNORECASE
)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?\s?(UTC|Z)", re.IGNORECASE)
_AGO = re.compile(r"(?P<count>\d{1,5})\s*(?P<unit>seconds?|minutes?|hours?|days?)\s+ago", re.IGNORECASE)

LONGEST_PHRASE = 100


def read(phrase: str, now: datetime) -> datetime:
    """The instant `phrase` means at `now` (both aware), in UTC, cut down to the millisecond Neon can go back to.

    A clock time without a date is its most recent past occurrence. Raises Refused(TIME_UNREADABLE | TIME_IN_FUTURE |
    TIME_TOO_RECENT).
    """
    words = " ".join(phrase.split())[: LONGEST_PHRASE + 1]
    if _ISO.fullmatch(words):
        moment = _read_iso(words)
    elif _CLOCK.fullmatch(words):
        moment = _read_clock(words, now)
    elif match := _AGO.fullmatch(words):
        moment = _read_ago(words, match, now)
    else:
        moment = None
    if moment is None:
        raise Refused(Kind.TIME_UNREADABLE, text=phrase[:LONGEST_PHRASE])
    moment = cut_to_millisecond(utc(moment))
    require_past(moment, now)
    return moment


def _read_iso(words: str) -> datetime | None:
    text = re.sub(r"\s?(Z|UTC)$", "+00:00", words, flags=re.IGNORECASE).replace(",", ".")
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # a shape such as 2026-02-30T25:00Z that is no date
        return None


def _read_clock(words: str, now: datetime) -> datetime | None:
    clock = re.sub(r"\s?(UTC|Z)$", "", words, flags=re.IGNORECASE)
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    today = now.astimezone(UTC).replace(
        hour=hours, minute=minutes, second=seconds[0] if seconds else 0, microsecond=0
    )
    return today if today <= now else today - timedelta(days=1)


def _read_ago(words: str, match: re.Match[str], now: datetime) -> datetime | None:
    base = now.astimezone(UTC)
    moment = dateparser.parse(
        words,
        languages=["en"],
        settings={
            "RELATIVE_BASE": base.replace(tzinfo=None),
            "TIMEZONE": "UTC",
            "RETURN_AS_TIMEZONE_AWARE": True,
            "PARSERS": ["relative-time"],
        },
    )
    unit = match["unit"].lower().rstrip("s")
    meant = timedelta(**{f"{unit}s": int(match["count"])})
    return moment if moment is not None and base - moment == meant else None
