"""Runs that meet what a crash, a changed configuration or another restore left them."""

import asyncio
import sqlite3
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from bot.errors import Kind
from bot.rules.clock import iso
from bot.rules.ids import BranchId, TargetName
from bot.rules.plan import Lineage, Method
from bot.rules.point import Head
from bot.rules.request import Phase, Purpose, Request, Stage
from bot.rules.target import Target
from bot.work.starter import start_what_waits
from tests.builders import PROD, T0, preview, request, request_at
from tests.neon.scripted import Answer, branch, branches, operation, operations, refuses, says
from tests.work.conftest import HERE, LIST, MAIN, SEND, Room

BRANCH = {"project": HERE.project, "branch": HERE.branch}
ASKED = request(**BRANCH, source=HERE.branch)
COPY = branch(f"safepoint-before-{ASKED.id}", "br-copy", created_at=iso(T0))
RESTORED = branch(parent_id="br-copy", last_reset_at=iso(T0))


async def at(room: Room, stage: Stage) -> Request:
    """An in-place restore that got to this stage, in the store."""
    walked = request_at(stage, start=ASKED)
    await room.store.requests.add(walked)
    return walked


async def test_a_bug_while_restoring_is_never_told_as_nothing_changed(room: Room) -> None:
    room.script.on(SEND, _stumbles)
    ended = await room.ended(await at(room, Stage.APPROVED))
    assert ended.stage is Stage.NEEDS_HUMAN


def _stumbles(_: httpx.Request) -> httpx.Response:
    raise ZeroDivisionError


@pytest.mark.parametrize("trouble", [refuses(401), refuses(404, "project not found")])
async def test_a_key_changed_during_a_restore_does_not_make_it_nothing_changed(
    room: Room, trouble: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.work.restore.BLIND_PAUSE_SECONDS", 0.01)
    room.script.on(MAIN, says(200, {"branch": branch()}), says(200, {"branch": RESTORED}))
    room.script.on(LIST, branches(), branches(), *[trouble] * 3, branches(COPY))
    ended = await room.ended(await at(room, Stage.RUNNING))
    assert ended.stage is Stage.UNVERIFIED
    assert ended.left_behind is not None
    assert room.script.sent(SEND) == []


async def test_an_undo_approved_before_another_restore_of_the_branch_is_void(room: Room) -> None:
    """What its card says would be lost is gone already; once Neon has detached a root only its date tells."""
    undo = request(**BRANCH, purpose=Purpose.UNDO, point=Head(), source=BranchId("br-copy"))
    once = Lineage(BranchId("br-copy"), (), T0)
    await room.store.requests.add(
        request_at(Stage.APPROVED, start=undo, found=preview(lineage=once, oldest=None))
    )
    restored_again = branch(last_reset_at=iso(T0 + timedelta(minutes=5)))
    room.script.on(MAIN, says(200, {"branch": restored_again}))
    assert (await room.ended(undo)).stage is Stage.VOID
    assert room.script.sent(SEND) == []


@pytest.mark.parametrize(
    "targets", [{}, {PROD: replace(HERE, branch=BranchId("br-other"))}], ids=["removed", "moved"]
)
async def test_a_target_that_stands_for_another_branch_by_now_voids_what_was_approved(
    room: Room, targets: dict[TargetName, Target]
) -> None:
    room.targets = targets
    assert (await room.ended(await at(room, Stage.APPROVED))).stage is Stage.VOID
    assert room.script.sent(SEND) == []


@pytest.mark.parametrize("phases", [(), None], ids=["before the restore", "perhaps within it"])
async def test_a_run_cut_short_before_it_changed_anything_is_not_taken_up_hours_later(
    room: Room, phases: tuple[Phase, ...] | None
) -> None:
    running = request_at(Stage.RUNNING, start=ASKED)
    await room.store.requests.add(running if phases is None else replace(running, phases=phases))
    room.now = T0 + timedelta(hours=6)
    ended = await room.ended(ASKED)
    assert (ended.stage, ended.trouble and ended.trouble.kind) == (
        Stage.FAILED_UNCHANGED,
        Kind.REQUEST_EXPIRED,
    )
    assert room.script.sent(SEND) == []


async def test_a_restore_that_was_under_way_when_the_bot_died_is_seen_through_hours_later(room: Room) -> None:
    await at(room, Stage.RUNNING)
    room.now = T0 + timedelta(hours=6)
    room.script.on(MAIN, says(200, {"branch": branch()}), says(200, {"branch": RESTORED}))
    room.script.on(LIST, branches(), branches(), branches(COPY))
    assert (await room.ended(ASKED)).stage is Stage.UNVERIFIED
    assert room.script.sent(SEND) == []


async def test_a_restore_whose_run_lost_its_records_is_never_told_as_nothing_changed(room: Room) -> None:
    await at(room, Stage.RUNNING)
    room.script.on(MAIN, says(200, {"branch": RESTORED}))
    room.script.on(LIST, branches(COPY))
    assert (await room.ended(ASKED)).stage is Stage.NEEDS_HUMAN


async def test_a_new_branch_that_failed_is_not_left_behind(room: Room) -> None:
    made = branch(f"safepoint-restored-{ASKED.id}", "br-new", parent_id="br-main")
    running = operation("op-1", "error", action="create_branch")
    room.script.on(LIST, branches(branch()), branches(made))
    room.script.on("POST /projects/p1/branches", says(201, {"branch": made, "operations": [running]}))
    room.script.on("GET /projects/p1/operations", operations(), operations(running))
    room.script.on("GET /projects/p1/branches/br-new", says(200, {"branch": made}))
    room.script.on("DELETE /projects/p1/branches/br-new", says(200, {"operations": []}))
    walked = request_at(Stage.APPROVED, method=Method.NEW_BRANCH, start=ASKED)
    await room.store.requests.add(walked)
    assert (await room.ended(ASKED)).stage is Stage.FAILED_UNCHANGED
    assert len(room.script.sent("DELETE /projects/p1/branches/br-new")) == 1


async def test_a_run_whose_end_the_store_does_not_take_ends_once_it_does(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Until then it would hold its branch, and nobody would drive it any more."""
    monkeypatch.setattr("bot.work.starter.POLL_SECONDS", 0.05)
    room.script.on(SEND, _stumbles)
    await at(room, Stage.APPROVED)
    with sqlite3.connect(room.directory / "store.db") as other:
        other.execute(
            "create trigger full before update on requests when new.stage like '%human' "
            "begin select raise(abort, 'disk full'); end"
        )
    async with room.life() as (engine, context), asyncio.timeout(10):
        await start_what_waits(engine, context)
        while "an end cannot be stored" not in caplog.text:
            await asyncio.sleep(0.02)
        with sqlite3.connect(room.directory / "store.db") as other:
            other.execute("drop trigger full")
        while (await context.request(ASKED.id)).stage is not Stage.NEEDS_HUMAN:
            await asyncio.sleep(0.02)
