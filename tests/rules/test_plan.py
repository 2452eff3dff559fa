from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.rules.ids import BranchId, ProjectId, TargetName
from bot.rules.loss import Counts
from bot.rules.plan import Lineage, Method, Plan, Preview, plan_restore
from bot.rules.point import Head, Instant
from tests.builders import PROD, T0, TARGET, preview

STORED: TypeAdapter[Plan] = TypeAdapter(Plan)
tables = st.sampled_from([f"public.t{number}" for number in range(4)])
counts = st.dictionaries(tables, st.none() | st.integers(0, 1000))


def plan_of(found: Preview) -> Plan:
    return plan_restore(
        target=PROD,
        project=TARGET.project,
        branch=TARGET.branch,
        method=Method.IN_PLACE,
        point=Instant(T0 - timedelta(hours=1)),
        source=TARGET.branch,
        preview=found,
    )


PLAN = plan_of(preview())


def test_a_digest_is_what_it_was_in_an_earlier_version_of_the_bot() -> None:
    """A request may be approved before an upgrade and run after it: if this changes, such approvals are lost."""
    assert PLAN.digest == "5e9cd2b48738fbf7189161fa2625f7498b55750ebf524ca1062f92465acea77d"


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: replace(plan, target=TargetName("staging")),
        lambda plan: replace(plan, project=ProjectId("other")),
        lambda plan: replace(plan, branch=BranchId("br-other")),
        lambda plan: replace(plan, method=Method.NEW_BRANCH),
        lambda plan: replace(plan, point=Instant(T0)),
        lambda plan: replace(plan, point=Instant(plan.point.at + timedelta(milliseconds=1))),
        lambda plan: replace(plan, point=Head()),
        lambda plan: replace(plan, source=BranchId("br-copy")),
        lambda plan: replace(plan, lineage=Lineage(BranchId("br-parent"), ())),
        lambda plan: replace(plan, lineage=Lineage(None, (BranchId("br-child"),))),
        lambda plan: replace(plan, lineage=Lineage(None, (), T0)),
        lambda plan: replace(plan, tables_losing=()),
        lambda plan: replace(plan, tables_losing=plan.tables_returning, tables_returning=plan.tables_losing),
        lambda plan: replace(plan, tables_returning=(*plan.tables_returning, "public.more")),
    ],
)
def test_a_plan_that_differs_in_anything_has_another_digest(change: Callable[[Plan], Plan]) -> None:
    assert change(PLAN).digest != PLAN.digest


@given(counts, counts, counts, counts)
def test_two_plans_have_one_digest_exactly_when_they_are_equal(
    now: Counts, then: Counts, other_now: Counts, other_then: Counts
) -> None:
    one, other = plan_of(preview(now, then)), plan_of(preview(other_now, other_then))
    assert (one.digest == other.digest) == (one == other)


@given(counts, counts)
def test_a_digest_survives_the_store(now: Counts, then: Counts) -> None:
    plan = plan_of(preview(now, then))
    kept = STORED.validate_json(STORED.dump_json(plan))
    assert kept == plan
    assert kept.digest == plan.digest


@given(st.dictionaries(tables, st.integers(1, 1000), min_size=1), st.integers(1, 10**9))
def test_rows_that_are_written_while_people_decide_do_not_move_the_digest(now: Counts, more: int) -> None:
    then = dict.fromkeys(now, 0)
    grown = {table: (rows or 0) + more for table, rows in now.items()}
    assert plan_of(preview(now, then)).digest == plan_of(preview(grown, then)).digest


def test_another_table_that_loses_rows_moves_the_digest() -> None:
    before = preview({"public.a": 2, "public.b": 1}, {"public.a": 1, "public.b": 1})
    after = preview({"public.a": 2, "public.b": 2}, {"public.a": 1, "public.b": 1})
    assert plan_of(before).digest != plan_of(after).digest


def test_a_table_that_cannot_be_counted_is_among_those_that_may_lose_and_gain() -> None:
    plan = plan_of(preview({"public.locked": None}, {"public.locked": 3}))
    assert plan.tables_losing == plan.tables_returning == ("public.locked",)


def test_the_order_in_which_tables_were_counted_does_not_matter() -> None:
    one = preview({"public.a": 2, "public.b": 2}, {"public.b": 1, "public.a": 1})
    other = preview({"public.b": 2, "public.a": 2}, {"public.a": 1, "public.b": 1})
    assert plan_of(one).digest == plan_of(other).digest


def test_when_the_preview_was_taken_is_not_part_of_the_plan() -> None:
    later = preview(taken_at=T0 + timedelta(hours=1), oldest=None, child_names=("renamed",))
    assert plan_of(later).digest == PLAN.digest
