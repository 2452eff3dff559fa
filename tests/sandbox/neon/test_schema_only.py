"""Schema-only branches: roots with the tables of another branch and none of its rows (neon.md §5.1, §12)."""

from typing import Any

from tests.sandbox.neon.driver import Driver, numbers, ok, refusal, scalar, session, write


async def test_a_schema_only_branch_is_a_root_with_tables_and_no_rows(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    async with session(project.dsn) as connection:
        await connection.execute("CREATE TABLE later (id serial PRIMARY KEY)")
        await connection.execute("CREATE MATERIALIZED VIEW doubled AS SELECT 2 * n AS n FROM events")
        await connection.execute("INSERT INTO later DEFAULT VALUES")
    made = await _schema_only(project)
    branch = await project.branch(made["branch"]["id"])
    assert branch["init_source"] == "schema-only" and branch["current_state"] == "ready"
    assert not {"parent_id", "parent_lsn", "parent_timestamp"} & (branch.keys() | made["branch"].keys())
    uri = made["connection_uris"][0]["connection_uri"]
    assert await numbers(uri) == []
    async with session(uri) as connection:
        assert await scalar(connection, "SELECT count(*) FROM later") == 0
        assert await scalar(connection, "INSERT INTO later DEFAULT VALUES RETURNING id") == 1
        assert await scalar(connection, "SELECT NOT ispopulated FROM pg_matviews")
    past = await _schema_only(project, parent_timestamp=instant.isoformat())
    async with session(past["connection_uris"][0]["connection_uri"]) as connection:
        assert await scalar(connection, "SELECT to_regclass('later') IS NULL AND count(*) = 0 FROM events")
    assert await numbers(project.dsn) == [1]


async def test_the_rows_of_its_source_are_not_in_its_history(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    made = await _schema_only(project)
    branch, uri = made["branch"]["id"], made["connection_uris"][0]["connection_uri"]
    body = {"branch": {"parent_id": branch, "parent_timestamp": instant.isoformat()}}
    assert refusal(await project.call("POST", "/branches", body))[0] == 400
    instant = await write(uri, 2)
    await write(uri, 3)
    child = await project.create_at(instant, parent_id=branch)
    assert await numbers(child["connection_uris"][0]["connection_uri"]) == [2]


async def test_it_counts_as_a_root_and_can_be_deleted(project: Driver) -> None:
    await project.settings(plan="free", operation_seconds=0)
    made = [await project.create({"branch": {"init_source": "schema-only"}}) for _ in range(2)]
    refused = await project.call("POST", "/branches", {"branch": {"init_source": "schema-only"}})
    assert refusal(refused)[:2] == (422, "ROOT_BRANCHES_LIMIT_EXCEEDED")
    await project.finished(ok(await project.call("DELETE", f"/branches/{made[0]['branch']['id']}")))
    assert made[0]["branch"]["id"] not in {one["id"] for one in (await project.branches()).values()}


async def _schema_only(project: Driver, **branch: Any) -> Any:
    body = {"branch": {"init_source": "schema-only", **branch}, "endpoints": [{"type": "read_write"}]}
    return await project.create(body)
