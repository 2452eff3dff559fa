"""The real engine, store and Neon client over a Neon that answers from a script: for ends no sandbox comes to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.neon.client import NeonClient
from bot.rules.ids import BranchId, ProjectId
from bot.rules.request import OPEN, Request
from bot.work.context import Context
from bot.work.engine import Engine
from bot.work.starter import add_workflows, start_what_waits
from store.memory import Store
from tests.builders import PROD, T0, TARGET
from tests.neon.conftest import HASTY
from tests.neon.scripted import ScriptedNeon, branch, branches, refuses, says

HERE = replace(TARGET, project=ProjectId("p1"), branch=BranchId("br-main"))
"""`prod`, in the script's project."""
MAIN = "GET /projects/p1/branches/br-main"
LIST = "GET /projects/p1/branches"
SEND = "POST /projects/p1/branches/br-main/restore"


@dataclass
class Room:
    """One state directory and the Neon beside it; `targets` and `now` may be changed between two lives."""

    directory: Path
    script: ScriptedNeon
    store: Store
    now: datetime = T0

    def __post_init__(self) -> None:
        self.targets = {PROD: HERE}

    @asynccontextmanager
    async def life(self) -> AsyncIterator[tuple[Engine, Context]]:
        """The engine from its start to its stop, as one process would live it."""
        transport = httpx.MockTransport(self.script)
        async with NeonClient(
            api_key=SecretStr("napi_do_not_show_me"),
            base_url="http://neon.test/api/v2",
            transport=transport,
            clock=lambda: self.now,
            patience=HASTY,
        ) as client:
            context = Context(self.store, client, self.targets, lambda: self.now)
            engine = Engine(self.directory)
            add_workflows(engine, context)
            await engine.launch()
            try:
                yield engine, context
            finally:
                await engine.close()

    async def ended(self, request: Request) -> Request:
        """Live until the request has ended, starting whatever waits."""
        async with self.life() as (engine, context), asyncio.timeout(10):
            while (current := await context.request(request.id)).stage in OPEN:
                await start_what_waits(engine, context)
                await asyncio.sleep(0.02)
            return current


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """An untouched `main`, and a database that cannot be looked into."""
    script = ScriptedNeon()
    project = {"id": "p1", "name": "p1", "region_id": "r", "pg_version": 16}
    times = {"created_at": "2026-11-01T00:00:00Z", "history_retention_seconds": 86400}
    script.on("GET /projects/p1", says(200, {"project": {**project, **times}}))
    script.on(MAIN, says(200, {"branch": branch()}))
    script.on(LIST, branches(branch()))
    script.on("GET /projects/p1/connection_uri", refuses(404, "role not found"))
    store = await Store.open(tmp_path / "store.db", lambda: T0)
    yield Room(tmp_path, script, store)
    await store.close()
