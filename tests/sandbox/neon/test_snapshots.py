"""Snapshots: created by query alone, of roots alone, counted by plan."""

from datetime import UTC, datetime, timedelta

from bot.sandbox.neon import SandboxNeon
from tests.sandbox.neon.driver import Driver, ok, refusal, write


async def test_a_snapshot_is_named_dated_and_sized(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    expiry = datetime.now(UTC) + timedelta(days=400)
    query = {"name": "pre-42", "timestamp": instant.isoformat(), "expires_at": f"{expiry:%Y-%m-%dT%H:%M:%SZ}"}
    answer = ok(await project.call("POST", f"/branches/{project.main}/snapshot", **query))
    snapshot = answer["snapshot"]
    assert (
        snapshot["name"] == "pre-42" and snapshot["manual"] and snapshot["source_branch_id"] == project.main
    )
    assert snapshot["expires_at"] == query["expires_at"]
    assert datetime.fromisoformat(snapshot["timestamp"]) == instant
    (ended,) = await project.finished(answer)
    assert ended["status"] == "finished"
    (listed,) = (await project.get("/snapshots"))["snapshots"]
    assert listed["id"] == snapshot["id"] and listed["full_size"] > 0 and listed["lsn"]


async def test_a_body_is_ignored_without_a_word(project: Driver) -> None:
    body = {"name": "lost", "expires_at": "2199-01-01T00:00:00Z"}
    snapshot = ok(await project.call("POST", f"/branches/{project.main}/snapshot", body))["snapshot"]
    assert snapshot["name"] == snapshot["id"] and "expires_at" not in snapshot


async def test_it_holds_the_data_of_its_instant(neon: SandboxNeon, project: Driver) -> None:
    instant = await write(project.dsn, 1)
    await write(project.dsn, 2)
    query = {"timestamp": instant.isoformat()}
    await project.finished(ok(await project.call("POST", f"/branches/{project.main}/snapshot", **query)))
    (snapshot,) = neon.world.projects[project.project_id].snapshots.values()
    assert snapshot.store is not None
    server = await snapshot.store.start()
    async with server.connect("shop") as connection:
        rows = await (await connection.execute("SELECT n FROM events")).fetchall()
    await snapshot.store.stop()
    assert rows == [(1,)]


async def test_only_roots_have_snapshots_and_the_free_plan_has_one(project: Driver) -> None:
    child = (await project.create())["branch"]["id"]
    assert (await project.call("POST", f"/branches/{child}/snapshot")).status_code == 422
    await project.settings(plan="free")
    path = f"/branches/{project.main}/snapshot"
    await project.finished(ok(await project.call("POST", path, name="one")))
    assert refusal(await project.call("POST", path, name="two"))[0] == 422
    await project.settings(plan="launch")
    assert refusal(await project.call("POST", path, name="one"))[0] == 409


async def test_a_snapshot_is_renamed_and_deleted(project: Driver) -> None:
    answer = ok(await project.call("POST", f"/branches/{project.main}/snapshot", name="a"))
    await project.finished(answer)
    path = f"/snapshots/{answer['snapshot']['id']}"
    assert ok(await project.call("PATCH", path, {"snapshot": {"name": "b"}}))["snapshot"]["name"] == "b"
    await project.finished(ok(await project.call("DELETE", path), 202))
    assert (await project.get("/snapshots"))["snapshots"] == []
    assert refusal(await project.call("DELETE", path)) == (404, "", "snapshot not found")


async def test_a_failed_snapshot_is_not_there(project: Driver) -> None:
    await project.fault("failed_operation")
    answer = ok(await project.call("POST", f"/branches/{project.main}/snapshot", name="a"))
    assert [operation["status"] for operation in await project.finished(answer)] == ["failed"]
    assert (await project.get("/snapshots"))["snapshots"] == []
