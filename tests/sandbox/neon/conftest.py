"""Each test has a project of its own in the sandbox all tests share."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.sandbox.neon import SandboxNeon
from tests.sandbox.neon.driver import Driver
from tests.sandbox.neon.openapi import VARIABLE, Document


@pytest.fixture(scope="session")
def openapi() -> Document | None:
    """Neon's own description of its API, where there is one."""
    path = os.environ.get(VARIABLE)
    return Document(Path(path)) if path else None


@pytest.fixture
async def project(neon: SandboxNeon, openapi: Document | None) -> AsyncIterator[Driver]:
    """A fresh project on the launch plan. Whatever it answers in any test must fit the description."""
    seeded = await neon.new_project(name="test")
    headers = {"Authorization": f"Bearer {seeded.api_key}"}
    async with httpx.AsyncClient(base_url=neon.url, headers=headers, timeout=20) as client:
        if openapi is not None:
            client.event_hooks["response"].append(openapi.judge)
        yield Driver(client, seeded.project_id, seeded.branch_id, seeded.dsn)
    await neon.remove_project(seeded.project_id)
