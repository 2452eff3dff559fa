from datetime import timedelta

import httpx
import pytest

from bot.errors import Kind, NeedsHuman, Refused
from bot.neon.client import NeonClient
from bot.neon.models import Restored
from bot.rules.clock import iso
from bot.rules.ids import BranchId, OperationId, ProjectId
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

P1, MAIN = ProjectId("p1"), BranchId("br-main")
AT = T0 - timedelta(minutes=35, milliseconds=500)
LIST, RESTORE = "GET /projects/p1/branches", "POST /projects/p1/branches/br-main/restore"
LOST = breaks(httpx.ReadError)
NAME_TAKEN = refuses(409, "branch already exists")

RESET_MAIN = branch(parent_id="br-old", last_reset_at=iso(T0))
OLD = branch("old", "br-old", created_at=iso(T0))


async def restore(client: NeonClient) -> Restored:
    return await client.restore(P1, MAIN, source=MAIN, at=AT, preserve_as="old")


def script_restore(script: ScriptedNeon) -> None:
    script.on(
        "GET /projects/p1/branches/br-main",
        says(200, {"branch": branch()}),
        says(200, {"branch": RESET_MAIN}),
    )
    script.on(LIST, branches(), branches(OLD))
    answer = {
        "branch": {**RESET_MAIN, "current_state": "resetting"},
        "operations": [operation("op-1", "running")],
    }
    script.on(RESTORE, says(200, answer))


async def test_a_restore_names_the_safety_copy_and_what_to_wait_for(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_restore(script)
    assert await restore(client) == Restored(BranchId("br-old"), (OperationId("op-1"),))
    assert bodies(script.sent(RESTORE)) == [
        {
            "source_branch_id": "br-main",
            "source_timestamp": "2026-11-20T09:24:59.500Z",
            "preserve_under_name": "old",
        }
    ]


@pytest.mark.parametrize("trouble", [LOST, NAME_TAKEN], ids=["answer lost", "name taken"])
async def test_a_restore_whose_answer_was_lost_is_known_by_its_safety_copy(
    script: ScriptedNeon, client: NeonClient, trouble: Answer
) -> None:
    script_restore(script)
    script.on(LIST, branches(), branches(), branches(OLD))
    script.on(RESTORE, trouble)
    mine = operation("op-1", "running", branch_id="br-main", created_at=iso(T0))
    other = operation("op-0", branch_id="br-main", created_at=iso(T0 - timedelta(minutes=5)))
    script.on("GET /projects/p1/operations", operations(), operations(mine, other))
    assert await restore(client) == Restored(BranchId("br-old"), (OperationId("op-1"),))
    assert len(script.sent(RESTORE)) == 1


async def test_a_restore_that_happened_before_is_not_made_again(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_restore(script)
    script.on(LIST, branches(OLD))
    script.on("GET /projects/p1/branches/br-main", says(200, {"branch": RESET_MAIN}))
    assert (await restore(client)).preserved == "br-old"
    assert script.sent(RESTORE) == []


async def test_a_branch_that_merely_has_the_safety_copys_name_is_no_restore(
    script: ScriptedNeon, client: NeonClient
) -> None:
    script_restore(script)
    script.on(LIST, branches(OLD))
    long_ago = branch(last_reset_at=iso(T0 - timedelta(days=3)))
    script.on("GET /projects/p1/branches/br-main", says(200, {"branch": long_ago}))
    with pytest.raises(NeedsHuman) as caught:
        await restore(client)
    assert caught.value.kind is Kind.RESULT_DIFFERS
    assert script.sent(RESTORE) == []


@pytest.mark.parametrize("trouble", [says(503), refuses(401)], ids=["away", "key revoked"])
async def test_neon_out_of_reach_after_a_lost_answer_is_not_called_untouched(
    script: ScriptedNeon, hasty: NeonClient, trouble: Answer
) -> None:
    script_restore(script)
    script.on(RESTORE, LOST)
    script.on(LIST, branches(), trouble)
    script.on("GET /projects/p1/branches/br-main", says(200, {"branch": branch()}), trouble)
    with pytest.raises(NeedsHuman) as caught:
        await restore(hasty)
    assert caught.value.kind is Kind.ANSWER_LOST
    assert caught.value.facts["reset_seen"] is None


async def test_a_restore_seen_after_a_lost_answer_is_never_reported_as_nothing_done(
    script: ScriptedNeon, hasty: NeonClient
) -> None:
    script_restore(script)
    script.on(RESTORE, LOST)
    script.on("GET /projects/p1/operations", operations(), says(503))
    with pytest.raises(NeedsHuman) as caught:
        await restore(hasty)
    assert caught.value.kind is Kind.ANSWER_LOST
    assert caught.value.facts["reset_seen"] is True


async def test_a_refused_restore_says_what_neon_said(script: ScriptedNeon, client: NeonClient) -> None:
    script_restore(script)
    script.on(RESTORE, refuses(422, "restore from snapshot on target branch is still ongoing"))
    with pytest.raises(Refused) as caught:
        await restore(client)
    assert caught.value.facts["message"] == "restore from snapshot on target branch is still ongoing"
