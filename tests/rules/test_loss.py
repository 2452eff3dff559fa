from hypothesis import given
from hypothesis import strategies as st

from bot.rules.loss import Counts, TableChange, compare

tables = st.sampled_from([f"public.t{number}" for number in range(6)])
counts = st.dictionaries(tables, st.none() | st.integers(0, 10**12))


@given(counts, counts)
def test_every_table_of_either_side_is_there_once_in_name_order(now: Counts, then: Counts) -> None:
    names = [change.table for change in compare(now, then).tables]
    assert names == sorted({*now, *then})


@given(counts, counts)
def test_what_cannot_be_told_is_shown_and_never_counted(now: Counts, then: Counts) -> None:
    loss = compare(now, then)
    for change in loss.unknown:
        assert change.net is None
        assert change in loss.changes
    known = [change.net for change in loss.tables if change.net is not None]
    assert loss.rows_returning - loss.rows_lost == sum(known)
    assert len(known) + len(loss.unknown) == len(loss.tables)


@given(counts, counts)
def test_going_the_other_way_swaps_lost_and_returning(now: Counts, then: Counts) -> None:
    there, back = compare(now, then), compare(then, now)
    assert (there.rows_lost, there.rows_returning) == (back.rows_returning, back.rows_lost)


@given(counts)
def test_nothing_differs_from_itself_but_what_cannot_be_told(now: Counts) -> None:
    loss = compare(now, now)
    assert loss.changes == loss.unknown


def test_a_table_that_is_gone_is_a_change_even_when_it_held_no_row() -> None:
    [change] = compare({}, {"public.empty": 0}).changes
    assert (change.net, change.exists_now, change.existed_then) == (0, False, True)


def test_a_table_made_since_loses_all_its_rows() -> None:
    loss = compare({"public.new": 4}, {})
    assert (loss.rows_lost, loss.rows_returning) == (4, 0)


def test_an_uncounted_table_that_is_absent_on_the_other_side_still_cannot_be_told() -> None:
    [change] = compare({"public.locked": None}, {}).tables
    assert change == TableChange("public.locked", None, None, exists_now=True, existed_then=False)
    assert not change.is_known
