"""Takes the words for a moment apart: which part is the day, the clock, the zone. Every word is used, or none is.

The words are lower case with single spaces. What the parts come to is decided in `occurrence.py`. Every pattern is
anchored and bounded, so reading is linear in the length of the text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import time, tzinfo

from commands.days import Dates, Day, DaysBack, MonthDay, Weekday, YearDay, a_date
from commands.zone_words import Meaning, SpokenZone, spoken_zone

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_COUNTS = dict(
    zip(["a", "one", "two", "three", "four", "five", "six", "seven"], (1, *range(1, 8)), strict=True)
)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day. `to_noon` marks one with am, pm or a name, which no part of the day can move."""

    time: time
    to_noon: bool = False
    seconds: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What was said, part by part. `weekday` is one beside a date; alone it is the day itself."""

    day: Day | None = None
    weekday: Weekday | None = None
    clock: Clock | None = None
    number: str | None = None
    zone: SpokenZone | None = None
    part: str | None = None


_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR = r"(?P<year>(?:19|20)\d\d)(?![\d:])"
_END = r"(?![a-z0-9:])"
_DAY_END = r"(?![a-su-z0-9:]|t(?!\d))"  # `t` and a digit: the time follows
_AT = r"(?:at |@ ?)?"
_HALF = r"(?: ?(?P<half>[ap])(?:m|\.m\.)(?![a-z]))"
_FULL_DAYS = (
    r"mon(?:day)?|tue(?:s|sday)?|wed(?:s|nesday)?|thu(?:rs?|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
)


def take_apart(text: str, home: tzinfo) -> Words | None:
    """The parts of `text`, or None when a word is left over, said twice or impossible."""
    words, at, joined = Words(), 0, False
    while at < len(text):
        found = _next(text, at, words, home, joined)
        if found is None:
            return None
        merged = _merge(words, found.words)
        if merged is None:
            return None
        words, at, joined = merged, found.end, joined or found.joined
    return _settled(words)


@dataclass(frozen=True, slots=True)
class _Found:
    words: Words
    end: int
    joined: bool = False


def _next(text: str, at: int, words: Words, home: tzinfo, joined: bool) -> _Found | None:
    """The part that begins at `at`, and where the one after it does."""
    if joined and words.clock is None and (match := _ISO_CLOCK.match(text, at)):
        return _after(text, match.end(), _clock(match))
    for pattern, read in _PARTS:
        if match := pattern.match(text, at):
            return _after(text, match.end(), read(match))
    return _zone(text, at, words, home, joined)


def _after(text: str, end: int, words: Words | None) -> _Found | None:
    """A part ends at a space, a comma or the end; a date also at `T`, a clock also where its zone begins."""
    if words is None:
        return None
    if gap := _GAP.match(text, end):
        return _Found(words, gap.end()) if gap.end() < len(text) else None
    if isinstance(words.day, Dates) and text.startswith("t", end):
        return _Found(words, end + 1, joined=True)
    if end == len(text) or ((words.clock or words.number) and re.match(r"[z+-]|utc|gmt", text[end:])):
        return _Found(words, end)
    return None


def _merge(left: Words, right: Words) -> Words | None:
    """Both together, or None where one says again what the other said."""
    if isinstance(left.day, YearDay) and right.number and left.clock and _looks_like_year(right.number):
        return _with_year(left, int(right.number))  # Thu Nov 19 10:25:00 UTC 2026
    said = {
        part.name: getattr(right, part.name)
        for part in fields(Words)
        if getattr(right, part.name) is not None
    }
    if any(getattr(left, name) is not None for name in said):
        return None
    return replace(left, **said)


def _settled(words: Words) -> Words | None:
    """A weekday alone is the day; a number beside a day or zone can be a clock; a part of the day moves the hour."""
    if words.weekday and words.day is None:
        words = replace(words, day=words.weekday, weekday=None)
    if words.weekday and (words.weekday.last or isinstance(words.day, DaysBack | MonthDay)):
        return None
    if words.number and words.clock:
        return None
    if words.number and (words.zone or words.day) and re.fullmatch(r"([01]\d|2[0-3])[0-5]\d", words.number):
        if isinstance(words.day, YearDay) and _looks_like_year(words.number):
            return None  # 1925 on Nov 19 is a year or a clock time
        clock = Clock(time(int(words.number[:2]), int(words.number[2:])))
        words = replace(words, number=None, clock=clock)
    return _in_part(words) if words.part else words


def _in_part(words: Words) -> Words | None:
    """`8:15 this evening` is 20:15; what does not fit its part of the day is not read."""
    if words.number and len(words.number) <= 2 and int(words.number) <= 23:
        words = replace(words, number=None, clock=Clock(time(int(words.number))))
    if words.clock is None or words.number:
        return None
    hour, part = words.clock.time.hour, words.part
    if part == "last night" and hour < 6:
        return replace(words, day=DaysBack((0, 1)), part=None)
    begins, ends = {"morning": (0, 12), "afternoon": (12, 18), "evening": (17, 24), "last night": (18, 24)}[
        str(part)
    ]
    if hour < 12 <= begins and not words.clock.to_noon:
        hour += 12
    if not begins <= hour < ends:
        return None
    return replace(words, clock=replace(words.clock, time=words.clock.time.replace(hour=hour)), part=None)


def _looks_like_year(number: str) -> bool:
    return re.fullmatch(r"(19|20)\d\d", number) is not None


def _with_year(words: Words, year: int) -> Words | None:
    assert isinstance(words.day, YearDay)
    dates = tuple(one for month, day in words.day.pairs if (one := a_date(year, month, day)))
    return replace(words, day=Dates(dates)) if dates else None


def _date(match: re.Match[str]) -> Words | None:
    found = a_date(int(match["year"]), int(match["month"]), int(match["day"]))
    return Words(day=Dates((found,))) if found else None


def _numbers(match: re.Match[str]) -> Words | None:
    """`11/10`, `11/10/2026`, `19.11.2026`: both orders that give a date, in a year if one was said."""
    first, second = int(match["first"]), int(match["second"])
    pairs = tuple(dict.fromkeys(pair for pair in ((first, second), (second, first)) if a_date(2024, *pair)))
    if not pairs:
        return None
    words = Words(day=YearDay(pairs))
    return _with_year(words, int(match["year"])) if match["year"] else words


def _month_and_day(match: re.Match[str]) -> Words | None:
    month = _MONTHS.index(match["month"][:3]) + 1
    if a_date(2024, month, int(match["day"])) is None:
        return None
    words = Words(day=YearDay(((month, int(match["day"])),)))
    return _with_year(words, int(match["year"])) if match["year"] else words


def _back(match: re.Match[str]) -> Words | None:
    days = {"today": 0, "tomorrow": -1, "yesterday": 1}.get(match["word"], 2)
    return Words(day=DaysBack((days,)), part=match["part"])


def _this_part(match: re.Match[str]) -> Words | None:
    return Words(day=DaysBack((0,)) if match["this"] == "this" else None, part=match["part"])


def _last_night(_: re.Match[str]) -> Words | None:
    return Words(day=DaysBack((1,)), part="last night")


def _days_ago(match: re.Match[str]) -> Words | None:
    count = _COUNTS.get(match["count"]) or int(match["count"])
    return Words(day=DaysBack((count * (7 if match["unit"] == "week" else 1),)))


def _weekday(match: re.Match[str]) -> Words | None:
    return Words(weekday=Weekday(_WEEKDAYS.index(match["name"][:3]), last=match["last"] is not None))


def _clock(match: re.Match[str]) -> Words | None:
    """A time of day; am and pm take hours from 1 to 12. More than six digits of a second are cut."""
    parts = match.groupdict()
    hour, half = int(parts["hour"]), parts.get("half")
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    fraction = (parts.get("fraction") or "")[:6].ljust(6, "0")
    try:
        found = time(hour, int(parts.get("minute") or 0), int(parts.get("second") or 0), int(fraction))
    except ValueError:
        return None
    return Words(clock=Clock(found, to_noon=bool(half), seconds=bool(parts.get("second"))))


def _named_clock(match: re.Match[str]) -> Words | None:
    return Words(clock=Clock(time(0 if match["name"] == "midnight" else 12), to_noon=True))


def _number(match: re.Match[str]) -> Words | None:
    return Words(number=match["number"])


def _zone(text: str, at: int, words: Words, home: tzinfo, joined: bool) -> _Found | None:
    """A zone; an offset only right behind its clock, and not where it reads as the end of a range."""
    if match := _HERE.match(text, at):
        return _after(text, match.end(), Words(zone=(Meaning(home),)))
    if match := _OFFSET.match(text, at):
        clock = words.clock or (words.number and len(words.number) == 4)
        behind = text[at - 1 : at].isdigit() or (match["minutes"] and re.match(r"[\dm.] ", text[at - 2 : at]))
        ends_range = match["sign"] == "-" and _may_be_range(match, words, joined)
        if match["base"] and " " in match["zone"] and match["minutes"] and ends_range:
            return None
        if not match["base"] and (len(match["hours"]) < 2 or not clock or not behind or ends_range):
            return None
    else:
        match = _NAME.match(text, at)
    zone = spoken_zone(match["zone"], home) if match else None
    return _after(text, match.end(), Words(zone=zone)) if match and zone else None


def _may_be_range(match: re.Match[str], words: Words, joined: bool) -> bool:
    """`10:25-11:00` ends half an hour after it begins; `10:25-05:00` would end the next morning."""
    if not (words.clock or words.number) or joined or (words.clock and words.clock.seconds):
        return False
    begins = words.clock.time if words.clock else time(int(str(words.number)[:2]) % 24, 0)
    ends = int(match["hours"]) * 60 + int(match["minutes"] or 0)
    return (ends - begins.hour * 60 - begins.minute) % (24 * 60) <= 12 * 60


_GAP = re.compile(r",? |,")
_ISO_CLOCK = re.compile(
    r"(?P<hour>\d\d)(?:(?P<minute>\d\d)(?:(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?(?![\d:.])"
)
_HERE = re.compile(r"(?:local|my)(?: time)?(?![a-z0-9])")
_OFFSET = re.compile(
    r"(?P<zone>(?P<base>utc|gmt)? ?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?)(?![\d:])"
)
_NAME = re.compile(r"(?P<zone>[a-z][a-z0-9_/+-]*)(?: time(?![a-z]))?")

_PARTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Words | None]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (
            rf"(?:on )?(?P<year>\d{{4}})(?P<sep>[-/])(?P<month>\d{{1,2}})(?P=sep)(?P<day>\d{{1,2}}){_DAY_END}",
            _date,
        ),
        (rf"(?P<year>20\d\d)(?P<month>\d\d)(?P<day>\d\d){_DAY_END}", _date),
        (
            rf"(?:on )?(?P<first>\d{{1,2}})(?P<sep>[/.-])(?P<second>\d{{1,2}})(?P=sep)(?P<year>(?:19|20)\d\d){_END}",
            _numbers,
        ),
        (rf"(?:on )?(?P<first>\d{{1,2}})/(?P<second>\d{{1,2}})(?P<year>)(?!/|\d|[.-]\d){_END}", _numbers),
        (rf"(?:on )?{_MONTH} ?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?{_END}(?:,? {_YEAR})?", _month_and_day),
        (
            rf"(?:on )?(?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of )?[ -]?{_MONTH}{_END}(?:(?:, ?|[ -]){_YEAR})?",
            _month_and_day,
        ),
        (
            rf"(?:on )?(?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th){_END}",
            lambda match: Words(day=MonthDay(int(match["day"]))),
        ),
        (
            r"(?P<word>today|tomorrow|yesterday|(?:the )?day before yesterday)"
            rf"(?: (?P<part>morning|afternoon|evening))?{_END}",
            _back,
        ),
        (rf"(?P<this>this|in the) (?P<part>morning|afternoon|evening){_END}", _this_part),
        (rf"last night{_END}", _last_night),
        (rf"(?P<count>\d{{1,4}}|{'|'.join(_COUNTS)}) (?P<unit>day|week)s? ago{_END}", _days_ago),
        (rf"(?:on )?(?:(?P<last>last) )?(?P<name>{_FULL_DAYS}){_END}\.?", _weekday),
        (
            rf"{_AT}(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{{1,9}}))?)?"
            rf"{_HALF}?(?![\d:.])",
            _clock,
        ),
        (rf"{_AT}(?P<hour>\d\d?) ?h ?(?P<minute>\d\d)(?![a-z0-9:])", _clock),
        (rf"{_AT}(?P<hour>\d{{1,2}}){_HALF}(?![\d:])", _clock),
        (rf"{_AT}(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d) ?(?:hrs|hours){_END}", _clock),
        (rf"{_AT}(?:12 )?(?P<name>noon|midday|midnight){_END}", _named_clock),
        (rf"{_AT}(?P<number>\d{{1,2}}) ?o'?clock{_END}", _number),
        (rf"{_AT}(?P<number>\d{{1,4}})(?![\d:./]|t)", _number),
    )
)
