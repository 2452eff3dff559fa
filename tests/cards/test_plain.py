import pytest

from bot.cards.alert import alert_card
from bot.cards.blocks import actions, button, context, divider, escape, header, local, section
from bot.cards.plain import plain
from bot.cards.restore import request_card
from bot.rules.freshness import Alert, observed
from bot.rules.request import Stage
from tests.builders import PROD, T0, TARGET, request_at

NAMES = {"UOLGA": "Olga"}


@pytest.mark.parametrize("stage", Stage)
def test_a_card_as_plain_text_holds_no_markup(stage: Stage) -> None:
    text = plain(request_card(request_at(stage), TARGET).blocks, NAMES)
    assert not {"*", "`", "<", ">"} & set(text.replace("asked for by", ""))
    assert ":white_check_mark:" not in text
    assert "@Olga" in text


def test_an_alert_as_plain_text_is_marked_as_one() -> None:
    never = observed(None, target=PROD, max_age=TARGET.policy.max_age, now=T0)
    text = plain(alert_card(Alert("a-1", PROD, TARGET.channel, T0, never)).blocks, {})
    assert "== prod has never been backed up ==" in text
    assert "[ALERT]" in text
    assert "[ Back up now ]" in text


def test_every_block_is_on_a_line_of_its_own() -> None:
    blocks = [
        header("Title"),
        section("one"),
        divider(),
        context("two"),
        actions("row", button("Go", "go", {})),
    ]
    assert plain(blocks, {}).splitlines() == ["== Title ==", "one", "(two)", "[ Go ]"]


def test_times_are_in_utc_and_escaped_text_reads_as_it_was() -> None:
    assert plain([section(local(T0))], {}) == "2026-11-20 12:00:00.000 UTC"
    assert plain([section(escape("a < b & c > d"))], {}) == "a < b & c > d"
    assert plain([section("<@UOLGA> and <@UALI>")], NAMES) == "@Olga and @UALI"
    assert plain([section("<https://neon.tech|Neon> <https://x.example>")], {}) == "Neon https://x.example"
