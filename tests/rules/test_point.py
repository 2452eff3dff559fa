from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Kind, Refused
from bot.rules.clock import iso
from bot.rules.point import MARGIN, Head, Instant, Reach, require_past, require_reachable
from tests.builders import T0

DAY = timedelta(days=1)
OLD = Reach(history=DAY, begins_at=T0 - 30 * DAY, was_restored=False)
YOUNG = Reach(history=DAY, begins_at=T0 - timedelta(hours=1), was_restored=False)
MILLISECOND = timedelta(milliseconds=1)


def refusal(at: datetime, reach: Reach) -> Refused:
    with pytest.raises(Refused) as caught:
        require_reachable(Instant(at), reach, T0)
    return caught.value


@pytest.mark.parametrize(
    ("at", "reach", "kind"),
    [
        (T0 + MILLISECOND, OLD, Kind.TIME_IN_FUTURE),
        (T0, OLD, Kind.TIME_TOO_RECENT),
        (T0 - MARGIN + MILLISECOND, OLD, Kind.TIME_TOO_RECENT),
        (T0 - DAY, OLD, Kind.OUTSIDE_WINDOW),
        (T0 - DAY + MARGIN - MILLISECOND, OLD, Kind.OUTSIDE_WINDOW),
        (YOUNG.begins_at, YOUNG, Kind.BEFORE_BRANCH),
        (YOUNG.begins_at + MARGIN - MILLISECOND, YOUNG, Kind.BEFORE_BRANCH),
        (T0 - 2 * DAY, YOUNG, Kind.BEFORE_BRANCH),
        (T0 - timedelta(hours=1), Reach(timedelta(0), T0 - DAY, False), Kind.NO_HISTORY),
        (T0 + DAY, Reach(timedelta(0), T0 - DAY, False), Kind.NO_HISTORY),
    ],
)
def test_a_point_neon_cannot_reach_is_refused_for_the_right_reason(
    at: datetime, reach: Reach, kind: Kind
) -> None:
    assert refusal(at, reach).kind is kind


@pytest.mark.parametrize(
    ("at", "reach"),
    [(T0 - MARGIN, OLD), (T0 - DAY + MARGIN, OLD), (YOUNG.begins_at + MARGIN, YOUNG)],
    ids=["newest", "oldest in the window", "oldest of the branch"],
)
def test_the_edges_of_what_neon_keeps_are_reachable(at: datetime, reach: Reach) -> None:
    require_reachable(Instant(at), reach, T0)


@pytest.mark.parametrize("reach", [OLD, YOUNG, Reach(timedelta(0), T0, True)])
def test_a_head_can_always_be_gone_back_to(reach: Reach) -> None:
    require_reachable(Head(), reach, T0)


@given(st.integers(-2 * 86_400_000, 86_400_000), st.sampled_from([OLD, YOUNG]))
def test_what_a_refusal_calls_the_oldest_moment_is_itself_reachable(ms: int, reach: Reach) -> None:
    at = T0 + ms * MILLISECOND
    try:
        require_reachable(Instant(at), reach, T0)
    except Refused as error:
        assert at > T0 - MARGIN or at < reach.oldest(T0)
        if "oldest" in error.facts:
            assert error.facts["oldest"] == iso(reach.oldest(T0))
            require_reachable(Instant(reach.oldest(T0)), reach, T0)
    else:
        assert reach.oldest(T0) <= at <= T0 - MARGIN


def test_a_restored_branch_says_that_its_history_began_with_the_restore() -> None:
    restored = Reach(DAY, T0 - timedelta(hours=1), was_restored=True)
    assert refusal(T0 - timedelta(hours=2), restored).facts["restored"] is True
    assert refusal(T0 - timedelta(hours=2), YOUNG).facts["restored"] is False


@given(st.integers(-10_000, 10_000))
def test_a_past_moment_is_at_least_the_margin_back(ms: int) -> None:
    try:
        require_past(T0 + ms * MILLISECOND, T0)
    except Refused:
        assert ms > -1000
    else:
        assert ms <= -1000
