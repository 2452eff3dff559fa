"""One running PostgreSQL server over one data directory, reached only through a Unix socket.

Knows how to lay down the first data directory, start, ask, and stop. What a directory holds and how it
relates to others is `store.py`'s. Settings common to all servers are in the template's postgresql.conf; what
differs is given at start.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGQUIT

import psycopg

from bot.sandbox.neon.place import Place, ProgramFailed
from bot.sandbox.neon.wal import Lsn

ADMIN = "cloud_admin"  # Neon's own superuser, as a project's roles see it in pg_roles
MEMBERSHIP = "neon_superuser"  # what every role made through Neon's API is a member of

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0

# Durability is not at stake (the directory is thrown away), so nothing is flushed. Full pages are left out of the
# WAL and segments are never recycled: bases are cold copies, and an archived segment is a hard link to the
# one PostgreSQL wrote, which must therefore never be written again under another name.
_SETTINGS = {
    "archive_timeout": "0",
    "autovacuum_max_workers": "1",
    "dynamic_shared_memory_type": "mmap",  # a container's /dev/shm may hold only 64 MB
    "fsync": "off",
    "full_page_writes": "off",
    "hot_standby": "off",
    "listen_addresses": "",
    "log_timezone": "GMT",
    "max_wal_size": "256MB",
    "min_wal_size": "2MB",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "16MB",
    "timezone": "GMT",
    "unix_socket_permissions": "0700",
    "wal_init_zero": "off",
    "wal_level": "logical",
    "wal_recycle": "off",
}


async def lay_down(place: Place, data: Path, *statements: str) -> None:
    """Make a new cluster and execute `statements` in it. Nothing is left running."""
    await place.run(
        place.program("initdb"),
        *("--pgdata", str(data), "--username", ADMIN, "--auth", "trust", "--encoding", "UTF8"),
        *("--locale", "C", "--wal-segsize", "1", "--no-sync", "--no-instructions"),
        *(f"--set={name}={value}" for name, value in _SETTINGS.items()),
    )
    await place.run(
        *(place.program("postgres"), "--single", "-j", "-D", str(data)),
        *("-c", "exit_on_error=on", "postgres"),
        text="".join(f"{' '.join(statement.split())};\n\n" for statement in statements),
    )


def last_checkpoint(data: Path) -> Lsn:
    """Where a cleanly shut down directory stands: `checkPointCopy.redo` in pg_control (pg_control.h, version 1300)."""
    return Lsn(int.from_bytes((data / "global" / "pg_control").read_bytes()[40:48], sys.byteorder))


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server. Made by `start`, and of no use after `stop`."""

    process: asyncio.subprocess.Process
    sockets: Path
    log: Path

    @property
    def socket(self) -> Path:
        """The Unix socket clients are passed on to."""
        return self.sockets / ".s.PGSQL.5432"

    @asynccontextmanager
    async def connect(self, database: str = "postgres") -> AsyncIterator[psycopg.AsyncConnection]:
        """A superuser's connection, each statement its own transaction."""
        connection = await psycopg.AsyncConnection.connect(
            host=str(self.sockets), user=ADMIN, dbname=database, autocommit=True
        )
        async with connection:
            yield connection

    async def stop(self, *, now: bool = False) -> None:
        """Shut down cleanly: sessions are ended and everything is written. `now` leaves it as a crash would."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(SIGQUIT if now else SIGINT)
            try:
                await asyncio.wait_for(self.process.wait(), _STOP_SECONDS)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    self.process.kill()
                await self.process.wait()


async def start(
    place: Place, data: Path, *, sockets: Path, log: Path, settings: Mapping[str, str]
) -> Postgres:
    """Start a server and wait until it takes connections, through recovery if there is one to do.

    Raises ProgramFailed with the end of the server's log when it ends instead, as it does when recovery cannot
    reach its target.
    """
    server = await _spawn(place, data, sockets, log, settings)
    process = server.process
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not _is_ready(data, process.pid):
                if process.returncode is not None:
                    raise ProgramFailed(f"postgres: {_end_of(log)}")
                await asyncio.sleep(0.004)
    except BaseException:
        await server.stop(now=True)
        raise
    return server


async def recover(place: Place, data: Path, *, sockets: Path, log: Path, settings: Mapping[str, str]) -> None:
    """Run a recovery that shuts down at its target. Raises ProgramFailed if it does not get there."""
    server = await _spawn(place, data, sockets, log, settings)
    try:
        async with asyncio.timeout(_START_SECONDS):
            if await server.process.wait():
                raise ProgramFailed(f"postgres: {_end_of(log)}")
    except BaseException:
        await server.stop(now=True)
        raise


async def _spawn(place: Place, data: Path, sockets: Path, log: Path, settings: Mapping[str, str]) -> Postgres:
    options = [f"--{name}={value}" for name, value in settings.items()]
    with log.open("ab") as output:
        process = await place.spawn(
            place.program("postgres"), "-D", data, "-k", sockets, *options, output=output.fileno()
        )
    return Postgres(process, sockets, log)


def _is_ready(data: Path, pid: int) -> bool:
    """PostgreSQL keeps its state in the eighth line of its lock file, as pg_ctl reads it."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]
