import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.clock import age_words, cut_to_millisecond, from_iso, iso, system_clock, utc

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=zones)  # noqa: DTZ001 - bounds
SECONDS = {"d": 86400, "h": 3600, "min": 60, "s": 1}


def test_the_clock_says_utc() -> None:
    assert system_clock().utcoffset() == timedelta(0)


@given(moments)
def test_utc_is_the_same_instant(moment: datetime) -> None:
    assert utc(moment) == moment
    assert utc(moment).tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        utc(datetime(2026, 11, 20))  # noqa: DTZ001 - the point


@given(moments)
def test_what_is_written_to_the_millisecond_reads_back(moment: datetime) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", iso(moment))
    assert from_iso(iso(moment)) == cut_to_millisecond(moment)


@given(moments)
def test_a_cut_goes_back_by_less_than_a_millisecond(moment: datetime) -> None:
    assert timedelta(0) <= moment - cut_to_millisecond(moment) < timedelta(milliseconds=1)


@pytest.mark.parametrize("text", ["", "None", "banana", "2026-11-20", "2026-11-20T10:25:00", "10:25Z"])
def test_what_is_no_instant_with_a_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_iso(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (0.999, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (299, "4 min 59 s"),
        (301, "5 min"),
        (27 * 60, "27 min"),
        (3600, "1 h"),
        (7 * 3600 + 600, "7 h 10 min"),
        (86400, "24 h"),
        (86400 + 60, "24 h 1 min"),
        (3 * 86400 + 2 * 3600 + 61, "3 d 2 h"),
        (400 * 86400, "400 d"),
    ],
)
def test_ages_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert age_words(timedelta(seconds=seconds)) == words


@given(st.integers(0, 10_000 * 86400))
def test_the_words_of_an_age_never_overstate_it_and_miss_less_than_the_next_unit(seconds: int) -> None:
    parts = [part.split(" ") for part in re.findall(r"\d+ \w+", age_words(timedelta(seconds=seconds)))]
    told = sum(int(number) * SECONDS[unit] for number, unit in parts)
    assert 1 <= len(parts) <= 2
    assert told <= seconds
    assert seconds - told < (3600 if seconds >= 86400 else 60 if seconds >= 300 else 1)
