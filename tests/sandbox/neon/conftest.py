"""Each test has a project of its own in the sandbox all tests share."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.sandbox.neon import SandboxNeon
from tests.sandbox.neon.driver import Driver


@pytest.fixture
async def project(neon: SandboxNeon) -> AsyncIterator[Driver]:
    """A fresh project on the launch plan."""
    seeded = await neon.new_project(name="test")
    headers = {"Authorization": f"Bearer {seeded.api_key}"}
    async with httpx.AsyncClient(base_url=neon.url, headers=headers, timeout=20) as client:
        yield Driver(client, seeded.project_id, seeded.branch_id, seeded.dsn)
    await neon.remove_project(seeded.project_id)
