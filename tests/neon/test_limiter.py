from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.neon.limiter import Limiter, Meter


def test_a_burst_passes_at_once_and_the_next_call_waits_for_its_turn() -> None:
    meter = Meter(per_second=10, burst=3)
    assert [meter.take(5.0) for _ in range(3)] == [0, 0, 0]
    assert round(meter.take(5.0), 6) == 0.1
    assert round(meter.take(5.0), 6) == 0.2


def test_a_rest_gives_the_burst_back() -> None:
    meter = Meter(per_second=10, burst=3)
    for _ in range(3):
        meter.take(0.0)
    assert [meter.take(60.0) for _ in range(3)] == [0, 0, 0]


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60), st.integers(1, 5), st.integers(1, 20))
def test_no_span_of_time_holds_more_calls_than_allowed(gaps: list[float], burst: int, rate: int) -> None:
    meter, now, made = Meter(per_second=rate, burst=burst), 0.0, []
    for gap in gaps:
        now += gap
        made.append(now + meter.take(now))
    assert all(earlier <= later for earlier, later in pairwise(made))
    for first, start in enumerate(made):
        for last in range(first, len(made)):
            assert last - first + 1 <= burst + (made[last] - start) * rate + 1e-6


def test_a_thousand_calls_at_once_stay_under_what_neon_allows() -> None:
    limiter = Limiter()
    made = sorted(limiter.take("GET projects", 0.0) for _ in range(1000))
    in_a_minute = max(sum(start <= moment < start + 60 for moment in made) for start in made)
    in_a_second = max(sum(start <= moment < start + 1 for moment in made) for start in made)
    assert in_a_minute <= 700
    assert in_a_second <= 40


def test_a_busy_route_does_not_hold_up_another() -> None:
    limiter = Limiter()
    for _ in range(40):
        limiter.take("GET projects/operations", 0.0)
    assert limiter.take("GET projects/operations", 0.0) > 0.9
    assert limiter.take("POST projects/branches", 0.0) == 0
