"""Time words: one phrase becomes exactly one instant in UTC, or a refusal that shows what would work.

A strict grammar decides which shapes are readable at all. Read here: ISO 8601 with a zone, `HH:MM[:SS] UTC`,
`N units ago`. Everything else is refused. Whether Neon still reaches that far is decided in `bot/rules/point.py`.
"""

import re
from datetime import datetime, timedelta

from bot.errors import Kind, Refused
from bot.rules.clock import cut_to_millisecond, utc
from bot.rules.point import require_past

_FLAGS = re.ASCII | re.IGNORECASE  # without ASCII `\d` takes any script's digits, and `s` matches `ſ`
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,6})?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})", _FLAGS
)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?\s?(UTC|Z)", _FLAGS)
_AGO = re.compile(r"(?P<count>\d{1,5})\s*(?P<unit>second|minute|hour|day)s?\s+ago", _FLAGS)

LONGEST_PHRASE = 100


def read(phrase: str, now: datetime) -> datetime:
    """The instant `phrase` means at `now` (both aware), in UTC, cut down to the millisecond Neon can go back to.

    A clock time without a date is its most recent past occurrence. Raises Refused(TIME_UNREADABLE | TIME_IN_FUTURE |
    TIME_TOO_RECENT).
    """
    now = utc(now)  # first of all: Python counts back by the wall clock in a zone that changes its own
    words = " ".join(phrase.split())[: LONGEST_PHRASE + 1]
    if _ISO.fullmatch(words):
        moment = _read_iso(words)
    elif _CLOCK.fullmatch(words):
        moment = _read_clock(words, now)
    elif match := _AGO.fullmatch(words):
        moment = now - timedelta(**{f"{match['unit'].lower()}s": int(match["count"])})
    else:
        moment = None
    if moment is None:
        raise Refused(Kind.TIME_UNREADABLE, text=phrase[:LONGEST_PHRASE])
    moment = utc(cut_to_millisecond(moment))
    require_past(moment, now)
    return moment


def _read_iso(words: str) -> datetime | None:
    text = re.sub(r"\s?(Z|UTC)$", "+00:00", words, flags=re.IGNORECASE).replace(",", ".")
    try:
        return utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):  # 2026-02-30T25:00Z is no date; 0001-01-01T00:00+01:00 is none in UTC
        return None


def _read_clock(words: str, now: datetime) -> datetime:
    clock = re.sub(r"\s?(UTC|Z)$", "", words, flags=re.IGNORECASE)
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    today = now.replace(hour=hours, minute=minutes, second=seconds[0] if seconds else 0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)
