import asyncio
from datetime import timedelta

import httpx
import pytest

from bot.errors import Kind, NeedsHuman, Refused, StepFailed, Unavailable
from bot.neon.client import NeonClient
from bot.neon.models import Branch, Snapshot
from bot.rules.clock import iso
from bot.rules.ids import BranchId, ProjectId
from tests.neon.scripted import (
    T0,
    Answer,
    ScriptedNeon,
    bodies,
    branch,
    branches,
    breaks,
    operation,
    operations,
    refuses,
    says,
)

P1, MAIN, NEW = ProjectId("p1"), BranchId("br-main"), BranchId("br-new")
AT = T0 - timedelta(minutes=35, milliseconds=500)
POST_BRANCH, LIST = "POST /projects/p1/branches", "GET /projects/p1/branches"
SNAPSHOT = "POST /projects/p1/branches/br-main/snapshot"
LOST = breaks(httpx.ReadError)
NAME_TAKEN = refuses(409, "branch already exists")

NEW_BRANCH = branch("preview", "br-new", parent_id="br-main", parent_timestamp=iso(AT), created_at=iso(T0))
ENDPOINT = {"id": "ep-1", "branch_id": "br-new", "type": "read_write", "current_state": "idle"}
SNAP = {
    "id": "snap-1",
    "name": "pre",
    "created_at": iso(T0),
    "source_branch_id": "br-main",
}


async def create(client: NeonClient, *, compute: bool = False) -> Branch:
    return await client.create_branch(
        P1,
        name="preview",
        parent=MAIN,
        at=AT,
        compute=compute,
        expires_at=None,
        annotation={"request": "r-1"},
    )


async def snapshot(client: NeonClient) -> Snapshot:
    return await client.create_snapshot(P1, MAIN, name="pre", expires_at=T0 + timedelta(days=30))


def new_branch(**more: object) -> dict[str, object]:
    return {**NEW_BRANCH, **more}


def accepted(**body: object) -> Answer:
    return says(201, {"operations": [operation("op-1", "running")], **body})


def script_new_branch(script: ScriptedNeon, made: dict[str, object] = NEW_BRANCH) -> None:
    """A project in which `preview` appears once it has been made and settles after one more look."""
    script.on(LIST, branches(), branches(made))
    script.on(POST_BRANCH, accepted(branch={**made, "current_state": "init"}))
    script.on("GET /projects/p1/branches/br-new", says(200, {"branch": made}))
    running = operation("op-1", "running", branch_id="br-new")
    script.on("GET /projects/p1/operations", operations(), operations(running), operations(operation("op-1")))


async def test_a_branch_is_made_and_read_back_once_its_operations_finished(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_new_branch(script)
    assert (await create(client)).current_state == "ready"
    assert bodies(script.sent(POST_BRANCH)) == [
        {
            "branch": {
                "name": "preview",
                "parent_id": "br-main",
                "parent_timestamp": "2026-11-20T09:24:59.500Z",
            },
            "annotation_value": {"request": "r-1"},
        }
    ]
    assert len(script.sent("GET /projects/p1/operations")) == 3


async def test_a_branch_may_have_a_compute_an_expiry_and_an_lsn(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_new_branch(script, new_branch(parent_lsn="0/1DE2850"))
    await client.create_branch(
        P1, name="preview", parent=MAIN, at=None, lsn="0/1DE284F", compute=True, expires_at=T0, annotation={}
    )
    (body,) = bodies(script.sent(POST_BRANCH))
    assert isinstance(body, dict)
    assert body["endpoints"] == [{"type": "read_write"}]
    assert body["branch"]["parent_lsn"] == "0/1DE284F"
    assert body["branch"]["expires_at"] == "2026-11-20T10:00:00.000Z"


async def test_a_branch_that_is_there_already_is_taken_as_done(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_new_branch(script)
    script.on(LIST, branches(NEW_BRANCH))
    assert (await create(client)).id == "br-new"
    assert script.sent(POST_BRANCH) == []


@pytest.mark.parametrize("trouble", [LOST, NAME_TAKEN], ids=["answer lost", "name taken"])
async def test_a_branch_whose_answer_was_lost_is_found_by_its_name(
    script: ScriptedNeon, client: NeonClient, trouble: Answer
) -> None:
    script_new_branch(script)
    script.on(LIST, branches(), branches(), branches(NEW_BRANCH))
    script.on(POST_BRANCH, trouble)
    assert (await create(client)).id == "br-new"
    assert len(script.sent(POST_BRANCH)) == 1


async def test_a_branch_found_without_its_compute_gets_one(script: ScriptedNeon, client: NeonClient) -> None:
    script_new_branch(script)
    script.on(LIST, branches(NEW_BRANCH))
    script.on("GET /projects/p1/branches/br-new/endpoints", says(200, {"endpoints": []}))
    script.on("POST /projects/p1/endpoints", says(201, {"endpoint": ENDPOINT, "operations": []}))
    await create(client, compute=True)
    assert bodies(script.sent("POST /projects/p1/endpoints")) == [
        {"endpoint": {"branch_id": "br-new", "type": "read_write"}}
    ]


async def test_a_branch_that_cannot_be_found_after_a_lost_answer_may_be_asked_for_again(
    script: ScriptedNeon, hasty: NeonClient
) -> None:
    script_new_branch(script)
    script.on(LIST, branches())
    script.on(POST_BRANCH, LOST)
    with pytest.raises(Unavailable) as caught:
        await create(hasty)
    assert caught.value.kind is Kind.NEON_DOWN
    assert len(script.sent(POST_BRANCH)) == 1


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"parent_id": "br-other"}, "parent"),
        ({"parent_id": None}, "parent"),
        ({"parent_timestamp": iso(AT - timedelta(hours=2.5))}, "instant"),
        ({"parent_timestamp": iso(AT + timedelta(seconds=1))}, "instant"),
    ],
)
async def test_a_branch_that_holds_something_else_is_left_to_a_person(
    script: ScriptedNeon, client: NeonClient, told: dict[str, object], what: str
) -> None:
    script.on(LIST, branches(new_branch(**told)))
    with pytest.raises(NeedsHuman) as caught:
        await create(client)
    assert (caught.value.kind, caught.value.facts["what"]) == (Kind.RESULT_DIFFERS, what)
    assert script.sent(POST_BRANCH) == []


@pytest.mark.parametrize("told", [None, "2026-11-20T09:24:59Z"])
async def test_neon_may_cut_the_instant_to_the_second_or_not_tell_it(
    script: ScriptedNeon, client: NeonClient, told: str | None
) -> None:
    script_new_branch(script, new_branch(parent_timestamp=told))
    assert (await create(client)).name == "preview"


async def test_a_branch_made_at_another_lsn_is_left_to_a_person(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_new_branch(script, new_branch(parent_lsn="0/1DE2850"))
    with pytest.raises(NeedsHuman):
        await client.create_branch(
            P1,
            name="preview",
            parent=MAIN,
            at=None,
            lsn="0/1DE2840",
            compute=False,
            expires_at=None,
            annotation={},
        )


async def test_a_branch_whose_operation_failed_is_no_branch_now_and_on_the_next_try(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_new_branch(script)
    failed = operation("op-1", "error", branch_id="br-new", created_at=iso(T0))
    script.on("GET /projects/p1/operations", operations(), operations(failed))
    for _ in range(2):
        with pytest.raises(StepFailed) as caught:
            await create(client)
        assert caught.value.facts["operation"] == "op-1"
    assert len(script.sent(POST_BRANCH)) == 1


async def test_a_later_failure_on_a_branch_found_is_not_taken_for_that_of_its_making(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_new_branch(script)
    script.on(LIST, branches(NEW_BRANCH))
    later = operation("op-8", "error", branch_id="br-new", created_at=iso(T0 + timedelta(hours=1)))
    check = operation("op-9", "error", branch_id="br-new", created_at=iso(T0), action="check_availability")
    script.on("GET /projects/p1/operations", operations(later, check))
    assert (await create(client)).id == "br-new"


async def test_a_change_waits_until_the_project_is_quiet(script: ScriptedNeon, client: NeonClient) -> None:
    script_new_branch(script)
    busy = operations(operation("op-7", "running"))
    done = operations(operation("op-7"), operation("op-1"))
    script.on("GET /projects/p1/operations", busy, busy, done)
    await create(client)
    before = script.requests[: script.requests.index(script.sent(POST_BRANCH)[0])]
    assert sum(request.url.path.endswith("/operations") for request in before) == 3


async def test_a_project_that_stays_busy_is_left_untouched(script: ScriptedNeon, hasty: NeonClient) -> None:
    script_new_branch(script)
    script.on("GET /projects/p1/operations", operations(operation("op-7", "running")))
    with pytest.raises(Unavailable) as caught:
        await create(hasty)
    assert caught.value.kind is Kind.NEON_BUSY
    assert script.sent(POST_BRANCH) == []


async def test_two_requests_for_one_branch_send_one_change(script: ScriptedNeon, client: NeonClient) -> None:
    script_new_branch(script)
    first, second = await asyncio.gather(create(client), create(client))
    assert first == second
    assert len(script.sent(POST_BRANCH)) == 1


async def test_a_time_outside_the_window_changes_nothing(script: ScriptedNeon, client: NeonClient) -> None:
    script_new_branch(script)
    text = 'timestamp is before retention window; timestamp:"2026-11-20 09:24:59.5 +0000 UTC", '
    script.on(POST_BRANCH, refuses(400, text + 'retention_window:"24h0m0s"'))
    with pytest.raises(Refused) as caught:
        await create(client)
    assert caught.value.kind is Kind.OUTSIDE_WINDOW
    assert (caught.value.facts["asked"], caught.value.facts["window"]) == (iso(AT), "24 h")


async def test_a_deleted_branch_is_gone_when_its_operations_finished(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script.on("GET /projects/p1/branches/br-new", says(200, {"branch": NEW_BRANCH}))
    removing = operation("op-1", "running", action="delete_timeline")
    script.on(
        "DELETE /projects/p1/branches/br-new", says(200, {"branch": NEW_BRANCH, "operations": [removing]})
    )
    script.on(
        "GET /projects/p1/operations", operations(), operations(removing), operations(operation("op-1"))
    )
    await client.delete_branch(P1, NEW)
    assert len(script.sent("GET /projects/p1/operations")) == 3


@pytest.mark.parametrize("answer", [says(204), refuses(404, "branch not found")])
async def test_a_branch_that_somebody_deletes_meanwhile_is_gone(
    script: ScriptedNeon, client: NeonClient, answer: Answer
) -> None:
    script.on("GET /projects/p1/branches/br-new", says(200, {"branch": NEW_BRANCH}))
    script.on("DELETE /projects/p1/branches/br-new", answer)
    await client.delete_branch(P1, NEW)


async def test_a_branch_that_is_not_there_needs_no_deleting(script: ScriptedNeon, client: NeonClient) -> None:
    script.on("GET /projects/p1/branches/br-new", refuses(404, "branch not found"))
    await client.delete_branch(P1, NEW)
    assert len(script.requests) == 1


async def test_a_missing_project_is_not_a_deleted_branch(script: ScriptedNeon, client: NeonClient) -> None:
    script.on("GET /projects/p1/branches/br-new", refuses(404, "project not found"))
    with pytest.raises(Refused) as caught:
        await client.delete_branch(P1, NEW)
    assert caught.value.kind is Kind.NOT_FOUND


async def test_a_deletion_whose_answer_was_lost_is_looked_up(script: ScriptedNeon, hasty: NeonClient) -> None:
    there, gone = says(200, {"branch": NEW_BRANCH}), refuses(404, "branch not found")
    script.on("DELETE /projects/p1/branches/br-new", LOST)
    script.on("GET /projects/p1/branches/br-new", there, there, gone)
    await hasty.delete_branch(P1, NEW)
    script.on("GET /projects/p1/branches/br-new", there)
    with pytest.raises(Unavailable):
        await hasty.delete_branch(P1, NEW)
    assert len(script.sent("DELETE /projects/p1/branches/br-new")) == 2


def script_snapshot(script: ScriptedNeon) -> None:
    listed = says(200, {"snapshots": [SNAP]})
    script.on("GET /projects/p1/snapshots", says(200, {"snapshots": []}), listed)
    script.on(SNAPSHOT, says(200, {"snapshot": SNAP, "operations": [operation("op-1", "running")]}))
    script.on("GET /projects/p1/operations", operations(), operations(operation("op-1")))


async def test_a_snapshot_is_asked_for_in_the_query_alone(script: ScriptedNeon, client: NeonClient) -> None:
    script_snapshot(script)
    assert (await snapshot(client)).id == "snap-1"
    (sent,) = script.sent(SNAPSHOT)
    assert sent.content == b""
    assert dict(sent.url.params) == {"name": "pre", "expires_at": "2026-12-20T10:00:00.000Z"}


async def test_a_snapshot_counts_only_once_its_operations_finished(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_snapshot(script)
    failed = operation("op-1", "cancelled", branch_id="br-main", created_at=iso(T0))
    script.on("GET /projects/p1/operations", operations(), operations(failed))
    for _ in range(2):
        with pytest.raises(StepFailed):
            await snapshot(client)
    assert len(script.sent(SNAPSHOT)) == 1


async def test_a_snapshot_whose_answer_was_lost_is_found_by_its_name(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_snapshot(script)
    script.on(SNAPSHOT, LOST)
    assert (await snapshot(client)).id == "snap-1"
    assert len(script.sent(SNAPSHOT)) == 1


async def test_a_failure_from_before_is_not_taken_for_that_of_a_snapshot_found(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_snapshot(script)
    script.on(SNAPSHOT, LOST)
    earlier = operation("op-0", "failed", branch_id="br-main", created_at=iso(T0))
    script.on("GET /projects/p1/operations", operations(earlier))
    assert (await snapshot(client)).id == "snap-1"


async def test_a_snapshot_of_that_name_of_another_branch_is_not_ours(
    script: ScriptedNeon, hasty: NeonClient
) -> None:
    script_snapshot(script)
    theirs = {**SNAP, "id": "snap-0", "source_branch_id": "br-other"}
    script.on("GET /projects/p1/snapshots", says(200, {"snapshots": [theirs]}))
    script.on(SNAPSHOT, refuses(409, "snapshot already exists"))
    with pytest.raises(Refused) as caught:
        await snapshot(hasty)
    assert caught.value.kind is Kind.NEON_REFUSED


async def test_a_snapshot_that_is_not_listed_afterwards_is_left_to_a_person(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_snapshot(script)
    script.on("GET /projects/p1/snapshots", says(200, {"snapshots": []}))
    with pytest.raises(NeedsHuman) as caught:
        await snapshot(client)
    assert caught.value.kind is Kind.RESULT_DIFFERS


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refuses(404), Kind.SNAPSHOT_REFUSED),
        (refuses(405), Kind.SNAPSHOT_REFUSED),
        (refuses(412), Kind.SNAPSHOT_REFUSED),
        (refuses(422, "snapshots of root branches only"), Kind.SNAPSHOT_REFUSED),
        (refuses(400, "", "SNAPSHOTS_LIMIT_EXCEEDED"), Kind.SNAPSHOT_REFUSED),
        (refuses(423, "compute time quota exceeded; usage:2, limit:1"), Kind.SNAPSHOT_REFUSED),
        (refuses(400, "name too long"), Kind.NEON_REFUSED),
        (refuses(401), Kind.WRONG_KEY),
    ],
)
async def test_where_snapshots_are_refused_the_caller_learns_that_a_branch_may_do(
    script: ScriptedNeon, client: NeonClient, answer: Answer, kind: Kind
) -> None:
    script_snapshot(script)
    script.on(SNAPSHOT, answer)
    with pytest.raises(Refused) as caught:
        await snapshot(client)
    assert caught.value.kind is kind


async def test_an_instant_and_an_lsn_at_once_is_a_mistake_of_ours(client: NeonClient) -> None:
    with pytest.raises(ValueError, match="not both"):
        await client.create_branch(
            P1, name="x", parent=MAIN, at=AT, lsn="0/1", compute=False, expires_at=None, annotation={}
        )
