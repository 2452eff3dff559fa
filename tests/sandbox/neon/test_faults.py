"""Faults and settings, each as a client meets it; and operations that hold others off."""

import asyncio
import json
import time

import httpx
import psycopg
import pytest

from bot.sandbox.neon import SandboxNeon
from tests.sandbox.neon.driver import Driver, ok, refusal, scalar, session

_BUSY = "project already has running conflicting operations, scheduling of new ones is prohibited"


async def test_a_running_operation_holds_every_other_change_off(project: Driver) -> None:
    await project.settings(operation_seconds=0.5)
    answer = ok(await project.call("POST", "/branches", {"branch": {"name": "b"}}), 201)
    for method, path, body in (
        ("POST", "/branches", {"branch": {"name": "c"}}),
        ("PATCH", f"/branches/{project.main}", {"branch": {"name": "c"}}),
        ("POST", f"/branches/{project.main}/snapshot", None),
        ("PATCH", "", {"project": {"history_retention_seconds": 60}}),
    ):
        assert refusal(await project.call(method, path, body)) == (423, "", _BUSY)
    unready = await project.call("POST", "/branches", {"branch": {"parent_id": answer["branch"]["id"]}})
    assert refusal(unready) == (422, "", "branch not ready yet")
    assert (await project.call("GET", "/branches")).status_code == 200
    await project.finished(answer)
    await project.create({"branch": {"name": "c"}})


async def test_operations_are_listed_newest_first_and_paged_by_time(project: Driver) -> None:
    await project.create({"endpoints": [{"type": "read_write"}]})
    first = await project.get("/operations", limit="1")
    second = await project.get("/operations", limit="1", cursor=first["pagination"]["cursor"])
    assert [page["operations"][0]["action"] for page in (first, second)] == ["start_compute", "create_branch"]
    operation = second["operations"][0]
    assert operation["status"] == "finished" and operation["total_duration_ms"] >= 50
    rest = await project.get("/operations", cursor=second["pagination"]["cursor"])
    assert rest["operations"] == []


async def test_a_failed_operation_says_so_though_the_call_was_accepted(project: Driver) -> None:
    await project.fault("failed_operation")
    answer = ok(await project.call("POST", "/branches", {"branch": {"name": "b"}}), 201)
    (ended,) = await project.finished(answer)
    assert ended["status"] == "failed" and ended["error"] and ended["failures_count"] > 0
    assert set(await project.branches()) == {"main"}
    await project.create({"branch": {"name": "b"}})


async def test_a_branch_whose_deletion_failed_is_still_there(project: Driver) -> None:
    created = await project.create({"endpoints": [{"type": "read_write"}]})
    branch, dsn = created["branch"]["id"], created["connection_uris"][0]["connection_uri"]
    await project.fault("failed_operation", method="DELETE")
    await project.finished(ok(await project.call("DELETE", f"/branches/{branch}")))
    assert (await project.branch(branch))["current_state"] == "ready"
    async with session(dsn) as connection:
        assert await scalar(connection, "SELECT 1") == 1
    await project.finished(ok(await project.call("DELETE", f"/branches/{branch}")))
    with pytest.raises(psycopg.OperationalError):
        async with session(dsn):
            pass


async def test_a_slow_operation_takes_the_time_asked_for(project: Driver) -> None:
    await project.settings(operation_seconds=0)
    await project.fault("slow_operation", seconds=0.7, method="post", path_regex="/branches$")
    started = time.monotonic()
    assert await project.get("/operations")
    await project.create()
    assert time.monotonic() - started > 0.7


@pytest.mark.parametrize(("fault", "status"), [("423", 423), ("429", 429), ("503", 503)])
async def test_a_status_is_given_so_many_times_and_nothing_is_done(
    project: Driver, fault: str, status: int
) -> None:
    await project.fault(fault, times=2, method="POST", path_regex="/branches$")
    for _ in range(2):
        assert refusal(await project.call("POST", "/branches", {"branch": {"name": "b"}}))[0] == status
        assert set(await project.branches()) == {"main"}
    await project.create({"branch": {"name": "b"}})


async def test_retry_after_is_sent_only_when_asked_for(project: Driver) -> None:
    await project.fault("429")
    await project.fault("429", seconds=3)
    assert "Retry-After" not in (await project.call("GET", "/branches")).headers
    assert (await project.call("GET", "/branches")).headers["Retry-After"] == "3"


async def test_a_524_is_a_page_of_html_and_the_work_was_done(project: Driver) -> None:
    await project.fault("html_524", method="POST")
    answer = await project.call("POST", "/branches", {"branch": {"name": "b"}})
    assert answer.status_code == 524
    assert answer.headers["Content-Type"].startswith("text/html") and "<html>" in answer.text
    assert set(await project.branches()) == {"main", "b"}


async def test_a_truncated_answer_is_no_json_and_the_work_was_done(project: Driver) -> None:
    await project.fault("truncate", method="POST")
    answer = await project.call("POST", "/branches", {"branch": {"name": "b"}})
    assert answer.status_code == 201
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert set(await project.branches()) == {"main", "b"}


async def test_a_connection_cut_before_the_request_leaves_nothing_done(project: Driver) -> None:
    await project.fault("cut_before", method="POST")
    with pytest.raises(httpx.RemoteProtocolError):
        await project.call("POST", "/branches", {"branch": {"name": "b"}})
    assert set(await project.branches()) == {"main"}


async def test_a_connection_cut_after_the_work_leaves_it_done(project: Driver) -> None:
    await project.fault("cut_after", method="POST")
    with pytest.raises(httpx.RemoteProtocolError):
        await project.call("POST", "/branches", {"branch": {"name": "b"}})
    assert set(await project.branches()) == {"main", "b"}


async def test_an_answer_is_delayed(project: Driver) -> None:
    await project.fault("delay", seconds=0.4)
    started = time.monotonic()
    assert await project.get("/branches")
    assert time.monotonic() - started > 0.4


async def test_faults_are_listed_and_cleared(neon: SandboxNeon, project: Driver) -> None:
    order = {"times": 3, "method": "DELETE", "path_regex": "/never$"}
    added = await project.fault("503", **order)
    listed = ok(await project.client.get(neon.origin + "/sandbox/faults"))
    assert [one for one in listed if one["id"] == added["id"]] == [
        order | {"fault": "503", "id": added["id"], "project_id": project.project_id}
    ]
    ok(await project.client.delete(neon.origin + "/sandbox/faults"))
    assert ok(await project.client.get(neon.origin + "/sandbox/faults")) == []


@pytest.mark.parametrize(
    "order",
    [{"fault": "418"}, {"fault": "503", "times": 0}, {"fault": "503", "path_regex": "("}, {"fualt": "503"}],
)
async def test_a_fault_that_makes_no_sense_is_refused(
    neon: SandboxNeon, project: Driver, order: dict[str, object]
) -> None:
    assert (await project.client.post(neon.origin + "/sandbox/faults", json=order)).status_code == 400


async def test_a_wrong_key_is_refused_and_the_callers_request_id_comes_back(project: Driver) -> None:
    headers = {"Authorization": "Bearer napi_wrong", "X-Request-ID": "mine"}
    answer = await project.client.get(project.path(""), headers=headers)
    assert answer.json() == {
        "request_id": "mine",
        "code": "",
        "message": "supplied credentials do not pass authentication",
    }
    assert answer.status_code == 401
    assert answer.headers["x-neon-ret-request-id"] == "mine"


async def test_keys_reach_what_their_kind_reaches(neon: SandboxNeon, project: Driver) -> None:
    async def get(token: str, path: str) -> httpx.Response:
        return await project.client.get(path, headers={"Authorization": f"Bearer {token}"})

    personal, organization = neon.new_api_key("personal"), neon.api_key
    assert ok(await get(organization, "/auth"))["auth_method"] == "api_key_org"
    assert ok(await get(personal, "/auth"))["auth_method"] == "api_key_user"
    refused = refusal(await get(organization, "/users/me"))
    assert refused[0] == 404 and "organization API keys" in refused[2]
    assert ok(await get(personal, "/users/me"))["plan"]
    (organization_row,) = ok(await get(personal, "/users/me/organizations"))["organizations"]
    assert "org_id is required" in refusal(await get(personal, "/projects"))[2]
    query = f"?org_id={organization_row['id']}&search={project.project_id}"
    assert [p["id"] for p in ok(await get(personal, "/projects" + query))["projects"]] == [project.project_id]
    assert {p["id"] for p in (ok(await get(organization, "/projects?limit=400")))["projects"]} >= {
        project.project_id,
        neon.project_id,
    }
    other = await project.client.get(f"/projects/{neon.project_id}")
    assert refusal(other) == (404, "", "project not found")


async def test_a_wrong_route_and_a_wrong_method_have_neons_error_body(project: Driver) -> None:
    assert refusal(await project.call("POST", "/snapshots"))[0] == 405
    assert refusal(await project.call("GET", "/no/such/route"))[0] == 404
    broken = await project.client.post(project.path("/branches"), content=b"{")
    assert refusal(broken)[0] == 400


async def test_calls_of_several_projects_do_not_hold_each_other_off(
    neon: SandboxNeon, project: Driver
) -> None:
    other = await neon.new_project(name="other")
    headers = {"Authorization": f"Bearer {neon.api_key}"}
    calls = (
        project.client.post(f"/projects/{project_id}/branches", headers=headers)
        for project_id in (project.project_id, other.project_id)
    )
    assert [answer.status_code for answer in await asyncio.gather(*calls)] == [201, 201]
    await neon.remove_project(other.project_id)
