"""Starting and stopping a sandbox: place, first project, HTTP server, in that order and back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.sandbox.neon.background import keep_house
from bot.sandbox.neon.certificate import make_certificate
from bot.sandbox.neon.place import prepared
from bot.sandbox.neon.plans import PlanName
from bot.sandbox.neon.rows import Project
from bot.sandbox.neon.server import serve
from bot.sandbox.neon.shapes import connection_uri
from bot.sandbox.neon.stores import Stores
from bot.sandbox.neon.world import KeyKind, World


@dataclass(frozen=True, slots=True)
class SeededProject:
    """A project with one branch, and a key that reaches it alone. `dsn` holds a password."""

    project_id: str
    branch_id: str
    dsn: str = field(repr=False)
    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SandboxNeon:
    """A running sandbox. `api_key` is an organization's key, `dsn` leads to the default branch's database."""

    origin: str
    api_key: str = field(repr=False)
    project_id: str
    branch_id: str
    dsn: str = field(repr=False)
    world: World = field(repr=False)

    @property
    def url(self) -> str:
        """The API's base."""
        return self.origin + "/api/v2"

    async def new_project(
        self,
        *,
        name: str,
        plan: PlanName | None = "launch",
        database: str = "shop",
        role: str = "shop_owner",
    ) -> SeededProject:
        """Another project, for whoever needs branch slots or settings of their own. Plan None is the sandbox's."""
        project = await self.world.new_project(name=name, database=database, role=role, plan=plan)
        key = self.world.new_key("project", project.id)
        return SeededProject(project.id, project.default_branch.id, _dsn(project), key.token)

    async def remove_project(self, project_id: str) -> None:
        """Take one away again, with its processes and its data."""
        await self.world.remove_project(self.world.projects[project_id])

    def new_api_key(self, kind: KeyKind, project_id: str | None = None) -> str:
        """A key of one of the kinds of neon.md §10."""
        return self.world.new_key(kind, project_id).token


@asynccontextmanager
async def sandbox_neon(
    directory: Path, *, database: str = "shop", role: str = "shop_owner", port: int = 0
) -> AsyncIterator[SandboxNeon]:
    """Run Neon's API on 127.0.0.1 over PostgreSQL below `directory`, an empty private directory of the caller's.

    Started by root, the data lives in a directory of its own that `nobody` can reach instead. Leaving the
    context ends every process and removes everything made, however it is left.
    """
    async with prepared(directory) as place:
        certificate = await asyncio.to_thread(make_certificate, place.root)
        world = World(Stores(place), certificate)
        try:
            project = await world.new_project(name="sandbox", database=database, role=role)
            async with serve(world, port) as bound, _in_background(world):
                yield SandboxNeon(
                    origin=f"http://127.0.0.1:{bound}",
                    api_key=world.new_key("organization").token,
                    project_id=project.id,
                    branch_id=project.default_branch.id,
                    dsn=_dsn(project),
                    world=world,
                )
        finally:
            await world.close()


@asynccontextmanager
async def _in_background(world: World) -> AsyncIterator[None]:
    task = asyncio.create_task(keep_house(world))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _dsn(project: Project) -> str:
    branch = project.default_branch
    endpoint = project.computes(branch.id)[0]
    role, database = next(iter(branch.roles.values())), next(iter(branch.databases))
    return connection_uri(endpoint, role, database)
