from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.freshness import (
    Alert,
    Freshness,
    Newest,
    State,
    judge,
    needs_alert,
    observed,
    updated,
)
from tests.builders import PROD, T0, TARGET

DAY = timedelta(hours=25)
GRACE = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
NIGHTLY = Newest(T0 - timedelta(hours=1), "nightly", "snapshot")
OLD = Newest(T0 - timedelta(hours=26), "last-week", "snapshot")


def look(
    before: Freshness | None = None, *, minutes: int = 0, newest: Newest | None = None, trouble: str = ""
) -> Freshness:
    now = T0 + minutes * MINUTE
    return observed(before, target=PROD, max_age=DAY, now=now, newest=newest, trouble=trouble)


def alert(seen: Freshness) -> Alert:
    return Alert("a-abc234", PROD, TARGET.channel, seen.checked_at, seen)


@pytest.mark.parametrize(
    ("newest", "state"),
    [
        (None, State.NEVER),
        (NIGHTLY, State.FRESH),
        (OLD, State.STALE),
        (replace(OLD, taken_at=T0 - DAY), State.FRESH),
        (replace(OLD, taken_at=T0 - DAY - timedelta(microseconds=1)), State.STALE),
        (replace(OLD, taken_at=T0 + MINUTE), State.FRESH),
    ],
    ids=["never", "fresh", "stale", "exactly the limit", "just over it", "a clock ahead of ours"],
)
def test_a_backup_is_fresh_until_it_is_older_than_the_policy_allows(
    newest: Newest | None, state: State
) -> None:
    assert judge(newest, DAY, T0) is state


def test_not_being_able_to_tell_is_never_fresh_and_keeps_the_last_known_backup() -> None:
    blind = look(look(newest=NIGHTLY), minutes=5, trouble="neon_down")
    assert blind.state is State.UNKNOWN
    assert blind.newest == NIGHTLY
    assert blind.age(blind.checked_at) == timedelta(minutes=65)
    assert look(trouble="neon_down").newest is None


def test_a_backup_that_was_deleted_is_not_remembered_as_there() -> None:
    gone = look(look(newest=NIGHTLY), minutes=5)
    assert (gone.state, gone.newest) == (State.NEVER, None)


def test_a_state_begins_when_it_is_first_seen_and_not_again() -> None:
    first = look(trouble="neon_down")
    second = look(first, minutes=7, trouble="rate_limited")
    third = look(second, minutes=9, newest=NIGHTLY)
    assert [seen.since for seen in (first, second, third)] == [T0, T0, T0 + 9 * MINUTE]


@pytest.mark.parametrize("newest", [None, OLD])
def test_no_or_an_old_backup_is_an_alert_at_once(newest: Newest | None) -> None:
    assert needs_alert(look(newest=newest), GRACE)


def test_a_fresh_backup_is_no_alert() -> None:
    assert not needs_alert(look(newest=NIGHTLY), GRACE)


def test_not_being_able_to_tell_is_an_alert_once_it_lasts() -> None:
    first = look(trouble="neon_down")
    assert not needs_alert(first, GRACE)
    assert not needs_alert(look(first, minutes=9, trouble="neon_down"), GRACE)
    assert needs_alert(look(first, minutes=10, trouble="neon_down"), GRACE)
    assert needs_alert(first, timedelta(0))


def test_neon_answering_in_between_starts_the_grace_anew() -> None:
    blind = look(trouble="neon_down")
    seen = look(blind, minutes=8, newest=NIGHTLY)
    again = look(seen, minutes=12, trouble="neon_down")
    assert not needs_alert(again, GRACE)


def test_an_alert_that_would_say_the_same_is_left_alone() -> None:
    stale = look(newest=OLD)
    opened = alert(stale)
    assert updated(opened, look(stale, minutes=5, newest=OLD)) is opened


def test_an_alert_is_edited_when_it_would_say_something_else() -> None:
    never = look()
    stale = look(never, minutes=5, newest=OLD)
    assert updated(alert(never), stale).freshness == stale


def test_an_alert_is_resolved_once_and_stays_so() -> None:
    fresh = look(minutes=5, newest=NIGHTLY)
    ended = updated(alert(look(newest=OLD)), fresh)
    assert ended.resolved_at == T0 + 5 * MINUTE
    assert ended.open_for == "5 min"
    assert updated(ended, look(fresh, minutes=9, newest=OLD)) is ended


@given(st.lists(st.sampled_from(["fresh", "stale", "never", "blind"]), min_size=1, max_size=12))
def test_an_alert_is_resolved_by_a_fresh_backup_and_by_nothing_else(weather: list[str]) -> None:
    opened = alert(look())
    seen: Freshness | None = None
    for minutes, what in enumerate(weather, start=1):
        newest = {"fresh": replace(NIGHTLY, taken_at=T0 + minutes * MINUTE), "stale": OLD}.get(what)
        seen = look(seen, minutes=minutes, newest=newest, trouble="neon_down" if what == "blind" else "")
        opened = updated(opened, seen)
    assert (opened.resolved_at is not None) == ("fresh" in weather)
