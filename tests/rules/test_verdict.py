import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.loss import Counts
from bot.rules.verdict import (
    Before,
    Check,
    Outcome,
    Verdict,
    Verification,
    rows_as_previewed,
    same_tables,
    went_back,
)
from tests.builders import verification

P, W, F, N = Outcome.PASSED, Outcome.WARNING, Outcome.FAILED, Outcome.NOT_RUN
tables = st.sampled_from([f"public.t{number}" for number in range(5)])
counts = st.dictionaries(tables, st.none() | st.integers(0, 10**6))
known = st.dictionaries(tables, st.integers(0, 10**6))


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([P], Verdict.VERIFIED),
        ([P, P], Verdict.VERIFIED),
        ([P, W], Verdict.VERIFIED_WITH_WARNINGS),
        ([P, N], Verdict.UNVERIFIED),
        ([W, N], Verdict.UNVERIFIED),
        ([N, F], Verdict.MISMATCH),
        ([P, W, N, F], Verdict.MISMATCH),
        ([], Verdict.UNVERIFIED),
    ],
)
def test_the_worst_check_decides(outcomes: list[Outcome], verdict: Verdict) -> None:
    assert verification(*outcomes).verdict is verdict


@given(st.lists(st.sampled_from(Outcome)))
def test_nothing_is_verified_that_was_not_checked_to_the_end(outcomes: list[Outcome]) -> None:
    verdict = verification(*outcomes).verdict
    if verdict in {Verdict.VERIFIED, Verdict.VERIFIED_WITH_WARNINGS}:
        assert outcomes
        assert not {F, N} & set(outcomes)


def test_the_order_of_checks_does_not_matter() -> None:
    checks = tuple(Check(outcome.value, outcome, "") for outcome in (P, W, N))
    assert Verification(checks, ()).verdict is Verification(checks[::-1], ()).verdict


@pytest.mark.parametrize(
    ("expected", "found", "outcome"),
    [
        ({"a": 1}, {"a": 5}, P),
        ({}, {}, P),
        ({"a": 1, "b": 1}, {"a": 1}, F),
        ({"a": 1}, {"a": 1, "b": 0}, W),
        ({"a": 1}, {"b": 1}, F),
        ({"a": None}, {"a": None}, P),
    ],
)
def test_a_table_that_is_missing_is_a_failure_and_a_new_one_a_warning(
    expected: Counts, found: Counts, outcome: Outcome
) -> None:
    assert same_tables(expected, found).outcome is outcome


def test_many_missing_tables_are_named_by_a_few_and_counted() -> None:
    check = same_tables({f"t{number:03}": 1 for number in range(300)}, {})
    assert check.detail == "missing: t000, t001, t002, t003, t004 and 295 more"


@pytest.mark.parametrize(
    ("expected", "found", "on_a_live_branch", "on_a_new_one"),
    [
        ({"a": 5}, {"a": 5}, P, P),
        ({"a": 5}, {"a": 6}, P, F),
        ({"a": 5}, {"a": 4}, F, F),
        ({"a": 5000}, {"a": 4990}, W, F),
        ({"a": 5000}, {"a": 4989}, F, F),
        ({"a": 20000}, {"a": 19980}, W, F),
        ({"a": 20000}, {"a": 19979}, F, F),
        ({"a": 20}, {"a": 18}, W, F),
        ({"a": 20}, {"a": 17}, F, F),
        ({"a": 5}, {"a": None}, N, N),
        ({"a": None}, {"a": 5}, N, N),
        ({"a": None, "b": 5}, {"a": 5, "b": 4}, F, F),
        ({"a": None, "b": 5000}, {"a": 5, "b": 4999}, N, F),
        ({"a": 0}, {"a": 0}, P, P),
    ],
)
def test_rows_are_compared_with_what_the_preview_counted(
    expected: Counts, found: Counts, on_a_live_branch: Outcome, on_a_new_one: Outcome
) -> None:
    assert rows_as_previewed(expected, found, live=True).outcome is on_a_live_branch
    assert rows_as_previewed(expected, found, live=False).outcome is on_a_new_one


@given(counts, counts, st.booleans())
def test_rows_pass_only_when_every_table_was_counted_on_both_sides(
    expected: Counts, found: Counts, live: bool
) -> None:
    check = rows_as_previewed(expected, found, live=live)
    both = expected.keys() & found.keys()
    if check.outcome is P:
        assert all(expected[table] is not None and found[table] is not None for table in both)
        assert all((found[table] or 0) >= (expected[table] or 0) for table in both)


@given(known, known)
def test_a_new_branch_passes_only_when_every_count_is_the_same(expected: Counts, found: Counts) -> None:
    same = all(expected[table] == found[table] for table in expected.keys() & found.keys())
    assert (rows_as_previewed(expected, found, live=False).outcome is P) == same


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [(10, 9, P), (10, 10, W), (10, 11, W), (None, 9, W), (10, None, W), (0, 0, W)],
)
def test_a_lower_write_position_alone_shows_that_the_branch_was_rewound(
    before: int | None, after: int | None, outcome: Outcome
) -> None:
    assert went_back(Before({"a": 1}, before), {"a": 1}, {"a": 1}, after).outcome is outcome


@pytest.mark.parametrize(
    ("before", "then", "found", "outcome"),
    [
        ({"a": 120}, {"a": 100}, {"a": 101}, P),
        ({"a": 120}, {"a": 100}, {"a": 120}, F),
        ({"a": 120}, {"a": 100}, {"a": 121}, F),
        ({"a": 0}, {"a": 100}, {"a": 100}, P),
        ({"a": 120, "b": 5}, {"a": 100, "b": 9}, {"a": 120, "b": 9}, W),
        ({"a": None}, {"a": 100}, {"a": 100}, W),
        ({"a": 5}, {"b": 5}, {"b": 5}, W),
    ],
)
def test_data_that_looks_as_before_the_restore_is_never_passed(
    before: Counts, then: Counts, found: Counts, outcome: Outcome
) -> None:
    assert went_back(Before(before, 10), then, found, 20).outcome is outcome
