import html
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.blocks import (
    Card,
    actions,
    button,
    context,
    count,
    cut,
    escape,
    fields,
    header,
    local,
    modal,
    people,
    section,
    text_input,
    utc_words,
)
from tests.builders import ANNA, OLGA, T0
from tests.cards.limits import complaints, complaints_of_view


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


@given(st.text(min_size=1, max_size=5000))
def test_no_text_breaks_slacks_limits(text: str) -> None:
    parts = (header(text), section(text), context(text), fields(text, text))
    assert complaints(Card("text", parts)) == []


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
    assert complaints(Card("text", (actions("row", made, button("Deny", "vote.deny", {})),))) == []


def test_a_modal_with_a_long_title_and_an_input_is_one_slack_takes() -> None:
    view = modal(
        "vote.deny",
        {"request": "r-1"},
        "A title of more than 24 characters",
        "Deny",
        [text_input("a", "b", hint="c")],
    )
    assert complaints_of_view(view) == []


def test_a_moment_is_written_to_the_millisecond_and_in_the_readers_zone() -> None:
    at = datetime(2026, 11, 20, 10, 25, 0, 123999, tzinfo=UTC)
    assert utc_words(at) == "2026-11-20 10:25:00.123 UTC"
    assert local(at) == (
        f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time_secs}}|2026-11-20 10:25:00.123 UTC>"
    )
    assert utc_words(T0).endswith("12:00:00.000 UTC")


def test_people_are_named_by_id_so_that_slack_shows_their_name_of_today() -> None:
    assert people([OLGA, ANNA]) == "<@UOLGA>, <@UANNA>"
