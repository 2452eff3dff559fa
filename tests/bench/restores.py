"""From the last approval to "verified", beside the same restore called by hand: the sandbox Neon's own share."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from bot.cli.guide import Guide
from bot.sandbox.outside import Outside

POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Shares:
    """Seconds, one entry per restore."""

    total: tuple[float, ...]
    neon: tuple[float, ...]

    def rows(self) -> Iterator[tuple[str, str]]:
        own = [total - neon for total, neon in zip(self.total, self.neon, strict=True)]
        yield "click to verified, median", f"{statistics.median(self.total):.2f} s"
        yield "Neon alone, median", f"{statistics.median(self.neon):.2f} s"
        yield "the bot's own share, median", f"{statistics.median(own):.2f} s"
        yield "total / Neon, median", f"{statistics.median(self.total) / statistics.median(self.neon):.2f}"


async def restore_shares(guide: Guide, outside: Outside, times: int) -> Shares:
    """In turn, so that both see the same machine: once through the bot, once by calling Neon alone."""
    total, neon = [], []
    for number in range(times):
        total.append(await _one(guide))
        neon.append(await _by_hand(outside, f"bench-before-{number}"))
    return Shares(tuple(total), tuple(neon))


async def _a_moment() -> str:
    """A restore point that is old enough to be used by the time this returns."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    await asyncio.sleep(1.2)
    return moment


async def _one(guide: Guide) -> float:
    dana, seen = guide.named("Dana"), await guide.last_ts()
    await guide.type(dana, "/restore", f"prod to {await _a_moment()}")
    card = await guide.card("a preview", dana, "Restore in place", after=seen)
    await guide.press(dana, card, "Restore in place")
    card = await guide.card("the approvers are asked", dana, "Approve", same_as=card)
    await guide.approve(guide.named("Mei"), card)
    await guide.press(guide.named("Ravi"), card, "Approve")
    window = await guide.window(guide.named("Ravi"))
    began = time.perf_counter()
    await guide.submit(guide.named("Ravi"), window, {"target": "prod"})
    await guide.card("verified", dana, "Undo", same_as=card)
    return time.perf_counter() - began


async def _by_hand(outside: Outside, copy: str) -> float:
    """The same restore without the bot: one call, then wait until its operations have finished."""
    project, branch, moment = outside.neon.project_id, outside.neon.branch_id, await _a_moment()
    headers = {"Authorization": f"Bearer {outside.neon.api_key}"}
    body = {"source_branch_id": branch, "source_timestamp": moment, "preserve_under_name": copy}
    async with httpx.AsyncClient(base_url=f"{outside.neon.url}/projects/{project}/", headers=headers) as api:
        while await _pending(api):
            await asyncio.sleep(POLL_SECONDS)
        began = time.perf_counter()
        (await api.post(f"branches/{branch}/restore", json=body)).raise_for_status()
        while await _pending(api):
            await asyncio.sleep(POLL_SECONDS)
        return time.perf_counter() - began


async def _pending(api: httpx.AsyncClient) -> bool:
    operations = (await api.get("operations", params={"limit": 20})).json()["operations"]
    return any(operation["status"] in {"scheduling", "running", "cancelling"} for operation in operations)
