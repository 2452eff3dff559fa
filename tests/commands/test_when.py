import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as clock_time
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import Kind
from bot.rules.clock import cut_to_millisecond, iso
from bot.rules.moment import Ask, Named, Question, Read, Reading, Refuse, Remark
from commands.when import LONGEST_PHRASE, LONGEST_TEXT, read
from commands.zone_words import zone_named
from tests.commands.moments import Phrase, phrases, told

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SUMMER = datetime(2026, 7, 15, 8, 30, tzinfo=UTC)
SPRING_FORWARD = datetime(2026, 3, 29, 9, 0, tzinfo=UTC)
FALL_BACK = datetime(2026, 10, 25, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
PHRASES = list(phrases())
ZONES = [
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "America/St_Johns",
    "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Sydney", "Australia/Lord_Howe",
    "Pacific/Apia", "Pacific/Kiritimati", "Africa/Casablanca", "America/Sao_Paulo",
]  # fmt: skip


@pytest.mark.parametrize("phrase", PHRASES, ids=str)
def test_a_phrase_is_read_as_it_was_judged_by_hand(phrase: Phrase) -> None:
    assert told(read(phrase.text, phrase.now, zone_named(phrase.zone))) == phrase.wanted


def test_there_are_several_hundred_of_them_of_every_kind() -> None:
    assert len(PHRASES) > 800
    kinds = {phrase.wanted.split()[1] for phrase in PHRASES if phrase.wanted.startswith("ask")}
    assert kinds == {question.value for question in Question}
    remarks = {word for phrase in PHRASES if phrase.wanted[0] == "2" for word in phrase.wanted.split()[1:]}
    assert remarks == {remark.value for remark in Remark}


@pytest.mark.parametrize(
    ("text", "now", "zone", "wanted"),
    [
        ("10:25 UTC", NOW, "UTC", "2026-11-20T10:25:00Z"),
        ("10:25", NOW, "UTC", "2026-11-20T10:25:00Z"),
        ("13:25 UTC", NOW, "UTC", "2026-11-19T13:25:00Z"),
        ("2 hours ago", NOW, "UTC", "2026-11-20T10:00:00Z"),
        ("2026-11-19T10:00:00Z", NOW, "UTC", "2026-11-19T10:00:00Z"),
        ("yesterday 14:30", NOW, "UTC", "2026-11-19T14:30:00Z"),
        ("30 minutes before 10:30 UTC", NOW, "UTC", "2026-11-20T10:00:00Z"),
        ("1025 UTC", NOW, "UTC", "2026-11-20T10:25:00Z"),
        ("half an hour ago", NOW, "UTC", "2026-11-20T11:30:00Z"),
        ("10:25 Europe/Berlin", NOW, "UTC", "2026-11-20T09:25:00Z"),
        ("11/10 10:25", NOW, "UTC", "ask"),
        ("10:25 IST", NOW, "UTC", "ask"),
        ("tomorrow 10:00", NOW, "UTC", "refuse"),
        ("banana", NOW, "UTC", "refuse"),
        ("1763633100", NOW, "UTC", "2025-11-20T10:05:00Z"),
        ("90s ago", NOW, "UTC", "2026-11-20T11:58:30Z"),
        ("10 UTC", NOW, "UTC", "ask"),
        ("10:25", SUMMER, "Europe/Berlin", "2026-07-15T08:25:00Z"),
        ("10:45", SUMMER, "Europe/Berlin", "2026-07-14T08:45:00Z"),
        ("02:30", SPRING_FORWARD, "Europe/Berlin", "refuse"),
        ("02:30", FALL_BACK, "Europe/Berlin", "ask"),
    ],
)
def test_a_phrase_people_type_comes_to_the_best_that_can_be_made_of_it(
    text: str, now: datetime, zone: str, wanted: str
) -> None:
    assert told(read(text, now, zone_named(zone))).split()[0] == wanted


# What the table cannot hold


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "\x00", "10:25 UTC\x00", "\u200b10:25", "x" * 10**6, "1" * 5000]
)
def test_nothing_and_too_much_are_refused(text: str) -> None:
    assert told(read(text, NOW, UTC)) == f"refuse {Kind.TIME_UNREADABLE}"


def test_any_white_space_separates_words_also_the_kinds_that_are_pasted() -> None:
    for text in ("  10:25   UTC ", "10:25\tUTC", "10:25\nUTC\n", "10:25\u00a0UTC", "10:25\u202fam"):
        assert told(read(text, NOW, UTC)) == "2026-11-20T10:25:00Z"


def test_a_refusal_quotes_a_long_phrase_only_in_part() -> None:
    refusal = read("x" * 100_000, NOW, UTC)
    assert isinstance(refusal, Refuse)
    assert len(str(refusal.facts["text"])) == LONGEST_PHRASE


def test_a_long_phrase_is_not_cut_to_one_that_can_be_read() -> None:
    assert isinstance(read("10:25 UTC" + " " * LONGEST_PHRASE + "tomorrow banana", NOW, UTC), Refuse)
    assert isinstance(read("10:25 UTC" + " " * LONGEST_TEXT + "banana", NOW, UTC), Refuse)
    assert told(read("10:25 UTC" + "\n" * 5000, NOW, UTC)) == "2026-11-20T10:25:00Z"


def test_without_a_zone_of_the_persons_only_words_that_need_none_are_read() -> None:
    for text in ("10:25", "yesterday 10:25", "2026-11-19T10:25:00", "2026-11-19", "10"):
        assert told(read(text, NOW, None)) == f"refuse {Kind.ZONE_UNKNOWN}"
    for text in (
        "10:25 UTC",
        "95 minutes ago",
        "2026-11-20T10:25:00Z",
        "1795170300",
        "5 minutes before 10:30Z",
    ):
        assert told(read(text, NOW, None)) == "2026-11-20T10:25:00Z"


def test_a_refused_future_says_which_moment_it_was_and_what_time_it_is() -> None:
    assert read("tomorrow 10:00", NOW, UTC) == Refuse(
        Kind.TIME_IN_FUTURE, {"asked": "2026-11-21T10:00:00.000Z", "now": "2026-11-20T12:00:00.000Z"}
    )


def test_a_time_the_clocks_left_out_is_refused_with_its_zone() -> None:
    refusal = read("02:30", SPRING_FORWARD, BERLIN)
    assert refusal == Refuse(Kind.TIME_NEVER_WAS, {"text": "02:30", "zone": "Europe/Berlin"})


def test_hours_are_counted_as_they_passed_also_over_a_change_of_clocks() -> None:
    berlin = datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN)  # 01:30 UTC, 02:30 never was
    assert told(read("2 hours ago", berlin, BERLIN)) == "2026-03-28T23:30:00Z"
    assert told(read("00:15 UTC", berlin, BERLIN)) == "2026-03-29T00:15:00Z"


def test_a_time_without_a_zone_is_not_read_at_a_moment_without_one() -> None:
    with pytest.raises(ValueError, match="time zone"):
        read("10:25", datetime(2026, 11, 20), UTC)  # noqa: DTZ001


# Properties

instants = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zone_names = st.sampled_from(ZONES)
words = sorted({word for phrase in PHRASES for word in phrase.text.split(" ")})
texts = (
    st.text(max_size=120)
    | st.text(st.characters(max_codepoint=127), max_size=60)
    | st.lists(st.sampled_from(words), max_size=8).map(" ".join)
    | st.lists(st.sampled_from(words), max_size=8).map("".join)
    | st.sampled_from(PHRASES).map(lambda phrase: phrase.text)
    | st.tuples(st.sampled_from(PHRASES), st.integers(0, 30), st.sampled_from("0123456789:+-. zapm/")).map(
        lambda mix: mix[0].text[: mix[1]] + mix[2] + mix[0].text[mix[1] :]
    )
)


def one(reading: Reading) -> datetime:
    assert isinstance(reading, Read), reading
    return reading.instant


@given(texts, instants, zone_names)
@example("0001-01-01T00:00:00+14:00", NOW, "UTC")
@example("9999-12-31T23:59:59-14:00", NOW, "UTC")
@example("99999 days ago", NOW, "UTC")
@example("999999999 weeks ago", NOW, "UTC")
@example("2200-12-31 23:59:59 -12:00", NOW, "UTC")
def test_any_text_has_the_same_answer_twice_and_none_of_it_is_in_the_future(
    text: str, now: datetime, name: str
) -> None:
    zone = ZoneInfo(name)
    reading = read(text, now, zone)
    assert read(text, now, zone) == reading
    found = [reading.instant] if isinstance(reading, Read) else []
    if isinstance(reading, Ask):
        found = list(reading.choices)
        assert found == sorted(set(found))
        assert found
    assert all(instant <= now and instant.tzinfo is UTC for instant in found)


@given(texts, instants)
def test_words_that_are_read_without_a_zone_mean_the_same_to_everybody(text: str, now: datetime) -> None:
    alone = read(text, now, None)
    if isinstance(alone, Read) and not re.search(r"day|morning|night|noon|evening|\bE|\bP|\bM", text):
        assert {one(read(text, now, ZoneInfo(name))) for name in ZONES[:4]} == {alone.instant}


Write = Callable[[datetime], str]
FORMATS: list[Write] = [
    lambda at: at.isoformat(),
    lambda at: at.isoformat().replace("+00:00", "Z"),
    lambda at: at.isoformat(" "),
    lambda at: at.isoformat(" ").replace("+00:00", " UTC"),
    lambda at: at.isoformat().replace("+00:00", "+0000"),
    lambda at: at.isoformat().replace(".", ","),
    lambda at: at.isoformat().lower(),
    lambda at: at.astimezone(timezone(timedelta(hours=5, minutes=45))).isoformat(),
    lambda at: at.astimezone(timezone(timedelta(hours=-8))).isoformat(timespec="microseconds"),
    lambda at: f"{at.timestamp():.6f}",
    lambda at: f"{at:%b %d %Y %H:%M:%S.%f} UTC",
    lambda at: f"{at:%d %B %Y} at {at:%H:%M:%S.%f} UTC",
    lambda at: f"{at:%H:%M:%S.%f} UTC on {at:%d %b %Y}",
    lambda at: f"{at:%Y/%m/%d %H:%M:%S.%f}Z",
    lambda at: f"{at:%Y%m%dT%H%M%S.%f}Z",
]
WHOLE_SECONDS: list[Write] = [
    format_datetime,
    lambda at: f"{at:%a %b %d %H:%M:%S UTC %Y}",
    lambda at: f"{at:%A, %d %B %Y %H:%M:%S} GMT",
    lambda at: f"{at:%Y%m%dT%H%M%SZ}",
    lambda at: f"{at:%Y-%m-%d %I:%M:%S %p} UTC",
    lambda at: f"{at.timestamp():.0f}",
    lambda at: f"@{at.timestamp():.0f}",
    lambda at: f"{at.timestamp() * 1000:.0f}",
]


@given(instants, zone_names)
def test_an_instant_written_in_any_format_is_read_as_itself(at: datetime, name: str) -> None:
    zone, later = ZoneInfo(name), at + timedelta(days=400)
    for write in FORMATS:
        assert one(read(write(at), later, zone)) == at, write(at)
    whole = at.replace(microsecond=0)
    for write in WHOLE_SECONDS:
        assert one(read(write(whole), later, zone)) == whole, write(whole)
    assert one(read(iso(at), later, zone)) == cut_to_millisecond(at)


@given(instants, zone_names)
def test_a_local_time_is_read_as_itself_or_asked_about_where_it_was_there_twice(
    at: datetime, name: str
) -> None:
    zone = ZoneInfo(name)
    reading = read(at.astimezone(zone).replace(tzinfo=None).isoformat(" "), at + timedelta(days=1), zone)
    if isinstance(reading, Ask):
        assert reading.question is Question.FIRST_OR_SECOND
        assert at in reading.choices
        assert len(reading.choices) == 2
    else:
        assert one(reading) == at


UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
SPELLINGS = {"second": "s", "minute": "min", "hour": "hrs", "day": "d", "week": "wk"}


@given(st.integers(0, 50_000), st.sampled_from(sorted(UNITS)), instants, zone_names)
def test_n_units_ago_is_exactly_that_in_any_spelling_and_grows_older_with_n(
    count: int, unit: str, now: datetime, name: str
) -> None:
    zone, length = ZoneInfo(name), timedelta(seconds=UNITS[unit])
    assert one(read(f"{count} {unit}s ago", now, zone)) == now - count * length
    assert one(read(f"{count}{SPELLINGS[unit]} ago", now, zone)) == now - count * length
    assert one(read(f"-{count} {unit}", now, zone)) == now - count * length
    assert one(read(f"{count + 1} {unit}s ago", now, zone)) == now - (count + 1) * length


@given(st.integers(0, 700), instants, zone_names, st.times(timezones=st.none()))
def test_an_anchored_offset_is_that_far_from_its_anchor(
    minutes: int, now: datetime, name: str, clock: clock_time
) -> None:
    zone, text = ZoneInfo(name), f"{clock:%H:%M:%S}"
    anchor, before = read(f"{text} UTC", now, zone), read(f"{minutes} minutes before {text} UTC", now, zone)
    wished = one(anchor) - timedelta(minutes=minutes)
    if isinstance(before, Ask):
        assert wished in before.choices
        assert before.choices[-1] + timedelta(minutes=minutes) > now  # the anchor is still to come today
    else:
        assert one(before) == wished


@given(st.times(), instants, zone_names)
def test_a_clock_time_is_its_most_recent_occurrence_or_the_clocks_were_changed(
    clock: clock_time, now: datetime, name: str
) -> None:
    zone, text = ZoneInfo(name), f"{clock:%H:%M:%S}"
    reading = read(text, now, zone)
    today: date = now.astimezone(zone).date()
    match reading:
        case Read(instant, remarks):
            local = instant.astimezone(zone)
            assert f"{local:%H:%M:%S}" == text
            assert (local.date() == today) is (Remark.DAY_BEFORE not in remarks)
            assert now - instant < timedelta(hours=25)
        case Ask(question, choices):
            assert question is Question.FIRST_OR_SECOND
            assert {f"{choice.astimezone(zone):%H:%M:%S}" for choice in choices} == {text}
        case Refuse(kind):
            assert kind is Kind.TIME_NEVER_WAS
            assert name != "UTC"
        case Named():
            pytest.fail("a clock time is no name")


@pytest.mark.parametrize(
    "text",
    ["a" * 100, "1h" * 50, "10:25 " * 16, "5m before " * 10, "twenty " * 14, "nov 1 " * 16, "1 " * 50, "at " * 33,
     "-" * 100, "half an hour and " * 5, "x" * 10**7, " " * 10**7, "10:25 " * 10**6],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    read(text, NOW, BERLIN)
    began = time.perf_counter()
    read(text, NOW, BERLIN)
    assert time.perf_counter() - began < 0.2
