"""The data of one branch, and how another is made from it as it was at some point.

A store is a base (a clean, never changing copy of where it began), an archive of the WAL written since, and, once a
compute has run, the live directory. Data as of a point is a copy of the base with the archive replayed
up to that point, PostgreSQL's own point-in-time recovery; a commit at exactly the instant is left out, as
Neon leaves it out (neon.md §9).

PostgreSQL refuses to end recovery before it has seen something past its target. So a running server is sealed
first: a commit that changes nothing, then a switch to the next WAL segment, which sends this one to the archive.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from psycopg import AsyncConnection

from bot.sandbox.neon import postgres
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.place import Place

_ARCHIVE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, order=True)
class Lsn:
    """A position in the WAL, written `0/1DE2850`."""

    value: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises ValueError unless `text` is two hexadecimal numbers with a slash between."""
        high, slash, low = text.partition("/")
        if not slash or not 1 <= len(high) <= 8 or not 1 <= len(low) <= 8:
            raise ValueError(f"not an LSN: {text!r}")
        return cls((int(high, 16) << 32) + int(low, 16))

    def __str__(self) -> str:
        return f"{self.value >> 32:X}/{self.value & 0xFFFFFFFF:X}"


Point = datetime | Lsn | None
"""Where on a store's history: an instant, a position, or its head."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A known place in a store's history: everything before `lsn` was committed by `at`, nothing after it was."""

    at: datetime
    lsn: Lsn


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a cluster says of itself: databases with their owners, and the roles that people made."""

    databases: dict[str, str]
    roles: frozenset[str]


@dataclass(slots=True)
class Store:
    """One branch's data. `begins` is where its history starts; before that, ask the store it came from."""

    place: Place
    directory: Path
    sockets: Path
    begins: Lsn
    head: Mark
    catalogue: Catalogue
    server: postgres.Postgres | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def base(self) -> Path:
        """Where it began."""
        return self.directory / "base"

    @property
    def archive(self) -> Path:
        """The WAL since then."""
        return self.directory / "archive"

    @property
    def data(self) -> Path:
        """The live directory; absent until a compute has run."""
        return self.directory / "data"

    async def start(self) -> postgres.Postgres:
        """The running server, started if it is not running (it may also have died)."""
        async with self.lock:
            if self.server is None or self.server.process.returncode is not None:
                if not self.data.exists():
                    await self._copy_base()
                self.server = await postgres.start(
                    self.place,
                    self.data,
                    sockets=self.sockets,
                    log=self.directory / "log",
                    settings={
                        "archive-mode": "on",
                        "archive-command": f'ln -f "%p" "{self.archive}/%f"',
                    },
                )
            return self.server

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
                    self.catalogue = await _read_catalogue(connection)
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
        if self.server is None:
            return self.head.lsn
        async with self.server.connect() as connection:
            return await _lsn(connection, "SELECT pg_current_wal_insert_lsn()")

    async def refresh_catalogue(self) -> Catalogue:
        """Databases and roles as they are now; what was last known when no server is running."""
        if self.server is not None:
            async with self.server.connect() as connection:
                self.catalogue = await _read_catalogue(connection)
        return self.catalogue

    async def _copy_base(self) -> None:
        half = self.directory / "data.part"
        await self.place.remove(half)
        await self.place.copy(self.base, half)
        half.rename(self.data)

    async def seal(self, connection: AsyncConnection) -> Mark:
        """Put a commit after everything so far, and have the WAL up to it archived."""
        at = await _instant(connection, "SELECT clock_timestamp()")
        await connection.execute("SELECT pg_current_xact_id()")
        lsn = await _lsn(connection, "SELECT pg_current_wal_insert_lsn()")
        await connection.execute("SELECT pg_current_xact_id()")  # so that a record follows `lsn` in any case
        cursor = await connection.execute("SELECT pg_walfile_name(pg_switch_wal())")
        (segment,) = await cursor.fetchone() or ("",)
        async with asyncio.timeout(_ARCHIVE_SECONDS):
            while not (self.archive / segment).exists():  # noqa: ASYNC110
                await asyncio.sleep(0.002)  # PostgreSQL's archiver tells nobody
        return Mark(at, lsn)


_END_SESSIONS = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"""


class Stores:
    """Makes stores below one directory, each with a place and a socket directory of its own."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._numbers = itertools.count(1)
        self._template = place.root / "template"
        self._stores: list[Store] = []

    async def lay_down_template(self) -> None:
        """Make the cluster every project starts from; once, before `create`."""
        await postgres.lay_down_template(self._place, self._template)
        await postgres.run_single_user(
            self._place,
            self._template,
            f"CREATE ROLE {postgres.MEMBERSHIP} NOLOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS",
            f"""GRANT pg_read_all_data, pg_write_all_data, pg_monitor, pg_signal_backend, pg_create_subscription
                TO {postgres.MEMBERSHIP} WITH ADMIN OPTION""",
        )

    async def create(self, *, database: str, role: str) -> Store:
        """A new project's first branch, with one role that owns one database."""
        directory = self._directory()
        base = directory / "base"
        await self._place.copy(self._template, base)
        await postgres.run_single_user(
            self._place, base, create_role(role), f"CREATE DATABASE {quoted(database)} OWNER {quoted(role)}"
        )
        async with self._serving(base, directory, {}) as connection:
            lsn = await _lsn(connection, "SELECT pg_current_wal_insert_lsn()")
            catalogue = await _read_catalogue(connection)
        return self._store(directory, lsn, catalogue)

    async def branch(self, source: Store, point: Point) -> Store:
        """A new store that begins as `source` was at `point`. Raises ProgramFailed if history has no such point."""
        directory = self._directory()
        base = directory / "base"
        try:
            head = await self._copy_idle(source, point, base)
            if head is not None:
                return self._store(directory, head.lsn, source.catalogue)
            point = await self._sealed(source, point)
            await self._place.copy(source.base, base)
            self._place.touch(base / "recovery.signal")
            async with self._serving(base, directory, _recovery(source, point)) as connection:
                lsn = await _lsn(connection, "SELECT pg_last_wal_replay_lsn()")
                catalogue = await _read_catalogue(connection)
            return self._store(directory, lsn, catalogue)
        except BaseException:
            await self._place.remove(directory)
            raise

    async def remove(self, store: Store) -> None:
        """Stop it and forget it."""
        self._stores.remove(store)
        await store.kill()
        await self._place.remove(store.directory, store.sockets)

    async def kill_all(self) -> None:
        """Stop every server, when the sandbox ends."""
        await asyncio.gather(*(store.kill() for store in self._stores))

    async def _copy_idle(self, source: Store, point: Point, base: Path) -> Mark | None:
        """Copy the head of a store at rest, if that is what `point` asks for."""
        async with source.lock:
            if source.server is not None or not _is_head(source, point):
                return None
            await self._place.copy(source.data if source.data.exists() else source.base, base)
        for slot in (base / "pg_replslot").iterdir():  # a branch carries no replication slots
            await self._place.remove(slot)
        return source.head

    async def _sealed(self, source: Store, point: Point) -> datetime | Lsn:
        """Make sure the archive holds something past `point`; the head becomes a position."""
        async with source.lock:
            if source.server is not None:
                async with source.server.connect() as connection:
                    source.head = await source.seal(connection)
        return source.head.lsn if point is None else point

    @asynccontextmanager
    async def _serving(
        self, base: Path, directory: Path, settings: dict[str, str]
    ) -> AsyncIterator[AsyncConnection]:
        """Run a server over `base`, without archiving, and leave it cleanly shut down."""
        server = await postgres.start(
            self._place,
            base,
            sockets=directory,
            log=directory / "log",
            settings={"archive-mode": "off", "autovacuum": "off"} | settings,
        )
        try:
            async with server.connect() as connection:
                yield connection
        finally:
            await server.stop()

    def _directory(self) -> Path:
        return self._place.make(self._place.root / "stores" / str(next(self._numbers)))

    def _store(self, directory: Path, begins: Lsn, catalogue: Catalogue) -> Store:
        sockets = self._place.make(self._place.root / "sockets" / directory.name)
        store = Store(self._place, directory, sockets, begins, Mark(now(), begins), catalogue)
        self._place.make(store.archive)
        self._stores.append(store)
        return store


def create_role(name: str) -> str:
    """The statement with which Neon makes a role: not a superuser, but able to do most things."""
    rights = "LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS"
    return f"CREATE ROLE {quoted(name)} {rights} IN ROLE {postgres.MEMBERSHIP}"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _is_head(store: Store, point: Point) -> bool:
    """Whether all of a store at rest lies before `point`."""
    if not store.data.exists():
        return True
    if isinstance(point, Lsn):
        return point >= store.head.lsn
    return point is None or point > store.head.at


def _recovery(source: Store, point: datetime | Lsn) -> dict[str, str]:
    """Replay up to the point and not a record further, then become an ordinary server on a new timeline."""
    target = {"recovery-target-lsn": str(point)}
    if isinstance(point, datetime):
        target = {"recovery-target-time": point.isoformat(sep=" ", timespec="microseconds")}
    return target | {
        "recovery-target-inclusive": "off",
        "recovery-target-action": "promote",
        "restore-command": f'cp "{source.archive}/%f" "%p" 2>/dev/null',
    }


async def _read_catalogue(connection: AsyncConnection) -> Catalogue:
    databases = await connection.execute(
        """SELECT datname, pg_get_userbyid(datdba) FROM pg_database
           WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY oid"""
    )
    roles = await connection.execute(
        r"SELECT rolname FROM pg_roles WHERE rolname NOT LIKE 'pg\_%%' AND rolname <> ALL (%s)",
        [[postgres.ADMIN, postgres.MEMBERSHIP]],
    )
    return Catalogue(
        dict(await databases.fetchall()),
        frozenset(name for (name,) in await roles.fetchall()),
    )


async def _lsn(connection: AsyncConnection, query: str) -> Lsn:
    cursor = await connection.execute(query)
    (text,) = await cursor.fetchone() or ("",)
    return Lsn.read(text)


async def _instant(connection: AsyncConnection, query: str) -> datetime:
    cursor = await connection.execute(query)
    row = await cursor.fetchone()
    assert row is not None and isinstance(row[0], datetime)
    return row[0]
