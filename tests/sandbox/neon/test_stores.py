"""The data below branches: bases that shorten replays, many branches at once, how long and how much they take."""

import asyncio
import time
from datetime import datetime
from pathlib import Path

import pytest

from bot.sandbox.neon import SandboxNeon
from bot.sandbox.neon.store import Store
from tests.sandbox.neon.driver import Driver, numbers, write


async def test_a_new_base_changes_nothing_about_what_can_be_reached(
    neon: SandboxNeon, project: Driver
) -> None:
    store = neon.world.projects[project.project_id].default_branch.data
    instants = [await write(project.dsn, 1)]
    for value in (2, 3):
        await neon.world.stores.add_base(store)
        instants.append(await write(project.dsn, value))
    assert len(store.bases) == 3
    await write(project.dsn, 4)
    branches = neon.world.projects[project.project_id].branches
    for number, instant in enumerate(instants):
        created = await project.create_at(instant)
        assert await numbers(created["connection_uris"][0]["connection_uri"]) == [1, 2, 3][: number + 1]
        assert branches[created["branch"]["id"]].data.bases == [store.bases[number]]


async def test_a_branch_of_a_branch_of_a_restored_branch_goes_back_in_each_ones_history(
    project: Driver,
) -> None:
    dsn, parent, instants = project.dsn, project.main, list[tuple[str, datetime]]()
    for value in (1, 2, 3):
        instants.append((parent, await write(dsn, value)))
        await write(dsn, 10 * value)
        created = await project.create(
            {"branch": {"parent_id": parent}, "endpoints": [{"type": "read_write"}]}
        )
        parent, dsn = created["branch"]["id"], created["connection_uris"][0]["connection_uri"]
    for held, (branch, instant) in zip(([1], [1, 2, 10], [1, 2, 3, 10, 20]), instants, strict=True):
        created = await project.create_at(instant, parent_id=branch)
        assert await numbers(created["connection_uris"][0]["connection_uri"]) == held


async def test_a_busy_store_gets_a_base_by_itself(neon: SandboxNeon, project: Driver) -> None:
    store = neon.world.projects[project.project_id].default_branch.data
    server = await store.start()
    async with server.connect("shop") as connection:
        await connection.execute(
            "CREATE TABLE load AS SELECT repeat('x', 1000) FROM generate_series(1, 60000)"
        )
    async with asyncio.timeout(30):
        while len(store.bases) < 2:
            await asyncio.sleep(0.02)


@pytest.mark.exhaustive
async def test_250_branches_of_a_quiet_project_are_made_and_listed_in_pages(project: Driver) -> None:
    await project.settings(operation_seconds=0)
    for number in range(249):
        answer = await project.call("POST", "/branches", {"branch": {"name": f"b{number}"}})
        await project.finished(answer.json())
    seen, query = set[str](), {"limit": "100"}
    for expected in (100, 100, 50):
        page = await project.get("/branches", **query)
        assert len(page["branches"]) == expected
        seen |= {branch["name"] for branch in page["branches"]}
        query["cursor"] = page["pagination"].get("next", "")
    assert len(seen) == 250 and not query["cursor"]


@pytest.mark.exhaustive
async def test_twenty_running_branches_fit_in_a_gigabyte(neon: SandboxNeon, project: Driver) -> None:
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("the system does not say how much memory a process shares")
    await write(project.dsn, *range(20))
    for _ in range(19):
        await project.create({"endpoints": [{"type": "read_write"}]})
    stores = [branch.data for branch in neon.world.projects[project.project_id].branches.values()]
    used = [_memory(store) for store in stores]
    assert len(used) == 20 and all(used)
    assert sum(used) < 1024**3


async def test_a_branch_at_a_past_instant_takes_less_than_a_second(project: Driver) -> None:
    await project.settings(operation_seconds=0)
    instant = await write(project.dsn, *range(100))
    await write(project.dsn, 100)
    taken = []
    for _ in range(3):
        started = time.monotonic()
        await project.create_at(instant)
        taken.append(time.monotonic() - started)
    assert min(taken) < 1.0


def _memory(store: Store) -> int:
    """Bytes of a server's processes, what they share counted once."""
    assert store.server is not None
    processes = [Path(f"/proc/{store.server.process.pid}")]
    children = (processes[0] / "task" / processes[0].name / "children").read_text().split()
    processes += [Path(f"/proc/{child}") for child in children]
    return sum(
        1024 * int(line.split()[1])
        for process in processes
        for line in (process / "smaps_rollup").read_text().splitlines()
        if line.startswith("Pss:")
    )
