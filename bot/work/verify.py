"""Verification: look at a restored branch over a fresh connection and compare it with what the preview counted.

Measures and hands the numbers to `bot/rules/verdict.py`, which decides. What cannot be measured is a check that was
not run, never a pass.
"""

from dataclasses import dataclass
from datetime import timedelta

from bot.errors import SafepointError
from bot.neon.models import Branch
from bot.postgres.counts import count_rows, is_writable, write_position
from bot.rules.clock import iso
from bot.rules.ids import BranchId
from bot.rules.loss import Counts
from bot.rules.plan import Method, Plan
from bot.rules.point import Instant
from bot.rules.request import Request
from bot.rules.verdict import (
    Before,
    Check,
    Outcome,
    Verification,
    rows_as_previewed,
    same_tables,
    went_back,
)
from bot.work.context import COUNT_SECONDS, Context, log_trouble

NOT_CHECKED = (
    "contents of rows (only their number)",
    "sequences, views, functions and grants",
    "other databases of the branch",
)
READ_BACK_PRECISION = timedelta(seconds=1)
"""Neon stores some branch times to the second only."""


@dataclass(frozen=True, slots=True)
class Looked:
    counts: Counts
    position: int | None
    writable: bool


async def verify(
    context: Context, request: Request, branch: BranchId, *, position_before: int | None
) -> Verification:
    """Check `branch`, which should now hold what the plan of `request` says."""
    plan, preview = request.plan, request.preview
    assert plan is not None
    assert preview is not None
    live = plan.method is Method.IN_PLACE
    point, not_checked = await _point(context, plan, branch)
    try:
        looked = await _look(context, request, branch)
    except SafepointError as error:
        log_trouble("verification", error)
        why = str(error.facts.get("why", error.kind.value))
        return Verification((*point, Check("connection", Outcome.NOT_RUN, why)), not_checked)
    checks = [
        *point,
        Check("connection", Outcome.PASSED if looked.writable else Outcome.FAILED, _state(looked)),
        same_tables(preview.then, looked.counts),
        rows_as_previewed(preview.then, looked.counts, live=live),
    ]
    if live:
        rewinds = isinstance(plan.point, Instant)  # an undo may go to a state that was written further
        before = Before(preview.now, position_before if rewinds else None)
        checks.append(went_back(before, preview.then, looked.counts, looked.position))
    return Verification(tuple(checks), not_checked)


async def position(context: Context, request: Request) -> int | None:
    """How far the target has been written; None when the database cannot be asked, as may be in an incident."""
    try:
        async with await context.database(request, request.branch) as connection:
            return await write_position(connection)
    except SafepointError as error:
        log_trouble("write position before the restore", error)
        return None


async def _point(context: Context, plan: Plan, branch: BranchId) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """Whether Neon says the branch starts at the point that was asked for; Neon may leave it out."""
    if not isinstance(plan.point, Instant):
        return (), NOT_CHECKED
    try:
        found: Branch = await context.neon.branch(plan.project, branch)
    except SafepointError as error:
        log_trouble("reading the branch back", error)
        return (Check("restore point", Outcome.NOT_RUN, "Neon could not be asked"),), NOT_CHECKED
    if found.parent_timestamp is None:
        return (), (*NOT_CHECKED, "the restore point as Neon records it (Neon does not say)")
    if abs(found.parent_timestamp - plan.point.at) < READ_BACK_PRECISION:
        return (
            Check("restore point", Outcome.PASSED, f"Neon says {iso(found.parent_timestamp)}"),
        ), NOT_CHECKED
    told = f"Neon says {iso(found.parent_timestamp)}, not {iso(plan.point.at)}"
    return (Check("restore point", Outcome.FAILED, told),), NOT_CHECKED


async def _look(context: Context, request: Request, branch: BranchId) -> Looked:
    async with await context.database(request, branch) as connection:
        writable = await is_writable(connection)
        at = await write_position(connection)
        return Looked(await count_rows(connection, budget_seconds=COUNT_SECONDS), at, writable)


def _state(looked: Looked) -> str:
    return "fresh, and the server accepts writes" if looked.writable else "the server is still in recovery"
