import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from store.database import Sql, StoreIsNewer


def put(name: str) -> str:
    return f"insert into people (id, doc, refreshed_at) values ('{name}', '{{}}', '')"


def names(db: Database) -> list[str]:
    return [row["id"] for row in db.query("select id from people order by id")]


def modes(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}


async def test_the_file_and_its_log_belong_to_its_user_alone(tmp_path: Path) -> None:
    sql = await Sql.open(tmp_path / "store.db")
    await sql.write(lambda db: db.execute(put("a")))
    found = modes(tmp_path)
    await sql.close()
    assert found == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    sql = await Sql.open(tmp_path / "store.db")
    await sql.write(lambda db: db.execute(put("a")))
    await sql.close()
    sql = await Sql.open(tmp_path / "store.db")
    assert await sql.read(names) == ["a"]
    await sql.close()


async def test_what_was_written_is_there_after_a_crash(tmp_path: Path) -> None:
    """A copy of the files while they are open is what a killed process leaves."""
    sql = await Sql.open(tmp_path / "store.db")
    await sql.write(lambda db: db.execute(put("a")))
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for name in ("store.db", "store.db-wal"):
        (crashed / name).write_bytes((tmp_path / name).read_bytes())
    await sql.close()
    after = await Sql.open(crashed / "store.db")
    assert await after.read(names) == ["a"]
    await after.close()


async def test_every_write_is_synced_to_the_disk_before_it_returns(sql: Sql) -> None:
    pragmas = ("journal_mode", "synchronous")
    found = await sql.read(lambda db: [db.execute(f"pragma {name}").fetchone()[0] for name in pragmas])
    assert found == ["wal", 2]


async def test_an_exception_rolls_everything_back_and_comes_out_unchanged(sql: Sql) -> None:
    told = RuntimeError("as it was")

    def half(db: Database) -> None:
        db.execute(put("a"))
        db.table("people").insert({"id": "b", "doc": "{}", "refreshed_at": ""})
        raise told

    with pytest.raises(RuntimeError) as caught:
        await sql.write(half)
    assert caught.value is told
    assert await sql.read(names) == []


async def test_a_full_disk_comes_out_as_what_it_is_and_leaves_a_store_that_works(sql: Sql) -> None:
    await sql.read(lambda db: db.execute("pragma max_page_count = 1"))
    with pytest.raises(sqlite3.OperationalError, match="full"):
        await sql.write(lambda db: db.execute("insert into people values ('a', ?, '')", ["x" * 1_000_000]))
    await sql.read(lambda db: db.execute("pragma max_page_count = 100000"))
    await sql.write(lambda db: db.execute(put("b")))
    assert await sql.read(names) == ["b"]


async def test_a_commit_that_fails_does_not_block_every_later_write(sql: Sql) -> None:
    await sql.read(lambda db: db.execute("pragma foreign_keys = on"))
    await sql.write(
        lambda db: db.execute(
            "create table badge (person text references people (id) deferrable initially deferred)"
        )
    )
    with pytest.raises(sqlite3.IntegrityError):
        await sql.write(lambda db: db.execute("insert into badge values ('nobody')"))
    await sql.write(lambda db: db.execute(put("a")))
    assert await sql.read(names) == ["a"]
    assert await sql.read(lambda db: list(db.query("select * from badge"))) == []


async def test_two_processes_can_write_side_by_side(tmp_path: Path) -> None:
    """Each reads before it writes: without immediate transactions one of them dies of a locked database."""

    def count_up(db: Database) -> None:
        found = names(db)
        db.execute("delete from people")
        db.execute(put(str(int(found[0]) + 1 if found else 1)))

    one, other = await Sql.open(tmp_path / "store.db"), await Sql.open(tmp_path / "store.db")
    await asyncio.gather(*(sql.write(count_up) for _ in range(20) for sql in (one, other)))
    assert await one.read(names) == ["40"]
    await one.close()
    await other.close()


async def test_a_store_from_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    sql = await Sql.open(path)
    await sql.write(lambda db: db.execute(put("a")))
    await sql.write(
        lambda db: db.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values"
            " ('safepoint', '9999_from_the_future', '')"
        )
    )
    await sql.close()
    with pytest.raises(StoreIsNewer, match="9999_from_the_future"):
        await Sql.open(path)
    with closing(sqlite3.connect(path)) as left:
        assert left.execute("select id from people").fetchall() == [("a",)]


@pytest.mark.parametrize(
    "content", [b"this is no database, and never was one" * 100, b"SQLite format 3\0" * 64]
)
async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(content)
    with pytest.raises(sqlite3.DatabaseError):
        await Sql.open(path)
    assert path.read_bytes() == content


async def test_a_write_wakes_who_waits(sql: Sql) -> None:
    seen = await sql.changed(-1, 0)
    waiting = asyncio.create_task(sql.changed(seen, 30))
    await sql.write(lambda db: db.execute(put("a")))
    assert await asyncio.wait_for(waiting, 5) == seen + 1


async def test_a_write_before_the_wait_is_not_missed(sql: Sql) -> None:
    seen = await sql.changed(-1, 0)
    await sql.write(lambda db: db.execute(put("a")))
    assert await asyncio.wait_for(sql.changed(seen, 30), 5) == seen + 1


async def test_without_a_write_the_wait_ends_with_its_time(sql: Sql) -> None:
    seen = await sql.changed(-1, 0)
    assert await asyncio.wait_for(sql.changed(seen, 0.01), 5) == seen


async def test_a_write_that_failed_wakes_nobody(sql: Sql) -> None:
    seen = await sql.changed(-1, 0)
    with pytest.raises(sqlite3.OperationalError):
        await sql.write(lambda db: db.execute("no such thing"))
    assert await sql.changed(seen, 0) == seen
