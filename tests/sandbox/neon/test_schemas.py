"""The schema of a branch, now and in its past, and how two of them differ."""

from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.neon.driver import Driver, refusal, scalar, session

_PAGES = (
    "CREATE TABLE pages (id int PRIMARY KEY, title text NOT NULL, size int GENERATED ALWAYS AS (7) STORED)"
)
_LINES = 'CREATE TABLE "lines" (page int CONSTRAINT to_page REFERENCES pages (id), n int, UNIQUE (page, n))'


async def _execute(dsn: str, *statements: str) -> tuple[Any, str]:
    """Execute statements; gives the instant and the position after them."""
    async with session(dsn) as connection:
        for statement in statements:
            await connection.execute(statement.encode())
        at = await scalar(connection, "SELECT clock_timestamp()")
        return at, await scalar(connection, "SELECT pg_current_wal_insert_lsn()::text")


async def _sql(project: Driver, branch_id: str, **query: str) -> str:
    answer = await project.get(f"/branches/{branch_id}/schema", db_name="shop", **query)
    text: str = answer["sql"]
    return text


async def test_a_schema_is_read_at_the_head_an_instant_and_a_position_without_making_a_branch(
    project: Driver,
) -> None:
    instant, lsn = await _execute(project.dsn, _PAGES)
    await _execute(project.dsn, _LINES)
    for point in ({"timestamp": instant.isoformat()}, {"lsn": lsn}):
        then = await _sql(project, project.main, **point)
        assert "CREATE TABLE public.pages" in then and "public.lines" not in then
    head = await _sql(project, project.main)
    assert "CREATE TABLE public.pages" in head and "CREATE TABLE public.lines" in head
    assert set(await project.branches()) == {"main"}
    assert await _sql(project, project.main) == head


async def test_a_schema_as_json_names_columns_and_constraints(project: Driver) -> None:
    await _execute(project.dsn, _PAGES, _LINES)
    answer = await project.get(f"/branches/{project.main}/schema", db_name="shop", format="json")
    lines, pages = answer["json"]["tables"]
    assert (lines["schema"], lines["name"], pages["name"]) == ("public", "lines", "pages")
    assert pages["columns"] == [
        {"name": "id", "type": "integer", "nullable": False, "generated": False},
        {"name": "title", "type": "text", "nullable": False, "generated": False},
        {"name": "size", "type": "integer", "nullable": True, "generated": True},
    ]
    assert pages["constraints"] == [{"name": "pages_pkey", "type": "primary_key", "columns": ["id"]}]
    unique, reference = lines["constraints"]
    assert (unique["type"], unique["columns"]) == ("unique", ["page", "n"])
    assert reference == {
        "name": "to_page",
        "type": "foreign_key",
        "columns": ["page"],
        "referenced_table": {"schema": "public", "table": "pages", "columns": ["id"]},
    }


async def test_schemas_are_compared_with_the_parents_another_branchs_and_the_own_past(
    project: Driver,
) -> None:
    before, _ = await _execute(project.dsn, _PAGES)
    child = (await project.create({"branch": {"name": "child"}}))["branch"]["id"]

    async def diff(branch_id: str, **query: str) -> str:
        answer = await project.get(f"/branches/{branch_id}/compare_schema", db_name="shop", **query)
        text: str = answer["diff"]
        return text

    assert await diff(child) == ""
    await _execute(project.dsn, "ALTER TABLE pages ADD COLUMN author text")
    lost = await diff(child)
    assert lost.startswith("--- a/shop\n+++ b/shop\n@@ ")
    assert "-    author text" in lost and "\n+    author" not in lost
    assert "+    author text" in await diff(project.main, base_branch_id=child)
    past = {"base_branch_id": project.main, "base_timestamp": before.isoformat()}
    assert "+    author text" in await diff(project.main, **past)
    assert await diff(project.main, timestamp=before.isoformat(), **past) == ""


async def test_a_schema_out_of_the_window_or_of_nothing_is_refused(project: Driver) -> None:
    instant, _ = await _execute(project.dsn, _PAGES)

    async def refused(path: str, **query: str) -> tuple[int, str]:
        status, _, text = refusal(await project.call("GET", f"/branches/{project.main}/{path}", **query))
        return status, text

    old = (instant - timedelta(days=2)).isoformat()
    status, text = await refused("schema", db_name="shop", timestamp=old)
    assert status == 400 and text.startswith('timestamp is before retention window; timestamp:"')
    past = {"db_name": "shop", "base_branch_id": project.main, "base_timestamp": old}
    assert await refused("compare_schema", **past) == (400, text)
    both = {"timestamp": instant.isoformat(), "lsn": "0/1"}
    assert (await refused("schema", db_name="shop", **both))[0] == 400
    assert (await refused("schema"))[0] == 400
    assert (await refused("schema", db_name="shop", format="xml"))[0] == 400
    assert (await refused("compare_schema", db_name="shop"))[0] == 400
    assert await refused("compare_schema", db_name="shop", base_branch_id="br-no-such-1") == (
        404,
        "branch not found",
    )
    assert await refused("schema", db_name="nothing") == (404, "database not found")


@pytest.mark.parametrize("path", ["schema", "compare_schema"])
async def test_a_schema_waits_for_operations_like_every_change(project: Driver, path: str) -> None:
    await project.settings(operation_seconds=0.5)
    answer = (await project.call("POST", "/branches", {"branch": {"name": "b"}})).json()
    query = {"db_name": "shop", "base_branch_id": project.main}
    busy = await project.call("GET", f"/branches/{project.main}/{path}", **query)
    assert refusal(busy)[0] == 423
    await project.finished(answer)
    await project.get(f"/branches/{project.main}/{path}", **query)
