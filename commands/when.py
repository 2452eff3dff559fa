"""Time words: one phrase becomes exactly one instant in UTC, or a question, or a refusal that shows what would work.

This page knows the phrases that are not made of a day, a clock and a zone (epoch, LSN, backup, `ago`, `before`) and has
the last say on what was found: nothing in the future, and never one of two. `time_words.py` takes the rest apart, and
`occurrence.py` finds its instants. Whether Neon still reaches that far is decided in `bot/rules/point.py`.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, tzinfo

from bot.errors import Kind
from bot.rules.clock import iso, utc
from bot.rules.moment import Ask, Named, Question, Read, Reading, Refuse, Remark
from commands.occurrence import Found, Here, occurrences
from commands.span_words import span
from commands.time_words import Clock, Words, take_apart

LONGEST_PHRASE = 100
LONGEST_TEXT = 10_000
MOST_CHOICES = 8

_EPOCH = re.compile(
    r"(?:(?:epoch|unix) |@)?(?P<seconds>\d{10})(?:\.(?P<fraction>\d{1,6})|(?P<millis>\d{3}))?"
)
_LSN = re.compile(r"lsn ([0-9a-f]{1,8}/[0-9a-f]{1,8})", re.IGNORECASE)
_FROM = re.compile(r"from ([a-z0-9][\w.-]{0,63})", re.IGNORECASE | re.ASCII)
_AGO = re.compile(r"(?P<span>.+?) ?(?:ago|back)|(?:now ?)?- ?(?P<minus>\d.*)")
_AHEAD = re.compile(r"in (?P<span>.+)|(?P<from_now>.+) from now|now ?\+ ?(?P<plus>.+)")
_ANCHORED = ((" before ", -1), (" prior to ", -1), (" after ", 1))
_COMPACT = re.compile(r"(20\d{6})(\d{6})(?=$|[ z+-])")
_FINER_THAN_MS = re.compile(r"(?::\d\d|\d{4})[.,]\d{3}\d*[1-9]")
_INEXACT = re.compile(
    r"~|\b(?:about|around|approx\w*|circa|roughly|nearly|almost|some\w*|several|few|couple|just|early|late\w*|recently"
    r"|between|since|until|till|through|before|after|or|past|last|to)\b|\dish\b|:\d\d ?(?:-|\.\.) ?\d"
)


def read(phrase: str, now: datetime, zone: tzinfo | None) -> Reading:
    """What `phrase` means at `now` (aware) to a person in `zone`: microseconds are kept, instants are UTC and never
    after `now`. Every text has an answer. Without a `zone` only words that name theirs, or need none, are read.

    A clock time without a date is its most recent past occurrence.
    """
    now = utc(now)  # first of all: Python counts back by the wall clock in a zone that changes its own
    words = " ".join(phrase[: LONGEST_TEXT + 1].split())
    if len(words) > LONGEST_PHRASE or len(phrase) > LONGEST_TEXT or not words.isascii():
        return _unreadable(phrase)
    if named := _LSN.fullmatch(words):
        return Named(f"lsn {named[1].upper()}")
    if named := _FROM.fullmatch(words):
        return Named(f"from {named[1]}")
    if re.search(r"\d ?M\b", words) and not words.isupper():
        return _unreadable(phrase)  # 2M: minutes or months
    text = _COMPACT.sub(r"\1t\2", words.lower(), count=1)
    here, has_zone = Here(now, now, zone or UTC), zone is not None
    reading = _anchored(text, here, has_zone=has_zone) or _moment(text, here, has_zone=has_zone)
    if reading is None:
        return _unreadable(phrase, Kind.TIME_INEXACT if _INEXACT.search(text) else Kind.TIME_UNREADABLE)
    if isinstance(reading, Read) and _FINER_THAN_MS.search(text):
        return replace(reading, remarks=(*reading.remarks, Remark.CUT))
    return reading


def _unreadable(phrase: str, kind: Kind = Kind.TIME_UNREADABLE) -> Refuse:
    return Refuse(kind, {"text": phrase[:LONGEST_PHRASE]})


def _moment(text: str, here: Here, *, has_zone: bool) -> Reading | None:
    """The reading of any phrase that stands for a time by itself, or None when it is not one."""
    if text in {"now", "right now"}:
        return _decided([here.now], here)
    if match := _EPOCH.fullmatch(text):
        return _decided([_epoch(match)], here)
    if (match := _AGO.fullmatch(text)) and (back := span(match["span"] or match["minus"])) is not None:
        return _decided([here.now - back], here)
    if (match := _AHEAD.fullmatch(text)) and (
        ahead := span(match["span"] or match["from_now"] or match["plus"])
    ) is not None:
        return _decided([here.now + ahead], here)
    if (length := span(text)) is not None and not re.fullmatch(r"\d\dh\d\d", text):
        return _bare_span(text, length, here)
    return _of_words(text, here, has_zone=has_zone)


def _epoch(match: re.Match[str]) -> datetime:
    fraction = (match["millis"] or match["fraction"] or "").ljust(6, "0")
    return datetime.fromtimestamp(int(match["seconds"]), UTC) + timedelta(microseconds=int(fraction))


def _bare_span(text: str, length: timedelta, here: Here) -> Reading:
    """`2 hours` is two hours ago, probably; `9h05` is a clock time as well."""
    clock = take_apart(text, here.zone)
    found = occurrences(clock, clock.clock.time, here).instants if clock and clock.clock else frozenset()
    return _decided([here.now - length, *found], here, Question.HOW_LONG_AGO)


def _anchored(text: str, here: Here, *, has_zone: bool) -> Reading | None:
    """`5 minutes before 10:30 UTC`: the anchor may lie ahead where what is wished does not, and then both days fit."""
    for word, sign in _ANCHORED:
        head, found, rest = text.partition(word)
        length = span(head) if found else None
        if length is None:
            continue
        latest = {here.now, here.now - sign * length} if sign < 0 else {here.now}
        anchors = [_moment(rest, replace(here, latest=at), has_zone=has_zone) for at in sorted(latest)]
        return _shifted([anchor for anchor in anchors if anchor is not None], sign * length, here)
    return None


def _shifted(anchors: Iterable[Reading], by: timedelta, here: Here) -> Reading | None:
    """What was found for the anchor, as far away as was said; refused only where nothing was found."""
    found = list(anchors)
    instants = {anchor.instant + by for anchor in found if isinstance(anchor, Read)}
    instants |= {choice + by for anchor in found if isinstance(anchor, Ask) for choice in anchor.choices}
    if not instants:
        return next((anchor for anchor in found if isinstance(anchor, Refuse)), None)
    question = next((anchor.question for anchor in found if isinstance(anchor, Ask)), None)
    if question is None and sum(at <= here.now for at in instants) > 1:
        question = Question.WHICH_DAY
    remarks = next((anchor.remarks for anchor in found if isinstance(anchor, Read)), ())
    decided = _decided(instants, here, question)
    return replace(decided, remarks=remarks) if isinstance(decided, Read) else decided


def _of_words(text: str, here: Here, *, has_zone: bool) -> Reading | None:
    words = take_apart(text, here.zone)
    if words is None or not (words.clock or words.number or words.day):
        return None
    if words.zone is None and not has_zone:
        return Refuse(Kind.ZONE_UNKNOWN)
    if words.clock is None:
        return _without_clock(words, here)
    found = occurrences(words, words.clock.time, here)
    if words.day is not None and re.search(r"\bmidnight\b", text):
        found = _either_end(found, words, here)
    if not found.instants and not found.never:
        return None  # the weekday is not that of the date
    if not found.instants:
        zone = words.zone[0].zone if words.zone else here.zone
        return Refuse(Kind.TIME_NEVER_WAS, {"text": text, "zone": str(zone)})
    question = min(found.questions, key=list(Question).index, default=None)
    if question is None and (found.never or len(found.instants) > 1):
        question = Question.WHICH_DAY
    decided = _decided(found.instants, here, question)
    if isinstance(decided, Read) and words.day is None and _is_day_before(decided.instant, words, here):
        return Read(decided.instant, (Remark.DAY_BEFORE,))
    return decided


def _either_end(found: Found, words: Words, here: Here) -> Found:
    """Midnight of a day is where it begins or where it ends."""
    ends = occurrences(words, time.max, here)
    later = frozenset(at + timedelta(microseconds=1) for at in ends.instants)
    return Found(found.instants | later, found.questions | {Question.WHICH_DAY}, found.never)


def _is_day_before(instant: datetime, words: Words, here: Here) -> bool:
    zone = words.zone[0].zone if words.zone else here.zone
    return instant.astimezone(zone).date() < here.now.astimezone(zone).date()


def _without_clock(words: Words, here: Here) -> Reading | None:
    """A day alone is asked for its time; a number could be an hour, a time without its colon, or minutes ago."""
    if words.number is None:
        clocks, question = [time(hour) for hour in (0, 6, 12, 18)], Question.WHAT_TIME
    else:
        clocks, question = _clocks_of(words.number), Question.BARE_NUMBER
    if words.day is not None:  # of today, too, the times still to come are not yesterday's
        found = _all(words, clocks, replace(here, latest=here.now + timedelta(days=1)))
    else:
        found = _all(words, clocks, here)
    instants = found.instants
    if words.number is not None and words.day is None and words.zone is None:
        instants |= {here.now - timedelta(minutes=int(words.number))}
    return _decided(instants, here, question) if instants else None


def _all(words: Words, clocks: Iterable[time], here: Here) -> Found:
    found = Found()
    for clock in clocks:
        found |= occurrences(replace(words, number=None, clock=Clock(clock)), clock, here)
    return found


def _clocks_of(number: str) -> list[time]:
    """`10` is ten in the morning or evening, `925` and `1025` lack a colon."""
    hour, minute = divmod(int(number), 100) if len(number) > 2 else (int(number), 0)
    hours = {hour, (hour + 12) % 24} if 1 <= hour <= 12 and len(number) <= 2 else {hour}
    return [time(one, minute) for one in sorted(hours) if one < 24 and minute < 60]


def _decided(instants: Iterable[datetime], here: Here, question: Question | None = None) -> Reading:
    """The last say: what is still to come is no choice, and nothing but it is the future."""
    ordered = sorted(instants)
    past = tuple(at for at in ordered if at <= here.latest)
    if not past:
        return Refuse(Kind.TIME_IN_FUTURE, {"asked": iso(ordered[0]), "now": iso(here.now)})
    if question is not None:
        return Ask(question, past[-MOST_CHOICES:])
    assert len(past) == 1
    return Read(past[0])
