"""What many suites share: one sandbox Neon for the whole run, with the limits of plans switched off.

A suite that counts branches or changes settings asks it for a project of its own (`neon.new_project`).
"""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

from bot.sandbox.neon import SandboxNeon, sandbox_neon

# A busy machine is not a slow property: how long an example takes says nothing here.
settings.register_profile("safepoint", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("safepoint")

_ENOUGH_BYTES = 6 * 1024**3


@pytest.fixture(scope="session")
async def neon() -> AsyncIterator[SandboxNeon]:
    """A running sandbox. Its directory has a short path, since PostgreSQL's sockets need one."""
    with tempfile.TemporaryDirectory(prefix="sp-", dir=_memory()) as directory:
        async with sandbox_neon(Path(directory)) as running, httpx.AsyncClient() as client:
            settings = {"plan": "unlimited", "operation_seconds": 0.05}
            (await client.post(running.origin + "/sandbox/settings", json=settings)).raise_for_status()
            yield running


def _memory() -> str | None:
    """A file system in memory that is large enough: copying thousands of small files is what takes the time."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > _ENOUGH_BYTES else None
