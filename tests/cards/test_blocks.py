import html
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.blocks import MOST_PEOPLE, button, count, cut, escape, local, people, utc_words
from bot.rules.ids import PersonId
from tests.builders import ANNA, OLGA, T0


@given(st.text())
def test_escaped_text_holds_no_markup_and_reads_as_it_was(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert html.unescape(escape("&lt;")) == "&lt;"
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@pytest.mark.parametrize("text", ["<!channel>", "<@U123>", "<https://evil.example|click>", "a & b < c > d"])
def test_nobody_is_called_and_nothing_is_linked_by_outside_text(text: str) -> None:
    assert not {"<", ">"} & set(escape(text))


@given(st.text(max_size=50), st.integers(1, 60))
def test_a_cut_text_is_never_longer_and_says_that_it_was_cut(text: str, most: int) -> None:
    shown = cut(text, most)
    assert len(shown) <= most
    assert shown == text or shown.endswith("…")


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (0, "row", "0 rows"),
        (1, "row", "1 row"),
        (2, "row", "2 rows"),
        (1204, "row", "1,204 rows"),
        (10**15, "row", "1,000,000,000,000,000 rows"),
        (1, "child branch", "1 child branch"),
        (2, "child branch", "2 child branches"),
    ],
)
def test_things_are_counted_as_people_count(number: int, noun: str, words: str) -> None:
    assert count(number, noun) == words


def test_a_button_brings_its_value_back_as_json() -> None:
    made = button("Approve", "vote.approve", {"request": 'r-"1"', "target": "naïve"}, "primary")
    assert json.loads(made["value"]) == {"request": 'r-"1"', "target": "naïve"}


def test_a_moment_is_written_to_the_millisecond_and_in_the_readers_zone() -> None:
    at = datetime(2026, 11, 20, 10, 25, 0, 123999, tzinfo=UTC)
    assert utc_words(at) == "2026-11-20 10:25:00.123 UTC"
    assert local(at) == (
        f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time_secs}}|2026-11-20 10:25:00.123 UTC>"
    )
    assert utc_words(T0).endswith("12:00:00.000 UTC")


def test_people_are_named_by_id_so_that_slack_shows_their_name_of_today() -> None:
    assert people([OLGA, ANNA]) == "<@UOLGA>, <@UANNA>"


def test_of_very_many_people_some_are_named_and_the_rest_counted() -> None:
    crowd = [PersonId(f"U{number:010}") for number in range(MOST_PEOPLE + 1)]
    assert people(crowd[:-1]).endswith("<@U0000000049>")
    assert people(crowd).endswith("<@U0000000049> and 1 more")
