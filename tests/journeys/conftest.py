"""One sandbox with a bot in it for all journeys; each test acts as people would and waits for what they should see."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.cli.guide import Guide
from bot.cli.sandbox import bot_in, world
from bot.sandbox.outside import Outside


@pytest.fixture(scope="session")
async def outside() -> AsyncIterator[Outside]:
    async with world() as found:
        yield found


@pytest.fixture(scope="session")
def bot_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bot") / "bot.log"


@pytest.fixture(scope="session")
async def bot(outside: Outside, bot_log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    with bot_log.open("ab") as log:
        async with bot_in(outside, log=log) as process:
            yield process


@pytest.fixture(scope="session")
async def slack(outside: Outside) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=outside.slack.url, timeout=15) as client:
        await client.post("/sandbox/settings", json={"limits": "off"})
        yield client


@pytest.fixture(scope="session")
async def neon_api(outside: Outside) -> AsyncIterator[httpx.AsyncClient]:
    """Neon's API and its faults, as an outsider with the key sees them."""
    headers = {"Authorization": f"Bearer {outside.neon.api_key}"}
    async with httpx.AsyncClient(base_url=outside.neon.url, headers=headers, timeout=15) as client:
        await client.post(f"{outside.neon.origin}/sandbox/settings", json={"plan": "unlimited"})
        yield client


@pytest.fixture
async def guide(
    bot: asyncio.subprocess.Process,
    outside: Outside,
    slack: httpx.AsyncClient,
    neon_api: httpx.AsyncClient,
) -> AsyncIterator[Guide]:
    """Somebody to act through; whatever fault a test set is cleared after it."""
    yield Guide(slack, outside.description())
    await slack.delete("/sandbox/faults")
    await neon_api.delete(f"{outside.neon.origin}/sandbox/faults")
