"""Instant restore: identity, lineage and what becomes of the state before it (neon.md §5.5)."""

import asyncio
from datetime import datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from bot.sandbox.neon import SandboxNeon
from tests.sandbox.neon.driver import Driver, numbers, ok, refusal, scalar, session, write


async def test_id_name_host_and_password_stay_and_the_data_goes_back(project: Driver) -> None:
    instant = await write(project.dsn, 1, 2)
    await write(project.dsn, 3)
    before = await project.branch(project.main)
    answer = await project.restore(project.main, _to_itself(project, instant))
    assert answer["branch"]["id"] == project.main
    assert answer["branch"]["current_state"], answer["branch"]["pending_state"] == ("resetting", "ready")
    after = await project.branch(project.main)
    same = ("id", "name", "default", "protected", "created_at")
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert "pending_state" not in after and after["current_state"] == "ready"
    assert after["last_reset_at"] >= before["created_at"]
    assert conninfo_to_dict(await project.uri(project.main)) == conninfo_to_dict(project.dsn)
    assert await numbers(project.dsn) == [1, 2]


async def test_open_sessions_are_told_that_the_compute_goes_down(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    async with session(project.dsn) as connection:
        await scalar(connection, "SELECT 1")
        await project.restore(project.main, _to_itself(project, instant))
        with pytest.raises(psycopg.errors.AdminShutdown):
            await connection.execute("SELECT 1")
    assert await numbers(project.dsn) == [1]


async def test_until_it_has_ended_a_connection_fails_or_reaches_the_old_data(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    await write(project.dsn, 2)
    await project.settings(operation_seconds=0.4)
    answer = ok(await project.call("POST", f"/branches/{project.main}/restore", _to_itself(project, instant)))
    refused, seen = 0, [1, 2]
    async with asyncio.timeout(10):
        while seen == [1, 2]:
            try:
                seen = await numbers(project.dsn)
            except psycopg.OperationalError:
                refused += 1
    assert seen == [1] and refused
    statuses = [
        (await project.get(f"/operations/{o['id']}"))["operation"]["status"] for o in answer["operations"]
    ]
    assert statuses == ["finished"] * 3


async def test_the_safety_copy_keeps_everything_also_what_was_written_meanwhile(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    await write(project.dsn, 2)
    await project.settings(operation_seconds=0.3)
    answer = ok(await project.call("POST", f"/branches/{project.main}/restore", _to_itself(project, instant)))
    await write(project.dsn, 3)
    await project.finished(answer)
    kept = (await project.branches())["kept"]
    assert await numbers(await _with_compute(project, kept["id"])) == [1, 2, 3]
    assert await numbers(project.dsn) == [1]


async def test_the_target_becomes_a_child_of_the_safety_copy_and_later_a_root_again(project: Driver) -> None:
    await project.settings(detach_seconds=0.5)
    instant = await write(project.dsn, 1)
    answer = await project.restore(project.main, _to_itself(project, instant))
    kept = (await project.branches())["kept"]
    assert answer["branch"]["parent_id"] == kept["id"]
    assert "parent_id" not in kept
    restored = await project.branch(project.main)
    assert restored["parent_lsn"]
    assert datetime.fromisoformat(restored["parent_timestamp"]) == instant
    refused = await project.call("DELETE", f"/branches/{kept['id']}")
    assert refusal(refused) == (422, "", f"cannot delete branch that has children: {project.main}")
    async with asyncio.timeout(10):
        while "parent_id" in restored:
            restored = await project.branch(project.main)
    assert not {"parent_id", "parent_lsn", "parent_timestamp"} & restored.keys()
    await project.quiet()
    newest = (await project.get("/operations"))["operations"][0]
    assert (newest["action"], newest["branch_id"]) == ("detach_parent_branch", project.main)
    assert ok(await project.call("DELETE", f"/branches/{kept['id']}"))["operations"]


async def test_children_move_to_the_safety_copy(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    child = (await project.create({"branch": {"name": "child"}}))["branch"]
    await project.restore(project.main, _to_itself(project, instant))
    branches = await project.branches()
    assert branches["child"]["parent_id"] == branches["kept"]["id"]
    assert branches["child"]["id"] == child["id"]
    assert await numbers(await _with_compute(project, child["id"])) == [1]


async def test_restoring_a_child_from_its_own_child_turns_the_two_around(project: Driver) -> None:
    await write(project.dsn, 1)
    dev = (await project.create({"branch": {"name": "dev"}, "endpoints": [{"type": "read_write"}]}))[
        "branch"
    ]["id"]
    await write(await project.uri(dev), 2)
    backup = (await project.create({"branch": {"name": "backup", "parent_id": dev}}))["branch"]["id"]
    await write(await project.uri(dev), 3)
    await project.restore(dev, {"source_branch_id": backup, "preserve_under_name": "dev-before"})
    branches = await project.branches()
    assert branches["dev-before"]["parent_id"] == project.main
    assert branches["backup"]["parent_id"] == branches["dev-before"]["id"]
    assert branches["dev"]["parent_id"] == backup
    assert branches["dev"]["id"] == dev
    assert await numbers(await project.uri(dev)) == [1, 2]


async def test_a_child_reset_from_its_parent_without_a_name_keeps_no_old_state(project: Driver) -> None:
    await write(project.dsn, 1)
    dev = (await project.create({"branch": {"name": "dev"}, "endpoints": [{"type": "read_write"}]}))[
        "branch"
    ]["id"]
    await write(await project.uri(dev), 2)
    await write(project.dsn, 3)
    await project.restore(dev, {"source_branch_id": project.main})
    assert set(await project.branches()) == {"main", "dev"}
    assert await numbers(await project.uri(dev)) == [1, 3]


async def test_a_restore_can_be_undone_from_its_safety_copy_and_done_again(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    await write(project.dsn, 2)
    await project.restore(project.main, _to_itself(project, instant))
    await write(project.dsn, 10)
    kept = (await project.branches())["kept"]["id"]
    await project.quiet()
    await project.restore(project.main, {"source_branch_id": kept, "preserve_under_name": "kept-2"})
    assert await numbers(project.dsn) == [1, 2]
    assert await numbers(await _with_compute(project, (await project.branches())["kept-2"]["id"])) == [1, 10]
    await project.quiet()
    again = {
        "source_branch_id": kept,
        "source_timestamp": instant.isoformat(),
        "preserve_under_name": "kept-3",
    }
    await project.restore(project.main, again)
    assert await numbers(project.dsn) == [1]


async def test_history_before_a_restore_lives_in_the_safety_copy_alone(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    await write(project.dsn, 2)
    await project.restore(project.main, _to_itself(project, instant))
    before = {"branch": {"parent_timestamp": instant.isoformat()}}
    status, _, message = refusal(await project.call("POST", "/branches", before))
    assert status == 400 and message.startswith("timestamp is before retention window")
    await project.quiet()
    kept = (await project.branches())["kept"]["id"]
    created = await project.create_at(instant, parent_id=kept)
    assert await numbers(created["connection_uris"][0]["connection_uri"]) == [1]


async def test_an_idle_compute_stays_idle_and_wakes_on_the_restored_data(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    await write(project.dsn, 2)
    (endpoint,) = (await project.get("/endpoints"))["endpoints"]
    await project.finished(ok(await project.call("POST", f"/endpoints/{endpoint['id']}/suspend")))
    answer = await project.restore(project.main, _to_itself(project, instant))
    assert [operation["action"] for operation in answer["operations"]] == ["create_branch"]
    assert (await project.get(f"/endpoints/{endpoint['id']}"))["endpoint"]["current_state"] == "idle"
    assert await numbers(project.dsn) == [1]


async def test_a_failed_restore_leaves_everything_as_it_was(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    await write(project.dsn, 2)
    child = (await project.create({"branch": {"name": "child"}}))["branch"]["id"]
    before = await project.branches()
    await project.fault("failed_operation", path_regex="/restore$")
    answer = await project.restore(project.main, _to_itself(project, instant))
    ended = await project.finished(answer)
    assert [operation["status"] for operation in ended] == ["failed", "cancelled", "cancelled"]
    assert ended[0]["error"] and ended[0]["failures_count"]
    after = await project.branches()
    assert set(after) == set(before)
    assert after["child"]["parent_id"] == project.main and after["child"]["id"] == child
    assert "parent_id" not in after["main"] and "last_reset_at" not in after["main"]
    assert await numbers(project.dsn) == [1, 2]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"source_timestamp": None},
            (400, "target_lsn or target_timestamp required when branch is reset to itself"),
        ),
        ({"source_lsn": "0/1"}, (400, "timestamp and LSN are mutually exclusive")),
        ({"source_timestamp": "2026-11-20T09:00:00"}, (400, "not an RFC 3339 time with a zone")),
        ({"source_timestamp": "2026-11-20 09:00:00+00"}, (400, "not an RFC 3339 time with a zone")),
        ({"source_timestamp": "2199-01-01T00:00:00Z"}, (400, "timestamp is in the future")),
        ({"source_branch_id": "br-no-such-a1b2c3d4"}, (404, "branch not found")),
        (
            {"preserve_under_name": None},
            (422, "preserve_under_name is required when branch is reset to itself"),
        ),
        ({"preserve_under_name": "main"}, (409, "branch already exists")),
        ({"sourceTimestamp": "2026-11-20T09:00:00Z"}, (400, "sourceTimestamp")),
    ],
)
async def test_what_makes_no_sense_is_refused_in_neons_words(
    project: Driver, change: dict[str, str | None], expected: tuple[int, str]
) -> None:
    instant = await write(project.dsn, 1)
    body = {
        name: value for name, value in (_to_itself(project, instant) | change).items() if value is not None
    }
    status, code, message = refusal(await project.call("POST", f"/branches/{project.main}/restore", body))
    assert (status, code) == (expected[0], "")
    assert expected[1] in message
    assert set(await project.branches()) == {"main"}


async def test_a_branch_with_children_is_not_overwritten_without_a_name_for_its_state(
    project: Driver,
) -> None:
    dev = (await project.create({"branch": {"name": "dev"}}))["branch"]["id"]
    await project.create({"branch": {"name": "child", "parent_id": dev}})
    refused = await project.call("POST", f"/branches/{dev}/restore", {"source_branch_id": project.main})
    assert refusal(refused) == (422, "", "Branch has children, preserve_under_name is required")


async def test_a_protected_branch_is_not_restored(neon: SandboxNeon, project: Driver) -> None:
    instant = await write(project.dsn, 1)
    ok(await project.call("PATCH", f"/branches/{project.main}", {"branch": {"protected": True}}))
    refused = await project.call("POST", f"/branches/{project.main}/restore", _to_itself(project, instant))
    assert refused.status_code == 422


async def test_a_branch_goes_back_to_a_position_in_the_log(project: Driver) -> None:
    await write(project.dsn, 1)
    async with session(project.dsn) as connection:
        position = await scalar(connection, "SELECT pg_current_wal_lsn()")
    await write(project.dsn, 2)
    body = {"source_branch_id": project.main, "source_lsn": position, "preserve_under_name": "kept"}
    await project.restore(project.main, body)
    assert await numbers(project.dsn) == [1]
    assert refusal(await project.call("POST", "/branches", {"branch": {"parent_lsn": "7/0"}}))[0] == 400


async def test_replication_slots_are_not_carried_over(project: Driver) -> None:
    async with session(project.dsn) as connection:
        await connection.execute("SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
    instant = await write(project.dsn, 1) + timedelta(0)
    await project.restore(project.main, _to_itself(project, instant))
    async with session(project.dsn) as connection:
        assert await scalar(connection, "SELECT count(*) FROM pg_replication_slots") == 0


def _to_itself(project: Driver, instant: object) -> dict[str, str | None]:
    return {
        "source_branch_id": project.main,
        "source_timestamp": f"{instant:%Y-%m-%dT%H:%M:%S.%fZ}",
        "preserve_under_name": "kept",
    }


async def _with_compute(project: Driver, branch_id: str) -> str:
    """A connection string to a branch that had no compute."""
    await project.quiet()
    body = {"endpoint": {"branch_id": branch_id, "type": "read_write"}}
    await project.finished(ok(await project.call("POST", "/endpoints", body), 201))
    return await project.uri(branch_id)
