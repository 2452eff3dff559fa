"""Making stores: a project's first, and one that begins as another was at some point.

Data as of a point is a copy of the newest base before it with archived WAL replayed up to that point, PostgreSQL's own
point-in-time recovery. A commit at exactly the instant is left out, as Neon leaves it out (neon.md §9). A data
directory is always copied, never linked, since PostgreSQL writes into its files; bases and archived WAL are shared.
"""

import asyncio
import itertools
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from bot.sandbox.neon import postgres
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.place import Place
from bot.sandbox.neon.store import Base, Catalogue, Store, read_catalogue, read_lsn
from bot.sandbox.neon.wal import Lsn, Mark, Point, newest, share

_LONGEST_REPLAY_SEGMENTS = 48
_NOTHING_KNOWN = Catalogue({}, frozenset())


class Stores:
    """Makes and removes stores, each in a numbered directory of its own."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._numbers = itertools.count(1)
        self._stores: list[Store] = []
        self._first_bases: dict[tuple[str, str], Base] = {}

    async def create(self, *, database: str, role: str) -> Store:
        """A new project's first branch, with one role that owns one database. Nothing runs, nothing is copied yet."""
        base = await self._first_base(database, role)
        store = self._new_store()
        base.users += 1
        store.bases, store.begins, store.head = [base], base.mark.lsn, base.mark
        store.catalogue = Catalogue({database: role}, frozenset({role}))
        return store

    async def branch(self, source: Store, point: Point, *, running: bool = False) -> Store:
        """A new store that begins as `source` was at `point`, with its server `running` or not.

        Raises ProgramFailed if the history has no such point.
        """
        store = self._new_store()
        try:
            if not await self._copy_idle(source, point, store):
                await self._replay(source, point, store)
            if running:
                await store.start()
            elif store.server is not None:
                await store.server.stop()
                store.server = None
        except BaseException:
            await self.remove(store)
            raise
        return store

    async def schema_of(self, source: Store, point: Point, *, running: bool = False) -> Store:
        """A new store with the schema alone of what `source` was at `point`. Its own history starts empty."""
        store = await self.branch(source, point, running=True)
        try:
            server = await store.start()
            for database in store.catalogue.databases:
                async with server.connect(database) as connection:
                    await connection.execute(_EMPTY_ALL_TABLES)
            store.begins = await store.position()
            if not running:
                await store.stop()
        except BaseException:
            await self.remove(store)
            raise
        return store

    async def shorten_replays(self) -> None:
        """Give a new base to every running store that has written much since its last."""
        for store in [store for store in self._stores if store.server is not None]:
            segment = newest(store.archive)
            if segment and store.bases[-1].mark.lsn.until(segment) > _LONGEST_REPLAY_SEGMENTS:
                await self.add_base(store)

    async def add_base(self, store: Store) -> None:
        """A base of a store as it is now, made by bringing a copy of its last one up to date."""
        async with store.lock:
            if store.server is None:
                return
            async with store.server.connect() as connection:
                await connection.execute("CHECKPOINT")
                wal_from = await read_lsn(connection, "(pg_control_checkpoint()).redo_lsn")
                mark = await store.seal(connection)
        directory = self._directory_of_base()
        try:
            await self._place.copy(store.bases[-1].directory, directory)
            self._mark_for_recovery(directory)
            await postgres.recover(
                self._place,
                directory,
                sockets=directory.parent,
                log=store.log,
                settings=_replay_to(mark.lsn, store.archive) | {"recovery-target-action": "shutdown"},
            )
        except BaseException:
            await self._place.remove(directory.parent)
            raise
        store.bases.append(Base(directory, mark, wal_from))

    async def remove(self, store: Store) -> None:
        """Stop it and forget it, and the bases nobody else uses. May be called again if it was cancelled."""
        if store in self._stores:
            self._stores.remove(store)
            for base in store.bases:
                base.users -= 1
        await store.kill()
        unused = [base.directory.parent for base in store.bases if not base.users]
        await self._place.remove(store.directory, store.sockets, *unused)

    async def kill_all(self) -> None:
        """Stop every server, when the sandbox ends."""
        await asyncio.gather(*(store.kill() for store in self._stores))

    async def _copy_idle(self, source: Store, point: Point, store: Store) -> bool:
        """Copy a store at rest, if all of it is what `point` asks for. What never ran is still its base: no copy."""
        await source.revive()
        async with source.lock:
            if source.server is not None or not _is_head(source, point):
                return False
            if source.data.exists():
                await self._place.copy(source.data, store.data)
                # A branch carries no replication slots.
                await self._place.remove(*(store.data / "pg_replslot").iterdir())
            self._inherit(store, source, source.bases[-1])
        store.begins, store.catalogue = source.head.lsn, source.catalogue
        at = now()
        store.head = Mark(at, store.begins, at)
        return True

    async def _replay(self, source: Store, point: Point, store: Store) -> None:
        """Recover the data as of `point`, which leaves the new store's server running."""
        async with source.lock:
            if source.server is not None:
                async with source.server.connect() as connection:
                    source.head = await source.seal(connection)
        target = source.head.lsn if point is None else point
        base = next(base for base in reversed(source.bases) if _is_before(base, target))
        await self._place.copy(base.directory, store.data)
        self._mark_for_recovery(store.data)
        self._inherit(store, source, base)
        store.server = await postgres.start(
            self._place,
            store.data,
            sockets=store.sockets,
            log=store.log,
            settings=store.archiving
            | _replay_to(target, store.archive)
            | {"recovery-target-action": "promote"},
        )
        async with store.server.connect() as connection:
            store.begins = await read_lsn(connection, "pg_last_wal_replay_lsn()")
            store.catalogue = await read_catalogue(connection)
        for history in (store.data / "pg_wal").glob(
            "*.history"
        ):  # without it, its own WAL cannot be found later
            with suppress(FileExistsError):
                (store.archive / history.name).hardlink_to(history)
        at = now()
        store.head = Mark(at, store.begins, at)

    async def _first_base(self, database: str, role: str) -> Base:
        """What every project with this database and role begins from; made for the first one and kept."""
        known = self._first_bases.get((database, role))
        if known is None:
            directory = self._directory_of_base()
            await postgres.lay_down(self._place, directory, *_FIRST_ROLES, *_owned(database, role))
            at, lsn = now(), await asyncio.to_thread(postgres.last_checkpoint, directory)
            known = self._first_bases[database, role] = Base(directory, Mark(at, lsn, at), lsn)
        return known

    def _inherit(self, store: Store, source: Store, base: Base) -> None:
        base.users += 1
        store.bases = [base]
        share(source.archive, base.wal_from, store.archive)

    def _mark_for_recovery(self, data: Path) -> None:
        self._place.touch(data / "recovery.signal")

    def _new_store(self) -> Store:
        number = str(next(self._numbers))
        at = now()
        store = Store(
            self._place,
            self._place.make(self._place.root / "stores" / number),
            self._place.make(self._place.root / "sockets" / number),
            [],
            Lsn(0),
            Mark(at, Lsn(0), at),
            _NOTHING_KNOWN,
        )
        self._place.make(store.archive)
        self._stores.append(store)
        return store

    def _directory_of_base(self) -> Path:
        return self._place.make(self._place.root / "bases" / str(next(self._numbers))) / "data"


_EMPTY_ALL_TABLES = """DO $$
    DECLARE relation record;
    BEGIN
        FOR relation IN
            SELECT oid::regclass AS name, relkind FROM pg_class
            WHERE relkind IN ('r', 'p', 'm') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
            ORDER BY relkind = 'm'
        LOOP
            IF relation.relkind = 'm' THEN
                EXECUTE format('REFRESH MATERIALIZED VIEW %s WITH NO DATA', relation.name);
            ELSE
                EXECUTE format('TRUNCATE %s RESTART IDENTITY CASCADE', relation.name);
            END IF;
        END LOOP;
    END $$"""

_FIRST_ROLES = (
    f"CREATE ROLE {postgres.MEMBERSHIP} NOLOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS",
    f"""GRANT pg_read_all_data, pg_write_all_data, pg_monitor, pg_signal_backend, pg_create_subscription
        TO {postgres.MEMBERSHIP} WITH ADMIN OPTION""",
)


def _owned(database: str, role: str) -> tuple[str, str]:
    return create_role(role), f"CREATE DATABASE {quoted(database)} OWNER {quoted(role)}"


def create_role(name: str) -> str:
    """The statement with which Neon makes a role: not a superuser, but able to do most things."""
    rights = "LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS"
    return f"CREATE ROLE {quoted(name)} {rights} IN ROLE {postgres.MEMBERSHIP}"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _is_head(store: Store, point: Point) -> bool:
    """Whether all of a store at rest lies before `point`."""
    if store.untouched or point is None:
        return True
    return point >= store.head.lsn if isinstance(point, Lsn) else point > store.head.before


def _is_before(base: Base, point: datetime | Lsn) -> bool:
    return base.mark.lsn <= point if isinstance(point, Lsn) else base.mark.after < point


def _replay_to(point: datetime | Lsn, archive: Path) -> dict[str, str]:
    """Replay up to the point and not a record further."""
    target = {"recovery-target-lsn": str(point)}
    if isinstance(point, datetime):
        target = {"recovery-target-time": point.isoformat(sep=" ", timespec="microseconds")}
    return target | {
        "recovery-target-inclusive": "off",
        "restore-command": f'cp "{archive}/%f" "%p" 2>/dev/null',
    }
