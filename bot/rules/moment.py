"""What a person's words for a moment can come to: one restore point, a question, or a refusal.

Values only. How words are read is decided in `commands/when.py`, how each of these is said in `bot/cards/words.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.errors import Fact, Kind


class Question(StrEnum):
    """Why words mean more than one instant; where several apply, the first of these is asked."""

    WHICH_ZONE = "which_zone"  # CST is a zone of three continents
    WINTER_OR_SUMMER = "winter_or_summer"  # CET in July: the zone's name, or the offset it stands for?
    DAY_OR_MONTH = "day_or_month"  # 11/10
    FIRST_OR_SECOND = "first_or_second"  # a local time that happens twice on the night the clocks go back
    WHAT_TIME = "what_time"  # a date alone
    BARE_NUMBER = "bare_number"  # 1025, 90
    HOW_LONG_AGO = "how_long_ago"  # `2 hours`, without `ago`
    WHICH_DAY = "which_day"  # last Monday; yesterday, where the zone that was said has another today


class Remark(StrEnum):
    """What to say beside an instant so that nobody is surprised by it."""

    DAY_BEFORE = "day_before"  # a clock time without a date fell on the day before, in its zone
    CUT = "cut"  # finer than a millisecond, and cut down to it


@dataclass(frozen=True, slots=True)
class Read:
    """Exactly one instant, in UTC, to the microsecond."""

    instant: datetime
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A restore point that is no instant, normalised: `lsn 0/16B3748` or `from nightly`."""

    restore_point: str


@dataclass(frozen=True, slots=True)
class Ask:
    """The instants it can mean, in UTC, oldest first; never in the future, and there may be only one."""

    question: Question
    choices: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    kind: Kind
    facts: Mapping[str, Fact] = field(default_factory=dict)


Reading = Read | Named | Ask | Refuse
