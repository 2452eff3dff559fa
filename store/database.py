"""One SQLite file, one connection, one thread.

SQLite is blocking, so every statement runs on a single worker thread, which also puts writers in a row. Writes are
durable before they return (WAL, `synchronous=FULL`). Every transaction begins IMMEDIATE: sqlite-utils' own `atomic()`
begins deferred, and a read followed by a write can then die with "database is locked" when a second process writes in
between (sqlite_utils/db.py, `atomic`). After a commit everyone who waits on `changed` is woken.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from store.schema import MIGRATIONS

T = TypeVar("T")

BUSY_TIMEOUT_SECONDS = 10.0


class StoreIsNewer(Exception):
    """The file was written by a newer version; an older one would misread it."""


class Sql:
    """A file opened for one event loop. Open it with `Sql.open`, close it with `close`."""

    def __init__(self, db: Database, thread: ThreadPoolExecutor) -> None:
        self._db = db
        self._thread = thread
        self._changes = 0
        self._changed = asyncio.Condition()

    @classmethod
    async def open(cls, path: Path) -> "Sql":
        """Open or create the file and bring it up to date. Raises StoreIsNewer, or sqlite3.Error for a broken file."""
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        try:
            db = await asyncio.get_running_loop().run_in_executor(thread, _open, path)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        return cls(db, thread)

    async def close(self) -> None:
        await self._run(self._db.close)
        self._thread.shutdown(wait=True)

    async def read(self, work: Callable[[Database], T]) -> T:
        return await self._run(lambda: work(self._db))

    async def write(self, work: Callable[[Database], T]) -> T:
        """Run `work` in one immediate transaction; an exception rolls it back and comes out unchanged."""
        result = await self._run(lambda: _in_transaction(self._db, work))
        self._changes += 1
        async with self._changed:
            self._changed.notify_all()
        return result

    async def changed(self, seen: int, timeout_seconds: float) -> int:
        """Wait until this process has written since `seen`, or the timeout; return the count to pass in next time.

        Another process writing to the same file is noticed only by the timeout.
        """
        async with self._changed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait_for(lambda: self._changes != seen), timeout_seconds)
            return self._changes

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _open(path: Path) -> Database:
    path.touch(mode=0o600)
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_SECONDS, check_same_thread=False, isolation_level=None
    )
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        db = Database(connection)
        _refuse_newer(db, path)
        _in_transaction(db, MIGRATIONS.apply)
    except BaseException:
        connection.close()
        raise
    return db


def _refuse_newer(db: Database, path: Path) -> None:
    with Database(memory=True) as empty:
        known = {migration.name for migration in MIGRATIONS.pending(empty)}
    unknown = {migration.name for migration in MIGRATIONS.applied(db)} - known
    if unknown:
        raise StoreIsNewer(f"{path} holds {', '.join(sorted(unknown))}, which this version does not know")


def _in_transaction(db: Database, work: Callable[[Database], T]) -> T:
    db.conn.execute("begin immediate")
    try:
        result = work(db)
        db.conn.execute("commit")
    except BaseException:
        db.rollback()  # does nothing where SQLite has rolled back by itself, as on a full disk
        raise
    return result
