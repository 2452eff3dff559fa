"""A workspace for each test; one project in the shared sandbox Neon for all of them."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from bot.rules.ids import BranchId, ProjectId
from bot.sandbox.neon import SandboxNeon
from bot.sandbox.slack import SandboxSlack
from tests.doctor.worlds import AT_FIRST, TARGET, TELLER, World, workspace


@pytest.fixture
async def slack() -> AsyncIterator[SandboxSlack]:
    async with workspace() as running:
        yield running


@pytest.fixture(scope="session")
async def world(neon: SandboxNeon) -> World:
    project = await neon.new_project(name="doctor", plan=None)
    target = replace(TARGET, project=ProjectId(project.project_id), branch=BranchId(project.branch_id))
    world = World(neon, target, project.dsn, project.api_key)
    await world.sql("create schema shelf", "create table shelf.goods (id int)", f"create role {TELLER} login")
    await world.sql(*AT_FIRST)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {project.api_key}"}) as http:
        role = f"/projects/{project.project_id}/branches/{project.branch_id}/roles/{TELLER}"
        (await http.post(f"{neon.url}{role}/reset_password")).raise_for_status()
    async with world.client() as client:
        await client.settle(target.project)
    return world


@pytest.fixture
async def changing(world: World) -> AsyncIterator[World]:
    """The same world, for tests that change its tables, settings or faults: all is put back after them."""
    yield world
    await world.order("settings", history_seconds=86400)
    await world.sql(*AT_FIRST)
    async with httpx.AsyncClient() as http:
        (await http.delete(f"{world.neon.origin}/sandbox/faults")).raise_for_status()
