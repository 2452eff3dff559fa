"""Branches: made, listed, changed, deleted, expired; the history window; limits of plans."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.sandbox.neon.driver import Driver, numbers, ok, refusal, write

_GO_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC"


async def test_a_branch_without_endpoints_is_a_receipt_first_and_ready_later(project: Driver) -> None:
    answer = ok(await project.call("POST", "/branches", {"branch": {"name": "b"}}), 201)
    branch = answer["branch"]
    assert (branch["current_state"], branch["pending_state"]) == ("init", "ready")
    assert branch["parent_id"] == project.main and branch["init_source"] == "parent-data"
    assert answer["endpoints"] == [] and "connection_uris" not in answer
    assert [(o["action"], o["status"]) for o in answer["operations"]] == [("create_branch", "running")]
    await project.finished(answer)
    branch = await project.branch(branch["id"])
    assert branch["current_state"] == "ready" and "pending_state" not in branch
    assert re.fullmatch(r"[0-9A-F]+/[0-9A-F]+", branch["parent_lsn"])


async def test_an_unnamed_branch_is_called_by_its_id_in_a_shape_neons_client_knows(project: Driver) -> None:
    branch = (await project.create())["branch"]
    assert branch["name"] == branch["id"]
    assert re.fullmatch(r"br-[a-z0-9]+-[a-z0-9]+-[a-z0-9]+", branch["id"])


async def test_a_branch_with_a_compute_gives_a_connection_string_that_works(project: Driver) -> None:
    await write(project.dsn, 1)
    answer = await project.create({"endpoints": [{"type": "read_write"}]})
    assert [o["action"] for o in answer["operations"]] == ["create_branch", "start_compute"]
    assert [role["name"] for role in answer["roles"]] == ["shop_owner"]
    assert [database["name"] for database in answer["databases"]] == ["shop"]
    uri = answer["connection_uris"][0]["connection_uri"]
    assert uri == await project.uri(answer["branch"]["id"])
    assert await numbers(uri) == [1]


async def test_annotations_come_back_from_get_and_list(project: Driver) -> None:
    note = {"request": "r-1", "requested_by": "U1"}
    branch = (await project.create({"annotation_value": note}))["branch"]["id"]
    assert (await project.get(f"/branches/{branch}"))["annotation"]["value"] == note
    annotations = (await project.get("/branches"))["annotations"]
    assert {key: value["value"] for key, value in annotations.items()} == {branch: note}
    assert annotations[branch]["object"] == {"type": "console/branch", "id": branch}


async def test_a_taken_name_is_refused(project: Driver) -> None:
    assert refusal(await project.call("POST", "/branches", {"branch": {"name": "main"}})) == (
        409,
        "",
        "branch already exists",
    )


async def test_branches_are_listed_page_by_page_searched_and_counted(project: Driver) -> None:
    await project.settings(operation_seconds=0)
    for name in ("a1", "a2", "b1"):
        await project.create({"branch": {"name": name}})
    seen, query = [], {"limit": "2", "sort_by": "name", "sort_order": "asc"}
    while True:
        page = await project.get("/branches", **query)
        seen += [branch["name"] for branch in page["branches"]]
        assert page["pagination"]["sort_by"] == "name"
        if "next" not in page["pagination"]:
            break
        query["cursor"] = page["pagination"]["next"]
    assert seen == ["a1", "a2", "b1", "main"]
    found = (await project.get("/branches", search="a"))["branches"]
    assert {branch["name"] for branch in found} >= {"a1", "a2", "main"}
    assert await project.get("/branches/count", search="b1") == {"count": 1}


async def test_a_branch_is_deleted_once_and_is_gone_at_once(project: Driver) -> None:
    branch = (await project.create({"endpoints": [{"type": "read_write"}]}))["branch"]["id"]
    answer = ok(await project.call("DELETE", f"/branches/{branch}"))
    assert [o["action"] for o in answer["operations"]] == ["suspend_compute", "delete_timeline"]
    gone = await project.call("GET", f"/branches/{branch}")
    assert refusal(gone) == (404, "", "branch not found")
    again = await project.call("DELETE", f"/branches/{branch}")
    assert (again.status_code, again.content) == (204, b"")
    await project.finished(answer)
    deleted = (await project.get("/branches", include_deleted="true"))["branches"]
    assert [b["recovery"]["deletion_method"] for b in deleted if b["id"] == branch] == ["user"]


async def test_what_must_not_be_deleted_is_not(project: Driver) -> None:
    parent = (await project.create({"branch": {"name": "parent"}}))["branch"]["id"]
    child = (await project.create({"branch": {"parent_id": parent, "protected": True}}))["branch"]["id"]
    assert refusal(await project.call("DELETE", f"/branches/{parent}")) == (
        422,
        "",
        f"cannot delete branch that has children: {child}",
    )
    assert (await project.call("DELETE", f"/branches/{child}")).status_code == 422
    assert (await project.call("DELETE", f"/branches/{project.main}")).status_code == 422


async def test_a_branch_is_renamed_and_made_the_default(project: Driver) -> None:
    branch = (await project.create({"branch": {"name": "b"}}))["branch"]["id"]
    assert (
        ok(await project.call("PATCH", f"/branches/{branch}", {"branch": {"name": "c"}}))["operations"] == []
    )
    ok(await project.call("POST", f"/branches/{branch}/set_as_default"))
    branches = await project.branches()
    assert {name: b["default"] for name, b in branches.items()} == {"main": False, "c": True}
    assert {b["id"] for b in branches.values() if b["primary"]} == {branch}


async def test_an_expired_branch_goes_by_itself(project: Driver) -> None:
    expiry = datetime.now(UTC) + timedelta(seconds=2)
    created = await project.create({"branch": {"expires_at": f"{expiry:%Y-%m-%dT%H:%M:%SZ}"}})
    branch = created["branch"]["id"]
    assert created["branch"]["ttl_interval_seconds"] <= 2
    refused = await project.call("POST", "/branches", {"branch": {"parent_id": branch}})
    assert refused.status_code == 422
    async with asyncio.timeout(15):
        while branch in {one["id"] for one in (await project.branches()).values()}:
            pass
    deleted = (await project.get("/branches", include_deleted="true"))["branches"]
    assert [b["recovery"]["deletion_method"] for b in deleted if b["id"] == branch] == ["ttl"]


@pytest.mark.parametrize("expiry", ["2020-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "2026-12-01", "soon"])
async def test_an_expiry_out_of_bounds_is_refused(project: Driver, expiry: str) -> None:
    refused = await project.call("POST", "/branches", {"branch": {"expires_at": expiry}})
    assert refused.status_code == 400


async def test_an_instant_before_the_window_is_refused_in_gos_words(project: Driver) -> None:
    await project.settings(history_seconds=2)
    await asyncio.sleep(2.1)
    instant = datetime.now(UTC) - timedelta(seconds=2.05)
    body = {"branch": {"parent_timestamp": instant.isoformat()}}
    status, code, message = refusal(await project.call("POST", "/branches", body))
    assert (status, code) == (400, "")
    match = re.fullmatch(
        rf'timestamp is before retention window; timestamp:"({_GO_TIME})", retention_window:"2s"', message
    )
    assert match and match[1].startswith(f"{instant:%Y-%m-%d %H:%M:%S}")


async def test_an_instant_before_the_branch_began_is_refused_with_the_same_words(project: Driver) -> None:
    body = {"branch": {"parent_timestamp": "2026-01-01T00:00:00Z"}}
    _, _, message = refusal(await project.call("POST", "/branches", body))
    assert message == (
        'timestamp is before retention window; timestamp:"2026-01-01 00:00:00 +0000 UTC", '
        'retention_window:"24h0m0s"'
    )


async def test_a_child_keeps_what_its_parent_can_no_longer_reach(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    await write(project.dsn, 2)
    child = await project.create_at(instant)
    await project.settings(history_seconds=0)
    late = {"branch": {"parent_timestamp": datetime.now(UTC).isoformat()}}
    assert (await project.call("POST", "/branches", late)).status_code == 400
    assert await numbers(child["connection_uris"][0]["connection_uri"]) == [1]


async def test_children_of_a_protected_branch_have_passwords_of_their_own(project: Driver) -> None:
    await write(project.dsn, 1)
    plain = await project.create({"endpoints": [{"type": "read_write"}]})
    ok(await project.call("PATCH", f"/branches/{project.main}", {"branch": {"protected": True}}))
    guarded = await project.create({"endpoints": [{"type": "read_write"}]})
    passwords = [
        answer["connection_uris"][0]["connection_parameters"]["password"] for answer in (plain, guarded)
    ]
    assert passwords[0] in project.dsn and passwords[1] not in project.dsn
    assert await numbers(guarded["connection_uris"][0]["connection_uri"]) == [1]


async def test_a_plan_allows_so_many_branches_and_no_more(project: Driver) -> None:
    await project.settings(plan="free", operation_seconds=0)
    for _ in range(9):
        await project.create()
    status, code, _ = refusal(await project.call("POST", "/branches"))
    assert (status, code) == (422, "BRANCHES_LIMIT_EXCEEDED")
    await project.settings(plan="unlimited")
    await project.create()


async def test_safety_copies_of_a_root_count_as_roots(project: Driver) -> None:
    await project.settings(plan="free", operation_seconds=0)
    for number in range(3):
        instant = await write(project.dsn, number)
        body = {
            "source_branch_id": project.main,
            "source_timestamp": instant.isoformat(),
            "preserve_under_name": f"kept-{number}",
        }
        answer = await project.call("POST", f"/branches/{project.main}/restore", body)
        if number == 2:
            assert refusal(answer)[:2] == (422, "ROOT_BRANCHES_LIMIT_EXCEEDED")
        else:
            await project.finished(ok(answer))
            await project.quiet()


async def test_the_free_plan_has_no_protected_branches_and_a_window_of_six_hours(project: Driver) -> None:
    await project.settings(plan="free")
    assert (await project.get(""))["project"]["history_retention_seconds"] == 6 * 3600
    assert (await project.get(""))["project"]["owner"]["subscription_type"] == "free_v3"
    refused = await project.call("PATCH", f"/branches/{project.main}", {"branch": {"protected": True}})
    assert refusal(refused)[:2] == (422, "BRANCHES_PROTECTED_LIMIT_EXCEEDED")
    refused = await project.call("PATCH", "", {"project": {"history_retention_seconds": 86400}})
    assert refused.status_code == 422


async def test_setting_the_history_window_is_an_operation(project: Driver) -> None:
    answer = ok(await project.call("PATCH", "", {"project": {"history_retention_seconds": 3600}}))
    assert [o["action"] for o in answer["operations"]] == ["apply_storage_config"]
    assert answer["project"]["history_retention_seconds"] == 3600
