"""From the parts of what was said to instants: every day, zone and side of a clock change they can mean.

A local time is looked up with both folds and back again, so that one that never was gives none and one that was there
twice gives two (PEP 495). Which of the found instants may be used is decided in `when.py`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo

from bot.rules.moment import Question
from commands.days import Dates, Day, DaysBack, Tries, Weekday, YearDay, possible_days
from commands.time_words import Words
from commands.zone_words import Meaning


@dataclass(frozen=True, slots=True)
class Found:
    """`never` when one of the meanings is a local time that never was."""

    instants: frozenset[datetime] = frozenset()
    questions: frozenset[Question] = frozenset()
    never: bool = False

    def __or__(self, other: "Found") -> "Found":
        return Found(
            self.instants | other.instants, self.questions | other.questions, self.never or other.never
        )

    def asking(self, question: Question) -> "Found":
        return Found(self.instants, self.questions | {question}, self.never)


@dataclass(frozen=True, slots=True)
class Here:
    """Who speaks and when. `latest` is the newest instant that a time without a date may mean: mostly now."""

    now: datetime
    latest: datetime
    zone: tzinfo


def occurrences(words: Words, clock: time, here: Here) -> Found:
    """Every instant that `words` with this time of day can mean, future ones included."""
    meanings = words.zone or (Meaning(here.zone),)
    found = Found()
    for meaning in meanings:
        found |= _of_meaning(words, clock, meaning, here)
    return found.asking(Question.WHICH_ZONE) if len(meanings) > 1 else found


def local_instants(day: date, clock: time, zone: tzinfo) -> tuple[datetime, ...]:
    """The instants at which clocks in `zone` show this: none, one or two."""
    wall = datetime.combine(day, clock)
    folds = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return tuple(
        sorted({instant for instant in folds if instant.astimezone(zone).replace(tzinfo=None) == wall})
    )


def _of_meaning(words: Words, clock: time, meaning: Meaning, here: Here) -> Found:
    """An abbreviation is its offset where the clocks of its place give the same instant, and may be the place else:
    CET in July, but also a `10:25 CET` on the morning after the change that by its offset was only yesterday."""
    found = _in_zone(words, clock, meaning.zone, here)
    if meaning.place is None:
        return found
    there = _in_zone(words, clock, meaning.place, here)
    if found.instants and found.instants <= there.instants:
        return found
    return (found | there).asking(Question.WINTER_OR_SUMMER)


def _in_zone(words: Words, clock: time, zone: tzinfo, here: Here) -> Found:
    meanings = _day_meanings(words.day, zone, here)
    if words.weekday is not None:
        meanings = {tries for tries in meanings if tries[0].weekday() == words.weekday.number}
    found, usable = Found(), Found()
    for tries in meanings:
        one = _tried(tries, clock, zone, here, slipping_asks=isinstance(words.day, Weekday))
        found |= one
        if one.never or any(at <= here.latest for at in one.instants):
            usable |= one
    if isinstance(words.day, Dates | YearDay):
        return found.asking(Question.DAY_OR_MONTH) if len(meanings) > 1 else found
    several = len(usable.instants) > 1 and len(meanings) > 1
    found = usable if usable.instants else found
    return found.asking(Question.WHICH_DAY) if several else found


def _day_meanings(day: Day | None, zone: tzinfo, here: Here) -> set[Tries]:
    """A day reckoned from today is reckoned from the zone's today and from the speaker's, where these differ."""
    todays = {here.now.astimezone(zone).date()}
    if isinstance(day, DaysBack) or (isinstance(day, Weekday) and day.last):
        todays.add(here.now.astimezone(here.zone).date())
    return {tries for today in todays for tries in possible_days(day, today)}


def _tried(tries: Tries, clock: time, zone: tzinfo, here: Here, *, slipping_asks: bool) -> Found:
    """The first of these days whose local time is past. A day on the way that has it never or twice is not passed over
    without a word; nor is a weekday that is today and has it still to come."""
    found, asks = Found(), frozenset[Question]()
    for day in tries:
        instants = local_instants(day, clock, zone)
        if not instants:
            return Found(never=True)
        if len(instants) > 1:
            asks |= {Question.FIRST_OR_SECOND}
        found = Found(frozenset(instants), asks)
        if any(at <= here.latest for at in instants):
            return found
        if slipping_asks:
            asks |= {Question.WHICH_DAY}
    return found
