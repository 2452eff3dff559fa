"""What a sandbox leaves behind: nothing, however it ends; and whose permissions it touches: nobody's."""

import asyncio
import os
import signal
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.sandbox.neon import SandboxNeon, sandbox_neon
from bot.sandbox.neon.place import prepared
from tests.sandbox.neon.driver import numbers, write

_PROGRAM = """
import asyncio, os, pathlib, sys
from bot.sandbox.neon import sandbox_neon

async def main():
    async with sandbox_neon(pathlib.Path(sys.argv[1])) as neon:
        server = await neon.world.projects[neon.project_id].default_branch.data.start()
        print(server.process.pid, server.sockets.parent.parent, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def private() -> Iterator[Path]:
    """An empty directory that only its owner enters, below one that only its owner enters."""
    with tempfile.TemporaryDirectory(prefix="sp-") as home:
        directory = Path(home) / "sandbox"
        directory.mkdir(mode=0o700)
        yield directory


async def test_leaving_ends_every_process_and_removes_everything(private: Path) -> None:
    async with sandbox_neon(private) as neon:
        await write(neon.dsn, 1)
        await neon.new_project(name="another")
        pid, root = await _where(neon)
        assert _runs(pid) and root.is_dir()
    assert not _runs(pid)
    assert not root.exists()
    assert list(private.iterdir()) == []
    assert stat.S_IMODE(private.stat().st_mode) == stat.S_IMODE(private.parent.stat().st_mode) == 0o700


async def test_an_exception_inside_clears_up_as_well(private: Path) -> None:
    seen: list[tuple[int, Path]] = []
    with pytest.raises(ZeroDivisionError):
        async with sandbox_neon(private) as neon:
            seen.append(await _where(neon))
            raise ZeroDivisionError
    ((pid, root),) = seen
    assert not _runs(pid) and not root.exists()


async def test_being_cancelled_while_a_branch_is_made_clears_up_as_well(private: Path) -> None:
    seen: asyncio.Queue[tuple[int, Path]] = asyncio.Queue()

    async def run() -> None:
        async with sandbox_neon(private) as neon, httpx.AsyncClient() as client:
            seen.put_nowait(await _where(neon))
            headers = {"Authorization": f"Bearer {neon.api_key}"}
            body = {"endpoints": [{"type": "read_write"}]}
            await client.post(f"{neon.url}/projects/{neon.project_id}/branches", headers=headers, json=body)
            await asyncio.Event().wait()

    task = asyncio.create_task(run())
    pid, root = await seen.get()
    while not (root / "stores" / "2" / "data").exists():
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not _runs(pid) and not root.exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
async def test_being_killed_leaves_nothing_either(private: Path, how: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PROGRAM, private),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    pid_text, root_text = (await process.stdout.readline()).decode().split()
    pid, root = int(pid_text), Path(root_text)
    assert _runs(pid)
    process.send_signal(how)
    await process.wait()
    async with asyncio.timeout(20):
        while _runs(pid) or root.exists():
            await asyncio.sleep(0.02)


async def test_a_deep_directory_does_not_make_the_socket_paths_too_long(private: Path) -> None:
    deep = private / ("x" * 80)
    deep.mkdir()
    async with sandbox_neon(deep) as neon:
        await write(neon.dsn, 1)
        assert await numbers(neon.dsn) == [1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its processes to another user")
async def test_started_by_root_the_processes_are_nobodys_and_the_programs_stay_roots(private: Path) -> None:
    async with prepared(private) as place:
        assert place.user == "nobody"
        assert place.root.owner() == "nobody"
        program = Path(place.program("postgres"))
        assert program.stat().st_uid == 0 or program.stat().st_nlink == 1
        with pytest.raises(PermissionError):
            place.root.joinpath("x").touch()
            raise PermissionError


async def _where(neon: SandboxNeon) -> tuple[int, Path]:
    """The number of a running PostgreSQL, and the directory everything is in."""
    server = await neon.world.projects[neon.project_id].default_branch.data.start()
    return server.process.pid, server.sockets.parent.parent


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
