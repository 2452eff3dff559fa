from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import ValidationError

from bot.errors import Kind, NeedsHuman, Refused, StepFailed, Unavailable
from bot.neon.client import NeonClient
from bot.neon.models import Branch, BranchPage, Project, lsn_number
from bot.rules.ids import BranchId, OperationId, ProjectId
from tests.neon.conftest import QUICK, client_of
from tests.neon.scripted import (
    ScriptedNeon,
    branch,
    branches,
    breaks,
    operation,
    operations,
    refuses,
    says,
)

P1, MAIN, OP = ProjectId("p1"), BranchId("br-main"), OperationId("op-1")
PROJECT = {
    "id": "shiny-wind-028834",
    "platform_id": "aws",
    "region_id": "aws-us-east-2",
    "name": "shop",
    "pg_version": 16,
    "history_retention_seconds": 604800,
    "created_at": "2022-11-23T17:42:25Z",
    "owner": {
        "name": "John",
        "email": "j@example.com",
        "branches_limit": 10,
        "subscription_type": "scale",
    },
}


async def test_a_project_tells_its_window_and_its_plan_and_no_personal_data(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script.on("GET /projects/p1", says(200, {"project": PROJECT}))
    project = await client.project(P1)
    assert project.history_retention == timedelta(days=7)
    assert (project.subscription_type, project.branches_limit) == ("scale", 10)
    assert project.created_at == datetime(2022, 11, 23, 17, 42, 25, tzinfo=UTC)
    assert "John" not in repr(project)
    assert "example.com" not in project.model_dump_json()


def test_a_project_seen_without_its_owner_has_no_known_plan() -> None:
    project = Project.model_validate({key: value for key, value in PROJECT.items() if key != "owner"})
    assert (project.subscription_type, project.branches_limit) == (None, None)


def test_what_neon_told_can_be_kept_as_json_and_read_back() -> None:
    project = Project.model_validate(PROJECT)
    assert Project.model_validate_json(project.model_dump_json()) == project


def test_times_are_utc_and_never_naive() -> None:
    told = Branch.model_validate(branch(created_at="2026-11-20T12:00:00+02:00", parent_timestamp=""))
    assert told.created_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert told.created_at.tzinfo is UTC
    assert told.parent_timestamp is None
    with pytest.raises(ValidationError):
        Branch.model_validate(branch(created_at="2026-11-20T12:00:00"))


@pytest.mark.parametrize(
    ("state", "ready", "at_rest"),
    [
        ({"current_state": "ready"}, True, True),
        ({"current_state": "archived"}, False, True),
        ({"current_state": "init", "pending_state": "ready"}, False, False),
        ({"current_state": "ready", "pending_state": "resetting"}, False, False),
        ({"current_state": "resetting"}, False, False),
        ({"current_state": "a_state_of_next_year"}, False, False),
    ],
)
def test_only_a_branch_nothing_is_done_to_is_at_rest(
    state: dict[str, str], ready: bool, at_rest: bool
) -> None:
    told = Branch.model_validate(branch(**state))
    assert (told.is_ready, told.is_at_rest) == (ready, at_rest)


def test_an_lsn_is_a_position() -> None:
    assert lsn_number("0/1DE2850") == 0x1DE2850
    assert lsn_number("A/0") == 10 << 32
    for text in ("", "0", "0/", "0/123456789", "x/1"):
        with pytest.raises(ValueError, match="is not an LSN"):
            lsn_number(text)


async def test_branches_are_collected_over_all_pages_with_their_notes(
    script: ScriptedNeon, client: NeonClient
) -> None:
    note = {"object": {"type": "console/branch", "id": "br-2"}, "value": {"request": "r-1"}}
    last = {
        "branches": [branch("b", "br-2"), branch("c", "br-3")],
        "annotations": {"br-2": note},
        "pagination": {},
    }
    script.on(
        "GET /projects/p1/branches",
        branches(branch("a", "br-1"), branch("b", "br-2"), following="page2"),
        says(200, last),
    )
    listed = await client.branches(P1)
    assert [one.id for one in listed] == ["br-1", "br-2", "br-3"]
    assert listed[1].annotation == {"request": "r-1"}
    assert [request.url.params.get("cursor") for request in script.requests] == [None, "page2"]


async def test_a_listing_that_turns_in_circles_ends(script: ScriptedNeon, client: NeonClient) -> None:
    script.on("GET /projects/p1/branches", branches(branch(), following="same"))
    assert len(await client.branches(P1)) == 1
    assert len(script.requests) == 2


async def test_a_branch_is_found_by_its_whole_name_only(script: ScriptedNeon, client: NeonClient) -> None:
    listed = [branch("prod-old", "br-1"), branch("Prod", "br-2"), branch("prod", "br-3")]
    script.on("GET /projects/p1/branches", branches(*listed))
    found = await client.branch_named(P1, "prod")
    assert found is not None
    assert found.id == "br-3"
    assert await client.branch_named(P1, "pro") is None
    assert script.requests[0].url.params["search"] == "prod"


async def test_children_are_the_branches_that_name_it_as_their_parent(
    script: ScriptedNeon, client: NeonClient
) -> None:
    listed = [branch(), branch("kid", "br-k", parent_id="br-main"), branch("other", "br-o", parent_id="br-k")]
    script.on("GET /projects/p1/branches", branches(*listed))
    assert [child.name for child in await client.children(P1, MAIN)] == ["kid"]


def test_an_answer_without_notes_is_read() -> None:
    assert BranchPage.model_validate({"branches": [branch()]}).annotations == {}


async def test_settling_waits_for_the_operations_and_then_for_the_branch(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script.on(
        "GET /projects/p1/operations",
        operations(operation("op-1", "scheduling")),
        operations(operation("op-1", "running")),
        operations(operation("op-1")),
    )
    script.on(
        "GET /projects/p1/branches/br-main",
        says(200, {"branch": branch(current_state="resetting", pending_state="ready")}),
        says(200, {"branch": branch()}),
    )
    await client.settle(P1, branch=MAIN, operations=[OP])
    assert len(script.sent("GET /projects/p1/operations")) == 4
    assert len(script.sent("GET /projects/p1/branches/br-main")) == 2


async def test_settling_asks_for_an_operation_that_the_newest_page_lacks(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script.on(
        "GET /projects/p1/operations/op-1",
        refuses(404, "operation not found"),
        says(200, {"operation": operation("op-1", "running")}),
        says(200, {"operation": operation("op-1", "skipped")}),
    )
    await client.settle(P1, operations=[OP])
    assert len(script.sent("GET /projects/p1/operations/op-1")) == 3


@pytest.mark.parametrize("status", ["error", "cancelled"])
async def test_an_operation_that_ended_badly_is_reported_at_once(
    script: ScriptedNeon, client: NeonClient, status: str
) -> None:
    script.on("GET /projects/p1/operations", operations(operation("op-1", status, action="start_compute")))
    with pytest.raises(StepFailed) as caught:
        await client.settle(P1, operations=[OP])
    assert caught.value.kind is Kind.OPERATION_FAILED
    assert caught.value.facts == {"action": "start_compute", "operation": "op-1"}
    assert len(script.requests) == 1


async def test_the_operation_that_failed_is_named_and_not_one_cancelled_for_it(
    script: ScriptedNeon, client: NeonClient
) -> None:
    cancelled = operation("op-2", "cancelled", action="start_compute")
    script.on("GET /projects/p1/operations", operations(cancelled, operation("op-1", "failed")))
    with pytest.raises(StepFailed) as caught:
        await client.settle(P1, operations=[OperationId("op-2"), OP])
    assert caught.value.facts == {"action": "create_branch", "operation": "op-1"}


async def test_a_failed_operation_is_believed_when_seen_three_times(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script.on("GET /projects/p1/operations", operations(operation("op-1", "failed")))
    with pytest.raises(StepFailed):
        await client.settle(P1, operations=[OP])
    assert len(script.requests) == 3


async def test_a_failed_operation_that_neon_tries_again_may_still_succeed(
    script: ScriptedNeon, client: NeonClient
) -> None:
    failed = operations(operation("op-1", "failed"))
    again = operations(operation("op-1", "running"))
    script.on(
        "GET /projects/p1/operations", failed, failed, again, failed, failed, operations(operation("op-1"))
    )
    await client.settle(P1, operations=[OP])


async def test_somebody_elses_failure_is_not_ours(script: ScriptedNeon, client: NeonClient) -> None:
    script.on("GET /projects/p1/operations", operations(operation("op-2", "error"), operation("op-1")))
    await client.settle(P1, operations=[OP])


@pytest.mark.parametrize("status", ["running", "cancelling", "a_status_of_next_year"])
async def test_what_never_ends_is_left_to_a_person(
    script: ScriptedNeon, hasty: NeonClient, status: str
) -> None:
    script.on("GET /projects/p1/operations", operations(operation("op-1", status)))
    with pytest.raises(NeedsHuman) as caught:
        await hasty.settle(P1, operations=[OP])
    assert caught.value.kind is Kind.STILL_RUNNING
    assert caught.value.facts["waiting_for"] == "create_branch"


async def test_a_branch_that_never_comes_to_rest_is_left_to_a_person(
    script: ScriptedNeon, hasty: NeonClient
) -> None:
    script.on("GET /projects/p1/branches/br-main", says(200, {"branch": branch(current_state="init")}))
    with pytest.raises(NeedsHuman) as caught:
        await hasty.settle(P1, branch=MAIN)
    assert caught.value.facts["waiting_for"] == "branch_init"


async def test_settling_outlives_a_neon_that_cannot_be_asked_for_a_while(script: ScriptedNeon) -> None:
    cut, done = breaks(httpx.ReadError), operations(operation("op-1"))
    async with client_of(script, replace(QUICK, unreachable=0)) as client:
        script.on("GET /projects/p1/operations", cut, cut, done)
        with pytest.raises(Unavailable):
            await client.operations(P1)
        await client.settle(P1, operations=[OP])


async def test_a_neon_that_cannot_be_asked_any_more_is_what_settling_waits_for(
    script: ScriptedNeon, hasty: NeonClient
) -> None:
    script.on("GET /projects/p1/operations", says(503))
    with pytest.raises(NeedsHuman) as caught:
        await hasty.settle(P1, operations=[OP])
    assert caught.value.facts["waiting_for"] == "neon_down"


async def test_a_project_that_is_never_quiet_is_busy(script: ScriptedNeon, hasty: NeonClient) -> None:
    script.on("GET /projects/p1/operations", operations(operation("op-9", "running")))
    with pytest.raises(Unavailable) as caught:
        await hasty.until_quiet(P1)
    assert caught.value.kind is Kind.NEON_BUSY


async def test_the_rest_of_a_branch_is_read(script: ScriptedNeon, client: NeonClient) -> None:
    under = "/projects/p1/branches/br-main"
    shop = {"id": 1, "name": "shop", "owner_name": "alex"}
    alex = {"name": "alex", "password": "pa55", "protected": False}
    ep = {
        "id": "ep-1",
        "branch_id": "br-main",
        "type": "read_write",
        "current_state": "idle",
        "host": "h.test",
    }
    snap = {"id": "snap-1", "name": "pre", "created_at": "2026-11-20T10:00:00Z", "manual": True}
    script.on(f"GET {under}/databases", says(200, {"databases": [shop]}))
    script.on(f"GET {under}/roles", says(200, {"roles": [alex]}))
    script.on(f"GET {under}/endpoints", says(200, {"endpoints": [ep]}))
    script.on("GET /projects/p1/snapshots", says(200, {"snapshots": [snap]}))
    assert [database.name for database in await client.databases(P1, MAIN)] == ["shop"]
    assert "pa55" not in repr(await client.roles(P1, MAIN))
    assert [endpoint.current_state for endpoint in await client.endpoints(P1, MAIN)] == ["idle"]
    assert [snapshot.name for snapshot in await client.snapshots(P1)] == ["pre"]


async def test_a_missing_project_is_told_from_a_missing_branch(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script.on(
        "GET /projects/p1/branches/br-main",
        refuses(404, "project not found"),
        refuses(404, "branch not found"),
    )
    for what in ("project", "branch"):
        with pytest.raises(Refused) as caught:
            await client.branch(P1, MAIN)
        assert caught.value.facts == {"what": what}
