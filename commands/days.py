"""Which days words for a day can mean, seen from a today. Instants and zones are not known here.

Each possible meaning is a tuple of dates, to be tried in turn until one of them is past: a year or month that was not
said is this one, or the one before where that is nearer than what is still to come.
"""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Dates:
    """Whole dates; two where day and month could be either way round."""

    dates: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class YearDay:
    """Month and day without a year; two where they could be either way round."""

    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class MonthDay:
    """`the 19th`."""

    day: int


@dataclass(frozen=True, slots=True)
class DaysBack:
    """Yesterday is 1 day back, tomorrow -1; two counts where it could be either."""

    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Weekday:
    """Monday is 0. `last` is what it says before the name."""

    number: int
    last: bool = False


Day = Dates | YearDay | MonthDay | DaysBack | Weekday
Tries = tuple[date, ...]


def possible_days(day: Day | None, today: date) -> tuple[Tries, ...]:
    """The meanings `day` can have, each as dates to be tried in turn; empty when there is no such day at all."""
    match day:
        case None:
            return ((today, today - timedelta(days=1)),)
        case Dates(dates):
            return tuple((one,) for one in dates)
        case YearDay(pairs):
            return tuple(tries for month, number in pairs if (tries := _in_year(month, number, today)))
        case MonthDay(number):
            return (_in_month(number, today),) if 1 <= number <= 31 else ()
        case DaysBack(counts):
            return tuple((today - timedelta(days=count),) for count in counts)
        case Weekday(number, last=True):
            return tuple((one,) for one in _last_weekdays(number, today))
        case Weekday(number):
            back = today - timedelta(days=(today.weekday() - number) % 7)
            return ((back, back - timedelta(days=7)),)


def a_date(year: int, month: int, day: int) -> date | None:
    """That date, if it exists and lies where clocks can be reckoned with."""
    try:
        return date(year, month, day) if 1970 <= year <= 9990 else None
    except ValueError:
        return None


def _in_year(month: int, day: int, today: date) -> Tries:
    found = [one for year in range(today.year - 8, today.year + 9) if (one := a_date(year, month, day))]
    return _nearest(found, today)


def _in_month(day: int, today: date) -> Tries:
    months = [divmod(today.year * 12 + today.month - 1 + step, 12) for step in (-2, -1, 0, 1, 2)]
    found = [one for year, month in months if (one := a_date(year, month + 1, day))]
    return _nearest(found, today)


def _nearest(found: list[date], today: date) -> Tries:
    """The newest that is not to come, unless what is still to come in this year or month is nearer."""
    past = [one for one in found if one <= today]
    coming = [one for one in found if one > today]
    if coming and past and coming[0] - today < today - past[-1] and _same_period(coming[0], past[-1], today):
        return (coming[0],)
    return (past[-1],) if past else tuple(coming[:1])


def _same_period(coming: date, past: date, today: date) -> bool:
    """Whether `coming` is this year's (or, of a day of the month, this month's) and `past` is an earlier one's."""
    if (coming.month, coming.day) == (past.month, past.day):
        return coming.year == today.year
    return (coming.year, coming.month) == (today.year, today.month)


def _last_weekdays(number: int, today: date) -> list[date]:
    """The newest before today, and last week's, for weeks that begin on Monday or Sunday: often the same day."""
    newest = today - timedelta(days=(today.weekday() - number - 1) % 7 + 1)
    monday = today - timedelta(days=today.weekday() + 7)
    sunday = today - timedelta(days=(today.weekday() + 1) % 7 + 7)
    weeks = {monday + timedelta(days=number), sunday + timedelta(days=(number + 1) % 7)}
    return sorted({newest, *weeks})
