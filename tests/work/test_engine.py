"""The engine leaves the event loop it worked in as it found it."""

import asyncio
from pathlib import Path

from bot.work.engine import Engine, step


async def test_the_loop_can_still_use_threads_after_the_engine_was_closed(tmp_path: Path) -> None:
    engine, done = Engine(tmp_path), asyncio.Event()

    async def one() -> int:
        return 1

    async def workflow(_: str) -> None:
        assert await step("one", int, one) == 1
        done.set()

    engine.add("one", workflow)
    await engine.launch()
    await engine.start("one", "r-1")
    await asyncio.wait_for(done.wait(), 10)
    await engine.close()
    assert await asyncio.to_thread(lambda: "alive") == "alive"
