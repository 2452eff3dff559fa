"""Measure everything once and print tables. All figures come from one sandbox in one run: compare their ratios."""

import asyncio
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import httpx

from bot.cli.guide import Guide
from bot.cli.sandbox import bot_in, world
from bot.sandbox.outside import Outside
from tests.bench.acks import ack_latency
from tests.bench.phrases import phrase_times
from tests.bench.restores import restore_shares

COMMANDS_A_SECOND = 50
SECONDS = 10
RESTORES = 5


async def main() -> None:
    began = time.perf_counter()
    async with world() as outside:
        world_ready = time.perf_counter() - began
        async with bot_in(outside) as bot, httpx.AsyncClient(base_url=outside.slack.url, timeout=30) as http:
            _table(
                "start",
                [
                    ("sandbox ready", f"{world_ready:.1f} s"),
                    ("bot ready", f"{time.perf_counter() - began:.1f} s"),
                ],
            )
            await _without_limits(http, outside)
            guide = Guide(http, outside.description(), quiet=True)
            acks = await ack_latency(guide, COMMANDS_A_SECOND, SECONDS)
            _table(f"acks, {COMMANDS_A_SECOND} commands/s for {SECONDS} s", acks.rows())
            shares = await restore_shares(guide, outside, RESTORES)
            _table(f"restore in place, {RESTORES} times", shares.rows())
            _table("phrases for a moment", phrase_times().rows())
            _table("memory of the bot", [("resident", f"{_resident_mib(bot.pid):.0f} MiB")])


async def _without_limits(http: httpx.AsyncClient, outside: Outside) -> None:
    await http.post("/sandbox/settings", json={"limits": "off"})
    await http.post(f"{outside.neon.origin}/sandbox/settings", json={"plan": "unlimited"})


def _table(title: str, rows: Iterable[tuple[str, str]]) -> None:
    print(f"\n{title}")
    for name, value in rows:
        print(f"  {name:<36}{value:>12}", flush=True)


def _resident_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


if __name__ == "__main__":
    if not sys.platform.startswith("linux"):
        sys.exit("the memory figure is read from /proc, which only Linux has")
    asyncio.run(main())
