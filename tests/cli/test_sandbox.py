"""`safepoint sandbox` and `safepoint tour` as the processes a newcomer starts, and what they leave behind: nothing."""

import asyncio
import json
import os
import signal
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

MARK = "SAFEPOINT_TEST_MARK"


@asynccontextmanager
async def started(*arguments: str, mark: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", *arguments),
        env={**os.environ, MARK: mark},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def marked(mark: str) -> list[str]:
    """Command lines of the processes that inherited `mark`, however far they have moved away."""
    found = []
    for directory in Path("/proc").iterdir():
        try:
            if directory.name.isdigit() and mark.encode() in (directory / "environ").read_bytes():
                found.append((directory / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
    return found


async def ready(process: asyncio.subprocess.Process) -> dict[str, object]:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 60)
    return dict(json.loads(line))


async def stop(process: asyncio.subprocess.Process, number: signal.Signals, mark: str) -> None:
    process.send_signal(number)
    assert await asyncio.wait_for(process.wait(), 30) == 0
    deadline = time.monotonic() + 10
    while marked(mark):
        assert time.monotonic() < deadline, marked(mark)
        await asyncio.sleep(0.1)


async def test_the_sandbox_tells_its_keys_when_the_bot_is_there_and_leaves_nothing_behind() -> None:
    mark = uuid.uuid4().hex
    async with started("sandbox", "--json", mark=mark) as process:
        told = await ready(process)
        assert told["pid"] == process.pid
        assert set(told) == {
            *("slack_url", "neon_url", "neon_api_key", "project_id", "branch_id", "target", "dsn"),
            *("channel", "people", "env", "pid"),
        }
        assert told["target"] == "prod"
        assert str(told["neon_url"]).endswith("/api/v2")
        people = told["people"]
        assert isinstance(people, list)
        roles = [person["role"] for person in people]
        assert (roles.count("operator"), roles.count("approver"), roles.count("outsider")) >= (2, 2, 1)
        state = httpx.get(f"{told['slack_url']}/sandbox/state").json()
        assert state["channels"][told["channel"]]["messages"], "the first freshness message has arrived"
        assert str(state["people"][0]["id"]).startswith("U")
        with psycopg.connect(str(told["dsn"])) as connection:
            assert connection.execute("select count(*) > 1000 from orders").fetchone() == (True,)
        for url in (told["slack_url"], told["neon_url"], told["dsn"]):
            assert urlsplit(str(url)).hostname == "127.0.0.1"
        env = told["env"]
        assert isinstance(env, dict)
        own = Path(env["SAFEPOINT_CONFIG"]).parent
        assert own.exists()
        await stop(process, signal.SIGTERM, mark)
        assert not own.exists()


@pytest.mark.parametrize("seconds", [0.3, 1.5])
async def test_ctrl_c_while_it_is_still_starting_leaves_nothing_behind(seconds: float) -> None:
    mark = uuid.uuid4().hex
    async with started("sandbox", "--json", "--no-bot", mark=mark) as process:
        await asyncio.sleep(seconds)  # at whatever it has got to by then
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 30)
        assert not marked(mark)


async def test_neon_alone_tells_its_keys_and_stops_on_ctrl_c() -> None:
    mark = uuid.uuid4().hex
    async with started("sandbox", "neon", "--json", mark=mark) as process:
        told = await ready(process)
        assert set(told) == {"neon_url", "neon_api_key", "project_id", "branch_id", "dsn", "pid"}
        headers = {"Authorization": f"Bearer {told['neon_api_key']}"}
        answer = httpx.get(f"{told['neon_url']}/projects/{told['project_id']}", headers=headers)
        assert answer.json()["project"]["id"] == told["project_id"]
        await stop(process, signal.SIGINT, mark)


async def test_the_tour_checks_every_step_and_keeps_a_journal(tmp_path: Path) -> None:
    mark, journal = uuid.uuid4().hex, tmp_path / "journal.jsonl"
    async with started("tour", "--journal", str(journal), mark=mark) as process:
        told, _ = await asyncio.wait_for(process.communicate(), 150)
    assert process.returncode == 0, told.decode()[-2000:]
    assert "Every step was checked" in told.decode()
    calls = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    assert {"chat.postMessage", "chat.update", "views.open"} <= {call["method"] for call in calls}
    assert not marked(mark)
