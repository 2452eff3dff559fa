from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import Kind, Refused
from bot.rules.clock import cut_to_millisecond, iso
from commands.when import LONGEST_PHRASE, read

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SUMMER = datetime(2026, 7, 15, 8, 30, tzinfo=UTC)
SPRING_FORWARD = datetime(2026, 3, 29, 9, 0, tzinfo=UTC)
FALL_BACK = datetime(2026, 10, 25, 9, 0, tzinfo=UTC)


def told(phrase: str, now: datetime = NOW) -> str:
    """The instant, or the kind of the refusal."""
    try:
        return read(phrase, now).isoformat().replace("+00:00", "Z")
    except Refused as error:
        return error.kind.value


@pytest.mark.parametrize(
    ("phrase", "instant"),
    [
        ("10:25 UTC", "2026-11-20T10:25:00Z"),
        ("10:25:30 UTC", "2026-11-20T10:25:30Z"),
        ("10:25 utc", "2026-11-20T10:25:00Z"),
        ("10:25Z", "2026-11-20T10:25:00Z"),
        ("  10:25   UTC ", "2026-11-20T10:25:00Z"),
        ("9:05 UTC", "2026-11-20T09:05:00Z"),
        ("00:00 UTC", "2026-11-20T00:00:00Z"),
        ("11:59:59 UTC", "2026-11-20T11:59:59Z"),
        ("12:01 UTC", "2026-11-19T12:01:00Z"),
        ("23:59:59 UTC", "2026-11-19T23:59:59Z"),
        ("2026-11-19T10:00:00Z", "2026-11-19T10:00:00Z"),
        ("2026-11-19 10:00 UTC", "2026-11-19T10:00:00Z"),
        ("2026-11-19t10:00z", "2026-11-19T10:00:00Z"),
        ("2026-11-20T10:25:00+02:00", "2026-11-20T08:25:00Z"),
        ("2026-11-20T05:25-0530", "2026-11-20T10:55:00Z"),
        ("2026-11-20T10:25:00.123Z", "2026-11-20T10:25:00.123000Z"),
        ("2026-11-20T10:25:00,5Z", "2026-11-20T10:25:00.500000Z"),
        ("2026-11-20T10:25:00.999999Z", "2026-11-20T10:25:00.999000Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("90 seconds ago", "2026-11-20T11:58:30Z"),
        ("1 second ago", "2026-11-20T11:59:59Z"),
        ("30 minutes ago", "2026-11-20T11:30:00Z"),
        ("1 minute ago", "2026-11-20T11:59:00Z"),
        ("2 hours ago", "2026-11-20T10:00:00Z"),
        ("2 HOURS AGO", "2026-11-20T10:00:00Z"),
        ("30hours ago", "2026-11-19T06:00:00Z"),
        ("400 days ago", "2025-10-16T12:00:00Z"),
    ],
)
def test_a_phrase_is_one_instant(phrase: str, instant: str) -> None:
    assert told(phrase) == instant


@pytest.mark.parametrize(
    "phrase",
    [
        "",
        " ",
        "banana",
        "10:25",
        "25:00 UTC",
        "24:00 UTC",
        "10:60 UTC",
        "10:25:60 UTC",
        "10:25 CET",
        "10:25 UTC+2",
        "10:25 am",
        "1025 UTC",
        "10:25 UTC tomorrow",
        "about 10:25 UTC",
        "10:25 UTC or so",
        "10:25 - 10:30 UTC",
        "2026-02-30T10:00:00Z",
        "2026-13-01T10:00:00Z",
        "2025-02-29T10:00:00Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T10:25:60Z",
        "2026-11-20",
        "2026-11-20T10:25:00",
        "2026-11-20T10:25:00.1234567Z",
        "2026-11-20T10:25:00+99:99",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "minutes ago",
        "-5 minutes ago",
        "1.5 hours ago",
        "5 minutes",
        "5 minutes ago ago",
        "123456 minutes ago",
        "5 fortnights ago",
        "in 5 minutes",
        "now",
        "lsn 0/16B3748",
        "10:2５ UTC",
        "٣ hours ago",
        "5 minute\u017f ago",
        "10:25 UTC\u200b",
        "10:25 UTC\x00",
        "10:25 UTC; drop table orders",
        "`10:25 UTC`",
    ],
)
def test_what_is_not_of_a_known_shape_is_refused(phrase: str) -> None:
    assert told(phrase) == Kind.TIME_UNREADABLE


@pytest.mark.parametrize("phrase", ["2026-11-20T12:00:01Z", "2030-01-01T00:00Z", "9999-12-31T23:59:59-12:00"])
def test_the_future_is_refused_and_never_slips_to_the_past(phrase: str) -> None:
    assert told(phrase) in {Kind.TIME_IN_FUTURE, Kind.TIME_UNREADABLE}


@pytest.mark.parametrize("phrase", ["0 seconds ago", "0 days ago", "12:00 UTC", "2026-11-20T11:59:59.001Z"])
def test_the_present_is_too_recent(phrase: str) -> None:
    assert told(phrase) == Kind.TIME_TOO_RECENT


@pytest.mark.parametrize(
    ("text", "now", "accept"),
    [
        ("10:25 UTC", NOW, {"2026-11-20T10:25:00Z"}),
        ("10:25", NOW, {"2026-11-20T10:25:00Z"}),
        ("13:25 UTC", NOW, {"2026-11-19T13:25:00Z"}),
        ("2 hours ago", NOW, {"2026-11-20T10:00:00Z"}),
        ("2026-11-19T10:00:00Z", NOW, {"2026-11-19T10:00:00Z"}),
        ("yesterday 14:30", NOW, {"2026-11-19T14:30:00Z"}),
        ("30 minutes before 10:30 UTC", NOW, {"2026-11-20T10:00:00Z"}),
        ("1025 UTC", NOW, {"2026-11-20T10:25:00Z"}),
        ("half an hour ago", NOW, {"2026-11-20T11:30:00Z"}),
        ("10:25 Europe/Berlin", NOW, {"2026-11-20T09:25:00Z"}),
        ("11/10 10:25", NOW, set()),
        ("10:25 IST", NOW, set()),
        ("tomorrow 10:00", NOW, set()),
        ("banana", NOW, set()),
        ("1763633100", NOW, {"2025-11-20T10:05:00Z"}),
        ("90s ago", NOW, {"2026-11-20T11:58:30Z"}),
        ("10 UTC", NOW, {"2026-11-20T10:00:00Z"}),
        ("10:25", SUMMER, {"2026-07-15T08:25:00Z"}),
        ("10:45", SUMMER, {"2026-07-14T08:45:00Z"}),
        ("02:30", SPRING_FORWARD, {"2026-03-28T01:30:00Z"}),
        ("02:30", FALL_BACK, set()),
    ],
)
def test_a_phrase_people_type_is_never_a_wrong_instant(text: str, now: datetime, accept: set[str]) -> None:
    """The instants that would be right; refusing is right as well, if not as kind."""
    assert told(text, now) in accept | {Kind.TIME_UNREADABLE.value}


def test_a_fraction_is_cut_down_to_what_neon_can_go_back_to() -> None:
    assert iso(read("2026-11-20T10:25:00.123999Z", NOW)) == "2026-11-20T10:25:00.123Z"
    odd = NOW.replace(microsecond=999_999)
    assert read("5 minutes ago", odd) == cut_to_millisecond(odd - timedelta(minutes=5))


def test_a_refusal_quotes_a_long_phrase_only_in_part() -> None:
    with pytest.raises(Refused) as caught:
        read("x" * 100_000, NOW)
    assert len(str(caught.value.facts["text"])) == LONGEST_PHRASE


def test_a_long_phrase_is_not_cut_to_one_that_can_be_read() -> None:
    assert told("10:25 UTC" + " " * LONGEST_PHRASE + "tomorrow") == Kind.TIME_UNREADABLE
    assert told("10:25 UTC" + "\n" * 5000) == "2026-11-20T10:25:00Z"


def test_hours_are_counted_as_they_passed_also_over_a_change_of_clocks() -> None:
    berlin = datetime(2026, 3, 29, 3, 30, tzinfo=ZoneInfo("Europe/Berlin"))  # 01:30 UTC, 02:30 never was
    assert told("2 hours ago", berlin) == "2026-03-28T23:30:00Z"
    assert told("00:15 UTC", berlin) == "2026-03-29T00:15:00Z"


nows = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 - bounds
    datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
pieces = st.sampled_from(
    [
        "10:25",
        "1",
        "99999",
        "UTC",
        "Z",
        "ago",
        "hours",
        "days",
        "2026-11-20",
        "T",
        "+02:00",
        " ",
        "\n",
        "-",
        ".",
    ]
)
phrases = (
    st.text(max_size=60)
    | st.lists(pieces, max_size=8).map("".join)
    | st.from_regex(r"\A\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|UTC|[+-]\d\d:?\d\d)\Z")
    | st.from_regex(r"\A\d{1,2}:\d\d(:\d\d)? ?(UTC|Z)\Z")
    | st.from_regex(r"\A\d{1,5} (second|minute|hour|day)s? ago\Z")
)


@given(phrases, nows)
@example("0001-01-01T00:00:00+14:00", NOW)
@example("9999-12-31T23:59:59-14:00", NOW)
@example("99999 days ago", NOW)
def test_any_text_is_a_past_instant_in_whole_milliseconds_or_refused(phrase: str, now: datetime) -> None:
    try:
        instant = read(phrase, now)
    except Refused as error:
        assert error.kind in {Kind.TIME_UNREADABLE, Kind.TIME_IN_FUTURE, Kind.TIME_TOO_RECENT}
        return
    assert instant.tzinfo is UTC
    assert instant <= now - timedelta(seconds=1)
    assert instant.microsecond % 1000 == 0
    assert read(phrase, now) == instant


@given(nows.filter(lambda now: now.year < 2089))
def test_an_instant_that_was_shown_can_be_typed_back(moment: datetime) -> None:
    assert read(iso(moment), moment + timedelta(days=1)) == cut_to_millisecond(moment)
    assert read(moment.isoformat(), moment + timedelta(days=1)) == cut_to_millisecond(moment)


@given(st.integers(0, 99_999), st.sampled_from(["second", "minute", "hour", "day"]), nows)
def test_n_units_ago_is_exactly_that_and_grows_older_with_n(count: int, unit: str, now: datetime) -> None:
    ago = [f"{number} {unit}s ago" for number in (count, count + 1)]
    length = timedelta(**{f"{unit}s": 1})
    if count * length < timedelta(seconds=1) or count == 99_999:
        return
    assert read(ago[0], now) == cut_to_millisecond(now - count * length)
    assert read(ago[1], now) == cut_to_millisecond(now - (count + 1) * length)


@given(st.times(), nows)
def test_a_clock_time_is_its_most_recent_occurrence(clock: time, now: datetime) -> None:
    phrase = f"{clock:%H:%M:%S} UTC"
    try:
        instant = read(phrase, now)
    except Refused as error:
        assert error.kind is Kind.TIME_TOO_RECENT
        return
    assert timedelta(seconds=1) <= now - instant < timedelta(days=1)
    assert f"{instant:%H:%M:%S} UTC" == phrase
