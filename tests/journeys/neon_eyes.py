"""What a test looks up in Neon itself, to compare with what the bot says."""

from typing import Any

import httpx

from bot.sandbox.outside import Outside


async def branches(api: httpx.AsyncClient, outside: Outside) -> list[dict[str, Any]]:
    answer = await api.get(f"projects/{outside.neon.project_id}/branches", params={"limit": 1000})
    answer.raise_for_status()
    return list(answer.json()["branches"])


async def names(api: httpx.AsyncClient, outside: Outside) -> set[str]:
    return {branch["name"] for branch in await branches(api, outside)}


async def snapshot_names(api: httpx.AsyncClient, outside: Outside) -> list[str]:
    answer = await api.get(f"projects/{outside.neon.project_id}/snapshots")
    return [snapshot["name"] for snapshot in answer.json()["snapshots"]]


async def fault(api: httpx.AsyncClient, outside: Outside, name: str, **details: Any) -> None:
    """Make Neon misbehave: see the faults in the sandbox contract."""
    answer = await api.post(f"{outside.neon.origin}/sandbox/faults", json={"fault": name, **details})
    answer.raise_for_status()
