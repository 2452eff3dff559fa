"""Words for a length of time: `90s`, `1h30m`, `half an hour`, `two hours and 5 minutes`. Exact lengths only.

A day is 24 hours and a week seven of them; months and years have no one length and are not read.
"""

import re
from datetime import timedelta
from fractions import Fraction

LONGEST = timedelta(days=365_000)

_UNITS = {
    "week": ("weeks", "week", "wks", "wk", "w"),
    "day": ("days", "day", "d"),
    "hour": ("hours", "hour", "hrs", "hr", "h"),
    "minute": ("minutes", "minute", "mins", "min", "m"),
    "second": ("seconds", "second", "secs", "sec", "s"),
    "millisecond": ("milliseconds", "millisecond", "msecs", "msec", "ms"),
}
_MICROSECONDS = {
    "week": 604_800_000_000,
    "day": 86_400_000_000,
    "hour": 3_600_000_000,
    "minute": 60_000_000,
    "second": 1_000_000,
    "millisecond": 1_000,
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}
_ONES = dict(
    zip(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], range(1, 10), strict=True)
)
_TEENS = [
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = dict(
    zip(["twenty", "thirty", "forty", "fifty", "sixty", "ninety"], (20, 30, 40, 50, 60, 90), strict=True)
)
_NUMBERS = {
    "a": 1,
    "an": 1,
    **_ONES,
    **{word: 10 + place for place, word in enumerate(_TEENS)},
    **_TENS,
    **{f"{ten}{sep}{one}": t + o for ten, t in _TENS.items() for one, o in _ONES.items() for sep in "- "},
}
_WORD = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_UNIT = "|".join(sorted(_UNIT_OF, key=len, reverse=True))
_PIECE = re.compile(
    rf"(?:(?P<digits>\d{{1,9}}(?:\.\d{{1,6}})?)(?P<h1> and a half)? ?|(?P<word>{_WORD})(?P<h2> and a half)? )"
    rf"(?P<unit>{_UNIT})(?P<h3> and a half)?(?![a-z])"
)
_BETWEEN = re.compile(r",? and |, ?| |")
_WHOLE = {
    "half an hour": timedelta(minutes=30),
    "half hour": timedelta(minutes=30),
    "a half hour": timedelta(minutes=30),
    "half a minute": timedelta(seconds=30),
    "half a day": timedelta(hours=12),
    "quarter hour": timedelta(minutes=15),
    "a quarter hour": timedelta(minutes=15),
    "quarter of an hour": timedelta(minutes=15),
    "a quarter of an hour": timedelta(minutes=15),
    "three quarters of an hour": timedelta(minutes=45),
}


def span(text: str) -> timedelta | None:
    """The length that all of `text` (lower case, single spaces) says, or None. Units have to go down in size."""
    if text in _WHOLE:
        return _WHOLE[text]
    microseconds, at, smallest, whole = Fraction(0), 0, Fraction(10**18), True
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None:
            if smallest == _MICROSECONDS["hour"] and re.search(r"h[0-5]\d$", text) and at == len(text) - 2:
                return _bounded(microseconds + int(text[at:]) * _MICROSECONDS["minute"])  # 1h30
            return None
        unit = Fraction(_MICROSECONDS[_UNIT_OF[match["unit"]]])
        if unit >= smallest or not whole:
            return None
        number = Fraction(match["digits"]) if match["digits"] else Fraction(_NUMBERS[match["word"]])
        halves = sum(match[name] is not None for name in ("h1", "h2", "h3"))
        whole = number.denominator == 1 and not halves and "." not in (match["digits"] or "")
        if halves > 1 or (halves and number.denominator != 1):
            return None
        microseconds += (number + Fraction(halves, 2)) * unit
        smallest, at = unit, match.end()
        if at < len(text):
            between = _BETWEEN.match(text, at)
            assert between is not None  # it matches the empty text
            if between.end() == len(text):
                return None
            at = between.end()
    return _bounded(microseconds) if text else None


def _bounded(microseconds: Fraction) -> timedelta | None:
    if microseconds.denominator != 1 or microseconds > LONGEST // timedelta(microseconds=1):
        return None
    return timedelta(microseconds=int(microseconds))
