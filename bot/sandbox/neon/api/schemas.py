"""The schema of a branch's database, now or in its past, and how it differs from another's (neon.md §5.6)."""

from aiohttp import web

from bot.sandbox.neon import checks
from bot.sandbox.neon.calls import Call, Route, answer
from bot.sandbox.neon.operations import WORK_FAILURES
from bot.sandbox.neon.refusals import Refusal, bad_request
from bot.sandbox.neon.rows import Branch
from bot.sandbox.neon.schemas import schema_sql, schema_tables, unified_diff
from bot.sandbox.neon.wal import Point


async def get_schema(call: Call) -> web.Response:
    """As SQL, or with `format=json` as a list of tables."""
    form = call.query("format") or "sql"
    if form not in {"sql", "json"}:
        raise bad_request("format must be sql or json")
    database = call.required_query("db_name")
    source, point = await _asked(call, call.branch, "timestamp", "lsn")
    checks.quiet(call.project)
    stores = call.world.stores
    try:
        if form == "sql":
            return answer({"sql": await schema_sql(stores, source.data, point, database)})
        return answer({"json": {"tables": await schema_tables(stores, source.data, point, database)}})
    except WORK_FAILURES as error:
        raise _changed_meanwhile() from error


async def compare_schema(call: Call) -> web.Response:
    """The difference from the base, which is the parent unless another branch is named."""
    database, base_id = call.required_query("db_name"), call.query("base_branch_id") or call.branch.parent_id
    if base_id is None:
        raise bad_request("base_branch_id is required for a branch without a parent")
    branch, point = await _asked(call, call.branch, "timestamp", "lsn")
    base, base_point = await _asked(
        call, checks.branch_of(call.project, base_id), "base_timestamp", "base_lsn"
    )
    checks.quiet(call.project)
    stores = call.world.stores
    try:
        before = await schema_sql(stores, base.data, base_point, database)
        after = await schema_sql(stores, branch.data, point, database)
    except WORK_FAILURES as error:
        raise _changed_meanwhile() from error
    return answer({"diff": unified_diff(database, before, after)})


async def _asked(call: Call, branch: Branch, timestamp: str, lsn: str) -> tuple[Branch, Point]:
    """A branch with data, and a point of its own history inside the window."""
    point = checks.read_point(call.query(timestamp), call.query(lsn))
    await checks.reach(call.project, branch, point)
    checks.ready(branch)
    return branch, point


def _changed_meanwhile() -> Refusal:
    """A read holds nothing off, so a restore or deletion may take the data away under it; 503 is always retried."""
    return Refusal(503, "service temporarily unavailable")


_BRANCH = "/projects/{project_id}/branches/{branch_id}"
ROUTES: tuple[Route, ...] = (
    ("GET", _BRANCH + "/schema", get_schema),
    ("GET", _BRANCH + "/compare_schema", compare_schema),
)
