from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cards.blocks import Card
from bot.cards.home import MOST_REQUESTS, home_view
from bot.rules.freshness import Freshness, observed
from bot.rules.ids import RequestId, TargetName
from bot.rules.request import OPEN, Request
from bot.rules.target import Target
from tests.builders import PROD, T0, TARGET, request, request_at
from tests.cards.reading import labels, words

SEEN = observed(None, target=PROD, max_age=timedelta(hours=25), now=T0)


def shown(view: object) -> Card:
    assert isinstance(view, dict)
    return Card("", tuple(view["blocks"]))


def test_a_person_without_targets_is_told_so() -> None:
    assert "There is no target you may look at." in words(shown(home_view([], [], [])))


@pytest.mark.parametrize(("fresh", "line"), [(SEEN, "*prod*: never"), (None, "*prod*: not looked at yet")])
def test_every_target_is_shown_with_its_freshness_and_a_backup_button(
    fresh: Freshness | None, line: str
) -> None:
    card = shown(home_view([TARGET], [fresh], []))
    assert line in words(card)
    assert labels(card) == ["Back up now"]
    assert "No restore is under way." in words(card)


def test_open_requests_are_listed() -> None:
    running = [request_at(stage) for stage in sorted(OPEN)]
    card = shown(home_view([TARGET], [SEEN], running))
    assert words(card).count("`r-abc2345` *prod*") == len(running)


def many_targets(number: int) -> list[Target]:
    return [replace(TARGET, name=TargetName(f"{'x' * 35}{place:05}")) for place in range(number)]


def many_requests(number: int) -> list[Request]:
    return [request(id=RequestId(f"r-{place:07}")) for place in range(number)]


@pytest.mark.parametrize("number", [37, 38, 40, 300])
def test_of_very_many_targets_those_not_listed_are_counted(number: int) -> None:
    card = shown(home_view(many_targets(number), [SEEN] * number, many_requests(number)))
    listed = len(labels(card))
    assert listed == number or f"{number - listed} more targets not shown" in words(card)


def test_of_very_many_requests_the_newest_are_listed() -> None:
    card = shown(home_view([TARGET], [SEEN], many_requests(300)))
    assert "`r-0000299`" in words(card)
    assert "`r-0000100`" not in words(card)
    assert words(card).count("*prod*:") == MOST_REQUESTS + 1
