"""Previews of targets that are in the state people want to get away from."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import psycopg
import pytest

from bot.cards.words import sentences
from bot.errors import Kind
from bot.rules.clock import iso
from bot.rules.point import Instant
from bot.rules.request import Request, Stage
from bot.sandbox.neon import SandboxNeon, SeededProject
from tests.builders import request
from tests.neon.scripted import branch, branches, refuses, says
from tests.work.conftest import HERE, LIST, Room

ASKED = request(project=HERE.project, branch=HERE.branch, source=HERE.branch)
THEN = branch(f"safepoint-preview-{ASKED.id}", "br-then", parent_id="br-main")


@pytest.fixture(scope="module")
async def past(neon: SandboxNeon) -> AsyncIterator[SeededProject]:
    """The database as it was at the restore point."""
    seeded = await neon.new_project(name="past")
    async with await psycopg.AsyncConnection.connect(seeded.dsn) as connection:
        await connection.execute("create table orders as select generate_series(1, 3) as id")
    yield seeded
    await neon.remove_project(seeded.project_id)


async def test_a_target_that_left_the_configuration_is_named_and_its_preview_refused(room: Room) -> None:
    room.targets = {}
    script_preview_branch(room)
    shown = await previewed(room)
    assert (shown.stage, shown.trouble and shown.trouble.kind) == (Stage.REFUSED, Kind.UNKNOWN_TARGET)


def script_preview_branch(room: Room) -> None:
    room.script.on(LIST, branches(branch()), branches(), branches(THEN))
    room.script.on("POST /projects/p1/branches", says(201, {"branch": THEN, "operations": []}))
    room.script.on("GET /projects/p1/branches/br-then", says(200, {"branch": THEN}))
    room.script.on("DELETE /projects/p1/branches/br-then", says(200, {"operations": []}))


async def previewed(room: Room, asked: Request = ASKED) -> Request:
    await room.store.requests.add(asked)
    async with room.life() as (engine, context):
        await engine.start("preview", ASKED.id)
        while (current := await context.request(ASKED.id)).stage is Stage.LOOKING:
            await room.store.changed(-1, 0.05)
        return current


async def test_a_database_that_was_dropped_can_be_restored_all_the_same(
    room: Room, past: SeededProject
) -> None:
    def connection_uri(asked: httpx.Request) -> httpx.Response:
        gone = refuses(404, "database not found")
        found = says(200, {"uri": past.dsn})
        return (gone if asked.url.params["branch_id"] == "br-main" else found)(asked)

    room.script.on("GET /projects/p1/connection_uri", connection_uri)
    script_preview_branch(room)
    shown = await previewed(room)
    assert (shown.stage, shown.trouble) == (Stage.CHOOSING, None)
    assert shown.preview is not None
    assert shown.preview.now == {"public.orders": None}
    assert shown.preview.then == {"public.orders": 3}


def snapshot(name: str, hours_before: int, branch_id: str = "br-main") -> dict[str, object]:
    at = iso(ASKED.asked_at - timedelta(hours=hours_before))
    return {
        "id": f"snap-{name}",
        "name": name,
        "source_branch_id": branch_id,
        "created_at": at,
        "timestamp": at,
    }


@pytest.mark.parametrize(
    ("snapshots", "backup"),
    [
        (
            [
                snapshot("weekly", 90),
                snapshot("nightly", 60),
                snapshot("fresh", 2),
                snapshot("other", 55, "br-x"),
            ],
            "nightly",
        ),
        ([snapshot("fresh", 2)], ""),
        ([], ""),
    ],
)
async def test_a_moment_outside_the_window_is_refused_with_the_backup_that_covers_it(
    room: Room, snapshots: list[dict[str, object]], backup: str
) -> None:
    room.script.on("GET /projects/p1/snapshots", says(200, {"snapshots": snapshots}))
    shown = await previewed(room, replace(ASKED, point=Instant(ASKED.asked_at - timedelta(hours=50))))
    assert shown.trouble is not None
    assert shown.trouble.kind in {Kind.OUTSIDE_WINDOW, Kind.BEFORE_BRANCH}
    assert shown.trouble.facts["backup"] == backup
    assert shown.trouble.facts["oldest"]
    advice = sentences(shown.trouble.kind, shown.trouble.facts)[1]
    assert (f"is `{backup}`, of 2026-" if backup else "No backup of this branch reaches back") in advice


async def test_a_neon_that_cannot_list_backups_changes_nothing_about_a_refusal(room: Room) -> None:
    room.script.on("GET /projects/p1/snapshots", refuses(404, "no snapshots here"))
    shown = await previewed(room, replace(ASKED, point=Instant(ASKED.asked_at - timedelta(hours=50))))
    assert shown.trouble is not None
    assert shown.trouble.kind in {Kind.OUTSIDE_WINDOW, Kind.BEFORE_BRANCH}
    assert "backup" not in shown.trouble.facts
