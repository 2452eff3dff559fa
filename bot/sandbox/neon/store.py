"""The data of one branch: a live directory, the WAL it has written, and bases to go back from.

A base is a clean, never changing copy of a data directory as it was at some position; branches share them. Base and
archived WAL together give the data as of any later point (`stores.py`).

PostgreSQL refuses to end recovery before it has seen something past its target. So a running server is sealed
first: a commit that changes nothing, then a switch to the next WAL segment, which sends this one to the archive.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from psycopg import AsyncConnection

from bot.sandbox.neon import postgres
from bot.sandbox.neon.place import Place
from bot.sandbox.neon.wal import Lsn, Mark

_ARCHIVE_SECONDS = 30.0
_POSITION = "pg_current_wal_insert_lsn()"
_END_SESSIONS = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a cluster says of itself: databases with their owners, and the roles that people made."""

    databases: dict[str, str]
    roles: frozenset[str]


@dataclass(slots=True)
class Base:
    """A data directory to replay from. It holds all up to `mark`; replay needs the WAL from `wal_from` on."""

    directory: Path
    mark: Mark
    wal_from: Lsn
    users: int = 1


@dataclass(slots=True)
class Store:
    """One branch's data. Its own history starts at `begins`; `head` is where it stood when last looked at.

    `untouched` says that no compute has run on it yet, so that all of it is how it began.
    """

    place: Place
    directory: Path
    sockets: Path
    bases: list[Base]
    begins: Lsn
    head: Mark
    catalogue: Catalogue
    server: postgres.Postgres | None = None
    untouched: bool = True
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def archive(self) -> Path:
        """The WAL from its oldest base on."""
        return self.directory / "archive"

    @property
    def data(self) -> Path:
        """The live directory. A project's first branch has none until its compute starts for the first time."""
        return self.directory / "data"

    @property
    def at_rest(self) -> Path:
        """Where its data is while no server runs."""
        return self.data if self.data.exists() else self.bases[-1].directory

    @property
    def log(self) -> Path:
        """What its servers had to say."""
        return self.directory / "log"

    @property
    def archiving(self) -> dict[str, str]:
        """The settings of a server that writes this store's WAL."""
        return {"archive-mode": "on", "archive-command": f'ln -f "%p" "{self.archive}/%f"'}

    async def start(self) -> postgres.Postgres:
        """The running server, started if it is not running (it may also have died)."""
        async with self.lock:
            self.untouched = False
            if not self.data.exists():
                await self.place.copy(self.bases[-1].directory, self.data)
            if self.server is None or self.server.process.returncode is not None:
                self.server = await postgres.start(
                    self.place, self.data, sockets=self.sockets, log=self.log, settings=self.archiving
                )
            return self.server

    async def revive(self) -> None:
        """Start a server again that has died, so that it recovers what it had written."""
        if self.server is not None and self.server.process.returncode is not None:
            await self.start()

    async def stop(self) -> None:
        """End every session, note where the history stands, and shut the server down."""
        async with self.lock:
            server, self.server = self.server, None
            if server is None:
                return
            try:
                async with server.connect() as connection:
                    await connection.execute(_END_SESSIONS)
                    self.head = await self.seal(connection)
                    self.catalogue = await read_catalogue(connection)
            finally:
                await server.stop()

    async def kill(self) -> None:
        """Stop at once, when nothing of it will be needed again."""
        async with self.lock:
            server, self.server = self.server, None
            if server is not None:
                await server.stop(now=True)

    async def position(self) -> Lsn:
        """How far the history reaches at present."""
        async with self._asked() as connection:
            return self.head.lsn if connection is None else await read_lsn(connection, _POSITION)

    async def refresh_catalogue(self) -> Catalogue:
        """Databases and roles as they are now; what was last known when no server is running."""
        async with self._asked() as connection:
            if connection is not None:
                self.catalogue = await read_catalogue(connection)
        return self.catalogue

    @asynccontextmanager
    async def _asked(self) -> AsyncIterator[AsyncConnection | None]:
        """A connection to the running server, if there is one. It is not stopped meanwhile."""
        async with self.lock:
            if self.server is None or self.server.process.returncode is not None:
                yield None
            else:
                async with self.server.connect() as connection:
                    yield connection

    async def seal(self, connection: AsyncConnection) -> Mark:
        """Put a commit after everything so far, and have the WAL up to it archived."""
        before = await _clock(connection)
        await connection.execute("SELECT pg_current_xact_id()")
        lsn = await read_lsn(connection, _POSITION)
        after = await _clock(connection)
        await connection.execute("SELECT pg_current_xact_id()")  # so that a record follows `lsn` in any case
        cursor = await connection.execute("SELECT pg_walfile_name(pg_switch_wal())")
        (segment,) = await cursor.fetchone() or ("",)
        async with asyncio.timeout(_ARCHIVE_SECONDS):
            while not (self.archive / segment).exists():
                await asyncio.sleep(0.002)
        return Mark(before, lsn, after)


async def read_catalogue(connection: AsyncConnection) -> Catalogue:
    """Ask a cluster what is in it."""
    databases = await connection.execute(
        """SELECT datname, pg_get_userbyid(datdba) FROM pg_database
           WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY oid"""
    )
    roles = await connection.execute(
        r"SELECT rolname FROM pg_roles WHERE rolname NOT LIKE 'pg\_%%' AND rolname <> ALL (%s)",
        [[postgres.ADMIN, postgres.MEMBERSHIP]],
    )
    return Catalogue(dict(await databases.fetchall()), frozenset(name for (name,) in await roles.fetchall()))


async def read_lsn(connection: AsyncConnection, function: str) -> Lsn:
    """The value of one of PostgreSQL's functions that give a position."""
    cursor = await connection.execute(f"SELECT {function}".encode())
    (text,) = await cursor.fetchone() or ("",)
    return Lsn.read(text)


async def _clock(connection: AsyncConnection) -> datetime:
    row = await (await connection.execute("SELECT clock_timestamp()")).fetchone()
    assert row is not None and isinstance(row[0], datetime)
    return row[0]
