from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cards.alert import alert_card, freshness_line
from bot.cards.blocks import local
from bot.rules.freshness import Alert, Freshness, Newest, State, observed, updated
from tests.builders import PROD, T0, TARGET
from tests.cards.reading import labels, words

OLD = Newest(T0 - timedelta(hours=30), "last-week", "snapshot")
NEW = Newest(T0, "nightly", "snapshot")


def seen(newest: Newest | None = None, *, minutes: int = 0, trouble: str = "") -> Freshness:
    now = T0 + timedelta(minutes=minutes)
    known = observed(None, target=PROD, max_age=timedelta(hours=25), now=now, newest=newest)
    if not trouble:
        return known
    return observed(known, target=PROD, max_age=timedelta(hours=25), now=now, trouble=trouble)


def alert(freshness: Freshness) -> Alert:
    return Alert("a-abc234", PROD, TARGET.channel, T0, freshness)


NEVER, STALE = alert(seen()), alert(seen(OLD))
BLIND, BLIND_FROM_START = alert(seen(OLD, trouble="neon_down")), alert(seen(trouble="neon_down"))
RESOLVED = updated(STALE, seen(NEW, minutes=10))


@pytest.mark.parametrize("value", [NEVER, STALE, BLIND, BLIND_FROM_START, RESOLVED])
def test_an_alert_of_any_state_knows_all_it_says(value: Alert) -> None:
    shown = words(alert_card(value))
    assert "?" not in shown
    assert "None" not in shown


@pytest.mark.parametrize("value", [NEVER, STALE, BLIND])
def test_an_open_alert_offers_a_backup(value: Alert) -> None:
    assert labels(alert_card(value)) == ["Back up now"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (NEVER, "prod has never been backed up"),
        (STALE, "The newest backup of prod is 30 h old, limit 25 h"),
        (BLIND, "Cannot tell how old the backups of prod are"),
        (RESOLVED, "Resolved: backups of prod are fresh again"),
    ],
)
def test_the_notification_is_the_verdict(value: Alert, text: str) -> None:
    assert alert_card(value).text == text


def test_a_stale_alert_names_the_newest_backup() -> None:
    shown = words(alert_card(STALE))
    assert "The newest is snapshot `last-week`, from `2026-11-19 06:00:00.000 UTC`" in shown
    assert local(OLD.taken_at) in shown


def test_not_being_able_to_tell_says_why_and_what_was_known_last() -> None:
    shown = words(alert_card(BLIND))
    assert "`neon_down`" in shown
    assert "not the same as fresh" in shown
    assert "`last-week`" in shown


def test_a_resolved_alert_says_what_is_newest_and_how_long_it_was_open() -> None:
    shown = words(alert_card(RESOLVED))
    assert "`nightly`" in shown
    assert "this was open for 10 min" in shown
    assert labels(alert_card(RESOLVED)) == []


def test_a_name_from_neon_calls_nobody() -> None:
    hostile = replace(OLD, name="<!channel> `x` & ```")
    for value in (alert(seen(hostile)), alert(seen(hostile, trouble="<!here>"))):
        card = alert_card(value)
        assert "<!channel" not in words(card)
        assert "<!here" not in words(card)
        assert "`&lt;!channel&gt; 'x' &amp; '''`" in words(card)


@pytest.mark.parametrize(
    ("freshness", "mark", "state"),
    [(seen(NEW), ":white_check_mark:", State.FRESH), (seen(), ":rotating_light:", State.NEVER)],
)
def test_an_overview_says_in_one_line_whether_a_target_is_fresh(
    freshness: Freshness, mark: str, state: State
) -> None:
    line = freshness_line(freshness)
    assert line.startswith(f"{mark} *prod*: {state.value}")
    assert "\n" not in line
