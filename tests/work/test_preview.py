"""Previews of targets that are in the state people want to get away from."""

from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest

from bot.errors import Kind
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


async def previewed(room: Room) -> Request:
    await room.store.requests.add(ASKED)
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
