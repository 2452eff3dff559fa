"""The client against a Neon that keeps state over real PostgreSQL and fails on demand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from bot.errors import Kind, NeedsHuman, Refused, StepFailed, Unavailable
from bot.neon.client import NeonClient
from bot.neon.http import Patience
from bot.neon.models import Branch
from bot.rules.ids import BranchId, ProjectId
from bot.sandbox.neon import SandboxNeon, SeededProject

PATIENCE = Patience(first_pause=0.02, longest_poll=0.1, longest_pause=0.1, lost_answer=0.6)


@dataclass(frozen=True, slots=True)
class Bench:
    """A project where branches are free, a client with its key, and a way to have Neon fail in it."""

    neon: SandboxNeon
    client: NeonClient
    project: ProjectId
    main: BranchId

    async def order(self, what: str, **order: object) -> None:
        async with httpx.AsyncClient(base_url=self.neon.origin, trust_env=False) as http:
            answer = await http.post(f"/sandbox/{what}", json={"project_id": self.project, **order})
            answer.raise_for_status()


@pytest.fixture(scope="module")
async def shared(neon: SandboxNeon) -> SeededProject:
    return await neon.new_project(name="contract", plan="unlimited")


@pytest.fixture
async def bench(neon: SandboxNeon, shared: SeededProject) -> AsyncIterator[Bench]:
    async with bench_of(neon, shared) as bench:
        yield bench


@pytest.fixture(scope="module")
async def unlucky(neon: SandboxNeon) -> SeededProject:
    """For operations that fail: a change found after a restart is judged by all that failed at its time."""
    return await neon.new_project(name="unlucky", plan="unlimited")


@pytest.fixture
async def unlucky_bench(neon: SandboxNeon, unlucky: SeededProject) -> AsyncIterator[Bench]:
    async with bench_of(neon, unlucky) as bench:
        yield bench


@asynccontextmanager
async def bench_of(neon: SandboxNeon, seeded: SeededProject) -> AsyncIterator[Bench]:
    async with NeonClient(api_key=SecretStr(seeded.api_key), base_url=neon.url, patience=PATIENCE) as client:
        bench = Bench(neon, client, ProjectId(seeded.project_id), BranchId(seeded.branch_id))
        await bench.order("settings", operation_seconds=0.05, detach_seconds=None)
        yield bench


@pytest.fixture
def wanted() -> str:
    """A name nobody else uses in the shared project."""
    return f"wanted-{uuid4().hex[:8]}"


async def branch_of_main(bench: Bench, name: str) -> Branch:
    return await bench.client.create_branch(
        bench.project,
        name=name,
        parent=bench.main,
        at=None,
        compute=False,
        expires_at=None,
        annotation={"by": "us"},
    )


async def make_branch(bench: Bench, name: str) -> None:
    branch = await branch_of_main(bench, name)
    assert (branch.name, branch.parent_id, branch.is_ready) == (name, bench.main, True)
    assert branch.annotation == {"by": "us"}


async def restore_branch(bench: Bench, name: str) -> None:
    """Over a child of main, from the head of main: main itself has to stay a root."""
    target = await branch_of_main(bench, f"target of {name}")
    restored = await bench.client.restore(
        bench.project, target.id, source=bench.main, at=None, preserve_as=name
    )
    assert restored.operations
    await bench.client.settle(bench.project, branch=target.id, operations=restored.operations)
    assert (await bench.client.branch(bench.project, restored.preserved)).name == name


async def take_snapshot(bench: Bench, name: str) -> None:
    snapshot = await bench.client.create_snapshot(bench.project, bench.main, name=name)
    assert (snapshot.name, snapshot.source_branch_id, snapshot.expires_at) == (name, bench.main, None)


async def branches_named(bench: Bench, name: str) -> int:
    return sum(branch.name == name for branch in await bench.client.branches(bench.project))


async def snapshots_named(bench: Bench, name: str) -> int:
    return sum(snapshot.name == name for snapshot in await bench.client.snapshots(bench.project))


@dataclass(frozen=True, slots=True)
class Change:
    make: Callable[[Bench, str], Awaitable[None]]
    effects: Callable[[Bench, str], Awaitable[int]]
    path: str


CHANGES = {
    "branch": Change(make_branch, branches_named, r"/branches$"),
    "restore": Change(restore_branch, branches_named, r"/restore$"),
    "snapshot": Change(take_snapshot, snapshots_named, r"/snapshot$"),
}
EVERY_CHANGE = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
OVERCOME = [
    pytest.param({"fault": "423", "times": 2}, id="locked twice"),
    pytest.param({"fault": "cut_after"}, id="a line cut after the work"),
    pytest.param({"fault": "429", "seconds": 0}, id="limited", marks=pytest.mark.exhaustive),
    pytest.param({"fault": "503"}, id="away", marks=pytest.mark.exhaustive),
    pytest.param({"fault": "html_524"}, id="a proxy's page after the work", marks=pytest.mark.exhaustive),
    pytest.param({"fault": "truncate"}, id="an answer cut short", marks=pytest.mark.exhaustive),
    pytest.param({"fault": "slow_operation", "seconds": 0.3}, id="slow work", marks=pytest.mark.exhaustive),
]


@EVERY_CHANGE
@pytest.mark.parametrize("fault", OVERCOME)
async def test_a_change_happens_once_whatever_happens_to_its_answer(
    bench: Bench, wanted: str, change: Change, fault: dict[str, object]
) -> None:
    await bench.order("faults", method="POST", path_regex=change.path, **fault)
    await change.make(bench, wanted)
    assert await change.effects(bench, wanted) == 1
    await change.make(bench, wanted)
    assert await change.effects(bench, wanted) == 1


@EVERY_CHANGE
async def test_a_change_that_never_reached_neon_is_not_made_and_may_be_asked_for_again(
    bench: Bench, wanted: str, change: Change
) -> None:
    await bench.order("faults", fault="cut_before", method="POST", path_regex=change.path)
    with pytest.raises((Unavailable, NeedsHuman)) as caught:
        await change.make(bench, wanted)
    lost = change is CHANGES["restore"]
    assert caught.value.kind is (Kind.ANSWER_LOST if lost else Kind.NEON_DOWN)
    assert await change.effects(bench, wanted) == 0
    await change.make(bench, wanted)
    assert await change.effects(bench, wanted) == 1


@EVERY_CHANGE
async def test_a_change_whose_operation_failed_is_not_called_done(
    unlucky_bench: Bench, wanted: str, change: Change
) -> None:
    await unlucky_bench.order("faults", fault="failed_operation", method="POST", path_regex=change.path)
    with pytest.raises(StepFailed) as caught:
        await change.make(unlucky_bench, wanted)
    assert caught.value.kind is Kind.OPERATION_FAILED
    assert caught.value.facts["action"] == "create_branch"


@EVERY_CHANGE
async def test_a_failure_is_seen_even_if_the_answer_was_lost_as_well(
    unlucky_bench: Bench, wanted: str, change: Change
) -> None:
    await unlucky_bench.order("settings", operation_seconds=0.5)
    for fault in ("cut_after", "failed_operation"):
        await unlucky_bench.order("faults", fault=fault, method="POST", path_regex=change.path)
    with pytest.raises(StepFailed):
        await change.make(unlucky_bench, wanted)


@pytest.mark.parametrize("fault", ["423", "429", "503", "html_524", "truncate", "cut_before", "cut_after"])
async def test_a_read_overcomes_every_fault(bench: Bench, fault: str) -> None:
    await bench.order("faults", fault=fault, times=2, method="GET")
    assert (await bench.client.project(bench.project)).id == bench.project


async def test_changes_of_one_project_wait_for_each_other(bench: Bench, wanted: str) -> None:
    await asyncio.gather(*(change.make(bench, f"{wanted} {kind}") for kind, change in CHANGES.items()))
    for kind, change in CHANGES.items():
        assert await change.effects(bench, f"{wanted} {kind}") == 1


async def test_a_branch_of_the_past_with_a_compute_can_be_looked_into(bench: Bench, wanted: str) -> None:
    client, project = bench.client, bench.project
    at = await an_instant_of(bench)
    branch = await client.create_branch(
        project,
        name=wanted,
        parent=bench.main,
        at=at,
        compute=True,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        annotation={},
    )
    assert branch.expires_at is not None
    (database,), (role,) = await client.databases(project, branch.id), await client.roles(project, branch.id)
    uri = await client.connection_uri(project, branch.id, database=database.name, role=role.name)
    async with await psycopg.AsyncConnection.connect(uri.get_secret_value()) as connection:
        row = await (await connection.execute("SELECT current_user")).fetchone()
    assert row == (role.name,)
    assert branch.id in {child.id for child in await client.children(project, bench.main)}
    with pytest.raises(NeedsHuman) as caught:
        await client.create_branch(
            project,
            name=wanted,
            parent=bench.main,
            at=at - timedelta(minutes=2),
            compute=True,
            expires_at=None,
            annotation={},
        )
    assert caught.value.kind is Kind.RESULT_DIFFERS
    await client.delete_branch(project, branch.id)
    await client.delete_branch(project, branch.id)
    assert await client.branch_named(project, wanted) is None


@pytest.mark.parametrize("fault", ["503", "cut_after"])
async def test_a_branch_is_deleted_whatever_happens_to_the_answer(
    bench: Bench, wanted: str, fault: str
) -> None:
    branch = await branch_of_main(bench, wanted)
    await bench.order("faults", fault=fault, method="DELETE")
    await bench.client.delete_branch(bench.project, branch.id)
    assert await branches_named(bench, wanted) == 0


async def test_a_branch_gets_one_compute_however_often_it_is_asked_for(bench: Bench, wanted: str) -> None:
    branch = await branch_of_main(bench, wanted)
    await bench.order("faults", fault="cut_after", method="POST", path_regex="/endpoints$")
    first = await bench.client.create_endpoint(bench.project, branch.id)
    assert (await bench.client.create_endpoint(bench.project, branch.id)).id == first.id
    assert len(await bench.client.endpoints(bench.project, branch.id)) == 1


async def test_what_neon_refuses_is_refused_with_its_reason(bench: Bench, wanted: str) -> None:
    client, project, main = bench.client, bench.project, bench.main
    with pytest.raises(Refused) as caught:
        long_ago = datetime.now(UTC) - timedelta(days=400)
        await client.restore(project, main, source=main, at=long_ago, preserve_as="too old")
    assert caught.value.kind is Kind.OUTSIDE_WINDOW
    assert caught.value.facts["window"] == "24 h"
    child = await branch_of_main(bench, wanted)
    with pytest.raises(Refused) as caught:
        await client.create_snapshot(project, child.id, name="of a child")
    assert caught.value.kind is Kind.SNAPSHOT_REFUSED
    with pytest.raises(Refused) as caught:
        await client.delete_branch(project, main)
    assert (caught.value.kind, caught.value.facts["status"]) == (Kind.NEON_REFUSED, 422)
    with pytest.raises(Refused) as caught:
        await client.branch(project, BranchId("br-no-such-branch"))
    assert caught.value.facts == {"what": "branch"}


async def test_a_branch_is_restored_in_place_until_the_plan_has_no_room_for_another_safety_copy(
    neon: SandboxNeon,
) -> None:
    async with bench_of(neon, await neon.new_project(name="limits", plan="free")) as bench:
        client, project, main = bench.client, bench.project, bench.main
        await take_snapshot(bench, "the only one")
        with pytest.raises(Refused) as caught:
            await client.create_snapshot(project, main, name="one too many")
        assert caught.value.kind is Kind.SNAPSHOT_REFUSED
        assert caught.value.facts["limit"] == "SNAPSHOTS_LIMIT_EXCEEDED"
        for number in range(2):
            at = await an_instant_of(bench)
            restored = await client.restore(project, main, source=main, at=at, preserve_as=f"before {number}")
            await client.settle(project, branch=main, operations=restored.operations)
            after = await client.branch(project, main)
            assert (after.parent_id, after.parent_timestamp) == (restored.preserved, at)
        with pytest.raises(Refused) as caught:
            at = await an_instant_of(bench)
            await client.restore(project, main, source=main, at=at, preserve_as="before 2")
        assert caught.value.facts["limit"] == "ROOT_BRANCHES_LIMIT_EXCEEDED"


async def an_instant_of(bench: Bench) -> datetime:
    """An instant main has lived through, whatever was done to it a moment ago."""
    branch = await bench.client.branch(bench.project, bench.main)
    at = (branch.last_reset_at or branch.created_at) + timedelta(seconds=1)
    await asyncio.sleep(max((at - datetime.now(UTC)).total_seconds() + 0.01, 0))
    return at


async def test_any_key_can_be_checked_and_a_wrong_one_is_named(neon: SandboxNeon, bench: Bench) -> None:
    for key in (neon.api_key, neon.new_api_key("personal")):
        async with NeonClient(api_key=SecretStr(key), base_url=neon.url) as client:
            assert (await client.whoami()).auth_method.startswith("api_key_")
            assert client.last_date_skew is not None
            assert abs(client.last_date_skew) < timedelta(seconds=2)
    async with NeonClient(api_key=SecretStr(f"napi_{uuid4().hex}"), base_url=neon.url) as client:
        with pytest.raises(Refused) as caught:
            await client.project(bench.project)
    assert caught.value.kind is Kind.WRONG_KEY
