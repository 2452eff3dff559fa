import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.moment import QUESTIONS, READING, REMARKS, question_card, question_facts
from bot.cards.restore import request_card
from bot.rules.moment import Question, Remark
from bot.rules.request import Stage
from tests.builders import T0, TARGET, preview, request, request_at
from tests.cards.reading import labels, words

CHOICES = [T0 - timedelta(hours=14), T0 - timedelta(hours=2, microseconds=1)]


def test_every_question_and_every_remark_has_words() -> None:
    assert set(QUESTIONS) == set(Question)
    assert set(REMARKS) == set(Remark)


@pytest.mark.parametrize("question", Question)
def test_a_question_shows_each_reading_in_three_forms_with_a_button_of_its_own(question: Question) -> None:
    card = question_card(question_facts("10 UTC", "prod", question, CHOICES, T0))
    shown = words(card)
    assert QUESTIONS[question] in shown
    assert "`10 UTC`" in shown
    assert "2026-11-19 22:00:00.000 UTC" in shown
    assert f"<!date^{int(CHOICES[0].timestamp())}^" in shown
    assert "14 h ago" in shown
    assert labels(card) == ["2026-11-19 22:00:00.000 UTC", "2026-11-20 09:59:59.999 UTC"]


def test_a_button_carries_its_instant_to_the_microsecond() -> None:
    card = question_card(question_facts("10 UTC", "prod", Question.BARE_NUMBER, CHOICES, T0))
    rows = [block["elements"] for block in card.blocks if block["type"] == "actions"]
    assert {element["action_id"] for row in rows for element in row} == {READING}
    assert rows[1][0]["value"] == '{"target": "prod", "at": "2026-11-20T09:59:59.999999+00:00"}'
    assert len({block["block_id"] for block in card.blocks if block["type"] == "actions"}) == len(CHOICES)


@given(st.text(max_size=200) | st.just("<!here> `x`"))
def test_no_words_break_out_of_the_question(said: str) -> None:
    shown = words(question_card(question_facts(said, "prod", Question.WHAT_TIME, CHOICES, T0)))
    assert not {"<", ">"} & set(re.sub(r"<!date\^-?\d+\^[^<>]*>", "", shown))


@pytest.mark.parametrize("stage", Stage)
def test_a_card_says_what_was_remarkable_about_the_reading_at_every_stage(stage: Stage) -> None:
    start = request(remarks=tuple(Remark))
    card = request_card(request_at(stage, start=start), TARGET)
    assert "that was *yesterday*" in words(card)
    assert "cut down to the millisecond" in words(card)
    assert "yesterday" not in words(request_card(request_at(stage), TARGET))


def test_a_preview_says_the_last_commit_before_the_moment_or_that_nobody_can_tell() -> None:
    committed = T0 - timedelta(minutes=95, milliseconds=42)
    for found, told in [
        (preview(last_commit=committed), "last commit before that moment: `2026-11-20 10:24:59.958 UTC`"),
        (preview(), "cannot tell the last commit before that moment"),
    ]:
        card = request_card(request_at(Stage.CHOOSING, found=found), TARGET)
        assert told in words(card)
