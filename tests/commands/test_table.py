from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cards.alert import alert_card
from bot.cards.home import home_view
from bot.cards.moment import question_card, question_facts
from bot.cards.restore import approve_modal, deny_modal, request_card
from bot.errors import Kind, Refused
from bot.rules.freshness import Alert, observed
from bot.rules.moment import Question
from bot.rules.request import Stage
from bot.rules.said import How
from commands.table import TABLE, command_for
from tests.builders import PROD, T0, TARGET, request_at, said


def buttons_of(blocks: Any) -> set[str]:
    rows = [block["elements"] for block in blocks if block["type"] == "actions"]
    return {element["action_id"] for row in rows for element in row}


def test_every_button_on_every_card_is_answered() -> None:
    stale = observed(None, target=PROD, max_age=TARGET.policy.max_age, now=T0)
    drawn = [request_card(request_at(stage), TARGET).blocks for stage in Stage]
    drawn += [alert_card(Alert("a-1", PROD, TARGET.channel, T0, stale)).blocks]
    drawn += [question_card(question_facts("10 UTC", "prod", Question.BARE_NUMBER, [T0], T0)).blocks]
    drawn += [tuple(home_view([TARGET], [stale], [])["blocks"])]
    pressed = set().union(*(buttons_of(blocks) for blocks in drawn))
    assert pressed == {name for how, name in TABLE if how is How.CLICK}


def test_every_window_that_is_submitted_is_answered() -> None:
    waiting = request_at(Stage.APPROVING)
    windows = {approve_modal(waiting)["callback_id"], deny_modal(waiting)["callback_id"]}
    assert windows == {name for how, name in TABLE if how is How.SUBMIT}


def test_every_command_of_the_manifest_is_answered_and_no_other() -> None:
    manifest = yaml.safe_load((Path(__file__).parents[2] / "manifest.yml").read_text())
    offered = {command["command"] for command in manifest["features"]["slash_commands"]}
    assert offered == {name for how, name in TABLE if how is How.COMMAND}


@pytest.mark.parametrize(
    ("name", "near"), [("/restroe", "/restore"), ("/Backup", "/backup"), ("/weather", "")]
)
def test_a_command_nobody_answers_gets_the_nearest(name: str, near: str) -> None:
    with pytest.raises(Refused) as caught:
        command_for(said(name))
    assert (caught.value.kind, caught.value.facts["nearest"]) == (Kind.UNKNOWN_COMMAND, near)


@pytest.mark.parametrize("how", [How.CLICK, How.SUBMIT])
def test_a_button_or_window_of_an_old_card_is_refused(how: How) -> None:
    with pytest.raises(Refused) as caught:
        command_for(said("retired.button", how=how))
    assert caught.value.kind is Kind.REQUEST_GONE


def test_a_command_is_no_button() -> None:
    with pytest.raises(Refused):
        command_for(said("/restore", how=How.CLICK))
