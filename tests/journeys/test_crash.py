"""The bot is killed in the middle and started again; people see one restore and its right end."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.cli.guide import Guide
from bot.cli.sandbox import bot_in, world
from bot.sandbox.outside import Outside
from tests.journeys.neon_eyes import fault, names
from tests.journeys.test_restore import approved, moment_ago, preview


@pytest.fixture(scope="module")
async def own_world() -> AsyncIterator[Outside]:
    """A world whose bot may be killed without disturbing anybody else's."""
    async with world() as found:
        yield found


async def test_a_bot_killed_while_neon_restores_goes_on_and_restores_once(
    own_world: Outside, tmp_path: Path
) -> None:
    headers = {"Authorization": f"Bearer {own_world.neon.api_key}"}
    async with (
        httpx.AsyncClient(base_url=own_world.slack.url, timeout=15) as http,
        httpx.AsyncClient(base_url=own_world.neon.url, headers=headers, timeout=15) as neon_api,
    ):
        await http.post("/sandbox/settings", json={"limits": "off"})
        guide = Guide(http, own_world.description())
        with (tmp_path / "log").open("ab") as log:
            async with bot_in(own_world, log=log) as bot:
                card = await _approved_restore(guide, neon_api, own_world)
                await _safety_copy(neon_api, own_world, guide.request_of(card))
                bot.kill()
                await bot.wait()
            async with bot_in(own_world, log=log):
                card = await guide.card("it ends with a way back", guide.named("Dana"), "Undo", same_as=card)
        assert "Restored in place and verified" in guide.words(card)
        made = [name for name in await names(neon_api, own_world) if guide.request_of(card) in name]
        assert made == [f"safepoint-before-{guide.request_of(card)}"]


async def _approved_restore(guide: Guide, neon_api: httpx.AsyncClient, outside: Outside) -> dict[str, object]:
    dana = guide.named("Dana")
    card = await preview(guide, dana, await moment_ago())
    await guide.press(dana, card, "Restore in place")
    card = await guide.card("the approvers are asked", dana, "Approve", same_as=card)
    await fault(
        neon_api, outside, "slow_operation", times=1, seconds=6, method="POST", path_regex="/restore$"
    )
    await approved(guide, card)
    return card


async def _safety_copy(neon_api: httpx.AsyncClient, outside: Outside, request: str) -> None:
    deadline = asyncio.get_running_loop().time() + 30
    while asyncio.get_running_loop().time() < deadline:
        if f"safepoint-before-{request}" in await names(neon_api, outside):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the restore was never called")


async def test_a_second_bot_with_the_same_state_directory_is_refused(
    own_world: Outside, tmp_path: Path
) -> None:
    async with bot_in(own_world):
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.cli", "run"),
            env={**os.environ, **own_world.env},
            stderr=asyncio.subprocess.PIPE,
        )
        _, stderr = await asyncio.wait_for(second.communicate(), 30)
    assert second.returncode == 1
    assert b"Another Safepoint is running" in stderr
