"""Snapshot restore: a new branch, looked into first or put in the target's place (neon.md §7.2, rows 19-21 of §17)."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.sandbox.neon.driver import Driver, numbers, ok, refusal, session, write


async def test_a_restore_that_is_not_finalized_makes_a_branch_and_leaves_the_target_alone(
    project: Driver,
) -> None:
    snapshot = await _snapshot_of_one_row(project)
    before = await project.branch(project.main)
    body = {"name": "check", "target_branch_id": project.main, "finalize_restore": False}
    answer = ok(await project.call("POST", f"/snapshots/{snapshot}/restore", body))
    branch = answer["branch"]
    assert (branch["current_state"], branch["pending_state"]) == ("init", "ready")
    assert [o["action"] for o in answer["operations"]] == ["timeline_unarchive", "create_branch"]
    await project.finished(answer)
    restored = await project.branch(branch["id"])
    assert (restored["name"], restored["current_state"]) == ("check", "ready")
    assert (restored["restore_status"], restored["restored_from"], restored["restored_as"]) == (
        "restored",
        snapshot,
        project.main,
    )
    assert "parent_id" not in restored and not restored["default"]
    assert await project.branch(project.main) == before
    assert await numbers(await _with_compute(project, branch["id"])) == [1]
    assert await numbers(project.dsn) == [1, 2]


async def test_without_a_body_the_target_is_where_the_snapshot_was_taken(project: Driver) -> None:
    snapshot = await _snapshot_of_one_row(project)
    branch = (await _restored(project, snapshot))["branch"]
    assert branch["restored_as"] == project.main and branch["name"] == branch["id"]


async def test_a_finalized_restore_has_a_new_id_and_the_name_endpoints_and_default_flag_move(
    project: Driver,
) -> None:
    snapshot = await _snapshot_of_one_row(project)
    answer = await _restored(project, snapshot, target_branch_id=project.main, finalize_restore=True)
    assert [o["action"] for o in answer["operations"]] == [
        "timeline_unarchive",
        "create_branch",
        "suspend_compute",
    ]
    branches = await project.branches()
    new, old = branches["main"], branches["main (old)"]
    assert new["id"] == answer["branch"]["id"] != project.main == old["id"]
    assert new["default"] and not old["default"]
    assert (new["restore_status"], new["restored_from"], new["restored_as"]) == (
        "finalized",
        snapshot,
        project.main,
    )
    assert (await project.get(f"/branches/{project.main}/endpoints"))["endpoints"] == []
    assert conninfo_to_dict(await project.uri(new["id"])) == conninfo_to_dict(project.dsn)
    assert await numbers(project.dsn) == [1]
    assert await numbers(await _with_compute(project, old["id"])) == [1, 2]


async def test_a_restore_is_finalized_after_a_look_into_it(project: Driver) -> None:
    snapshot = await _snapshot_of_one_row(project)
    restored = (await _restored(project, snapshot, name="check"))["branch"]["id"]
    preview = await _with_compute(project, restored)
    assert await numbers(preview) == [1]
    answer = ok(await project.call("POST", f"/branches/{restored}/finalize_restore", {"name": "main-before"}))
    assert answer.keys() == {"operations"}
    await project.finished(answer)
    branches = await project.branches()
    assert (branches["main"]["id"], branches["main-before"]["id"]) == (restored, project.main)
    assert branches["main"]["restore_status"] == "finalized"
    assert conninfo_to_dict(await project.uri(restored)) == conninfo_to_dict(project.dsn)
    assert await numbers(project.dsn) == [1]
    with pytest.raises(psycopg.OperationalError):
        await numbers(preview)


async def test_a_restore_is_finalized_once_and_only_on_the_branch_that_was_restored(project: Driver) -> None:
    snapshot = await _snapshot_of_one_row(project)
    wrong = await project.call("POST", f"/branches/{project.main}/finalize_restore")
    assert refusal(wrong)[0] == 422
    restored = (await _restored(project, snapshot))["branch"]["id"]
    await project.finished(ok(await project.call("POST", f"/branches/{restored}/finalize_restore")))
    again = await project.call("POST", f"/branches/{restored}/finalize_restore")
    assert refusal(again)[0] == 422


async def test_an_idle_compute_moves_too(project: Driver) -> None:
    snapshot = await _snapshot_of_one_row(project)
    (endpoint,) = (await project.get("/endpoints"))["endpoints"]
    await project.finished(ok(await project.call("POST", f"/endpoints/{endpoint['id']}/suspend")))
    restored = (await _restored(project, snapshot))["branch"]["id"]
    answer = ok(await project.call("POST", f"/branches/{restored}/finalize_restore"))
    assert [o["action"] for o in answer["operations"]] == ["apply_config"]
    await project.finished(answer)
    (moved,) = (await project.get("/endpoints"))["endpoints"]
    assert (moved["id"], moved["branch_id"]) == (endpoint["id"], restored)
    assert await numbers(project.dsn) == [1]


async def test_a_session_ends_when_its_branch_is_replaced(project: Driver) -> None:
    snapshot = await _snapshot_of_one_row(project)
    async with session(project.dsn) as connection:
        await connection.execute("SELECT 1")
        await _restored(project, snapshot, finalize_restore=True)
        with pytest.raises(psycopg.errors.AdminShutdown):
            await connection.execute("SELECT 1")


async def test_a_second_restore_without_a_target_hits_the_old_branch(project: Driver) -> None:
    snapshot = await _snapshot_of_one_row(project)
    first = (await _restored(project, snapshot, finalize_restore=True))["branch"]["id"]
    await write(project.dsn, 3)
    second = (await _restored(project, snapshot, finalize_restore=True))["branch"]["id"]
    branches = await project.branches()
    assert branches["main"]["id"] == first and branches["main"]["default"]
    assert branches["main (old)"]["id"] == second and not branches["main (old)"]["default"]
    assert branches["main (old) (old)"]["id"] == project.main
    assert await numbers(project.dsn) == [1, 3]


async def test_a_second_restore_with_its_target_replaces_what_the_first_put_there(project: Driver) -> None:
    snapshot = await _snapshot_of_one_row(project)
    first = (await _restored(project, snapshot, finalize_restore=True))["branch"]["id"]
    await write(project.dsn, 3)
    again = await _restored(project, snapshot, target_branch_id=first, finalize_restore=True)
    branches = await project.branches()
    assert branches["main"]["id"] == again["branch"]["id"]
    assert branches["main (old 2)"]["id"] == first
    assert await numbers(project.dsn) == [1]


async def test_snapshots_and_children_stay_with_the_old_branch(project: Driver) -> None:
    snapshot = await _snapshot_of_one_row(project)
    child = (await project.create())["branch"]["id"]
    await _restored(project, snapshot, finalize_restore=True)
    (listed,) = (await project.get("/snapshots"))["snapshots"]
    assert listed["source_branch_id"] == project.main
    assert (await project.branch(child))["parent_id"] == project.main


async def test_a_protected_branch_can_be_replaced_and_its_protection_moves(project: Driver) -> None:
    snapshot = await _snapshot_of_one_row(project)
    ok(await project.call("PATCH", f"/branches/{project.main}", {"branch": {"protected": True}}))
    await _restored(project, snapshot, finalize_restore=True)
    branches = await project.branches()
    assert branches["main"]["protected"] and not branches["main (old)"]["protected"]
    assert await numbers(project.dsn) == [1]


@pytest.mark.parametrize("finalize", [False, True])
async def test_a_branch_made_from_a_snapshot_has_no_point_in_time_restore(
    project: Driver, finalize: bool
) -> None:
    snapshot = await _snapshot_of_one_row(project)
    branch = (await _restored(project, snapshot, finalize_restore=finalize))["branch"]["id"]
    instant = datetime.now(UTC).isoformat()
    body = {"source_branch_id": branch, "source_timestamp": instant, "preserve_under_name": "kept"}
    refused = await project.call("POST", f"/branches/{branch}/restore", body)
    message = "restore from snapshot on target branch is still ongoing"
    assert refusal(refused) == (422, "", message)
    assert (await project.branch(branch))["restricted_actions"] == [{"name": "restore", "reason": message}]


async def test_a_rejected_restore_and_an_old_branch_can_be_deleted(project: Driver) -> None:
    snapshot = await _snapshot_of_one_row(project)
    rejected = (await _restored(project, snapshot))["branch"]["id"]
    await project.finished(ok(await project.call("DELETE", f"/branches/{rejected}")))
    await _restored(project, snapshot, finalize_restore=True)
    await project.finished(ok(await project.call("DELETE", f"/branches/{project.main}")))
    assert set(await project.branches()) == {"main"}
    assert await numbers(project.dsn) == [1]


async def test_a_failed_restore_leaves_everything_as_it_was(project: Driver) -> None:
    snapshot = await _snapshot_of_one_row(project)
    await project.fault("failed_operation")
    answer = ok(await project.call("POST", f"/snapshots/{snapshot}/restore", {"finalize_restore": True}))
    statuses = [operation["status"] for operation in await project.finished(answer)]
    assert statuses == ["failed", "cancelled", "cancelled"]
    (branch,) = (await project.branches()).values()
    assert (branch["id"], branch["current_state"]) == (project.main, "ready")
    assert await numbers(project.dsn) == [1, 2]


async def test_a_snapshot_restore_counts_as_a_root_and_needs_a_free_name(project: Driver) -> None:
    snapshot = await _snapshot_of_one_row(project)
    path = f"/snapshots/{snapshot}/restore"
    assert refusal(await project.call("POST", path, {"name": "main"})) == (409, "", "branch already exists")
    unknown = await project.call("POST", path, {"target_branch_id": "br-late-bird-12345678"})
    assert refusal(unknown) == (404, "", "branch not found")
    await project.settings(plan="free")
    for _ in range(2):
        await _restored(project, snapshot)
    assert refusal(await project.call("POST", path))[:2] == (422, "ROOT_BRANCHES_LIMIT_EXCEEDED")


async def _snapshot_of_one_row(project: Driver) -> str:
    """The id of a snapshot taken after the first of two rows."""
    await write(project.dsn, 1)
    answer = ok(await project.call("POST", f"/branches/{project.main}/snapshot", name="s"))
    await project.finished(answer)
    await write(project.dsn, 2)
    snapshot_id: str = answer["snapshot"]["id"]
    return snapshot_id


async def _restored(project: Driver, snapshot: str, **body: Any) -> Any:
    answer = ok(await project.call("POST", f"/snapshots/{snapshot}/restore", body or None))
    ended = await project.finished(answer)
    assert {operation["status"] for operation in ended} == {"finished"}
    return answer


async def _with_compute(project: Driver, branch_id: str) -> str:
    endpoint = {"endpoint": {"branch_id": branch_id, "type": "read_write"}}
    await project.finished(ok(await project.call("POST", "/endpoints", endpoint), 201))
    return await project.uri(branch_id)
