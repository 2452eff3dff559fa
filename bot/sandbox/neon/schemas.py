"""The schema of a database as it was at a point: as SQL from PostgreSQL's own pg_dump, or as a list of tables.

Read from a store made for the question and thrown away, so that neither the branch nor its computes notice. Which
points may be asked for is `checks.py`'s to say.
"""

import difflib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.sandbox.neon import postgres
from bot.sandbox.neon.postgres import Postgres
from bot.sandbox.neon.refusals import not_found
from bot.sandbox.neon.store import Store
from bot.sandbox.neon.stores import Stores
from bot.sandbox.neon.wal import Point

# pg_dump guards its output with a random word in these lines, so that no two dumps would be equal.
_GUARDS = ("\\restrict ", "\\unrestrict ")


async def schema_sql(stores: Stores, source: Store, point: Point, database: str) -> str:
    """What `pg_dump --schema-only` says. 404 if the database was not there then."""
    async with _as_of(stores, source, point, database) as (store, server):
        place = store.place
        dump = await place.run(
            *(place.program("pg_dump"), "--schema-only", "--host", server.sockets),
            *("--username", postgres.ADMIN, f"--dbname=dbname='{_escaped(database)}'"),
        )
    return "".join(line for line in dump.splitlines(keepends=True) if not line.startswith(_GUARDS))


async def schema_tables(stores: Stores, source: Store, point: Point, database: str) -> Any:
    """`BranchSchemaJSON.tables`: every table with its columns and constraints. 404 as above."""
    async with (
        _as_of(stores, source, point, database) as (_, server),
        server.connect(database) as connection,
    ):
        row = await (await connection.execute(_TABLES)).fetchone()
    assert row is not None
    return row[0]


def unified_diff(database: str, base: str, compared: str) -> str:
    """What turns the one schema into the other; empty if they are equal."""
    lines = difflib.unified_diff(
        base.splitlines(keepends=True), compared.splitlines(keepends=True), f"a/{database}", f"b/{database}"
    )
    return "".join(lines)


@asynccontextmanager
async def _as_of(
    stores: Stores, source: Store, point: Point, database: str
) -> AsyncIterator[tuple[Store, Postgres]]:
    store = await stores.branch(source, point, running=True)
    try:
        if database not in store.catalogue.databases:
            raise not_found("database")
        yield store, await store.start()
    finally:
        await stores.remove(store)


def _escaped(value: str) -> str:
    """A value between quotes in a connection string."""
    return value.replace("\\", "\\\\").replace("'", "\\'")


_COLUMNS_OF = """(SELECT json_agg(attname ORDER BY place)
    FROM unnest({key}) WITH ORDINALITY AS key (number, place)
    JOIN pg_attribute ON attrelid = {table} AND attnum = number)"""
_TABLES = f"""
SELECT coalesce(json_agg(json_build_object(
    'schema', nspname,
    'name', relname,
    'columns', (
        SELECT coalesce(json_agg(json_build_object(
            'name', attname,
            'type', format_type(atttypid, atttypmod),
            'nullable', NOT attnotnull,
            'generated', attgenerated <> ''
        ) ORDER BY attnum), '[]')
        FROM pg_attribute WHERE attrelid = shown.oid AND attnum > 0 AND NOT attisdropped),
    'constraints', (
        SELECT coalesce(json_agg(json_strip_nulls(json_build_object(
            'name', conname,
            'type', CASE contype WHEN 'p' THEN 'primary_key' WHEN 'u' THEN 'unique' ELSE 'foreign_key' END,
            'columns', {_COLUMNS_OF.format(key="conkey", table="conrelid")},
            'referenced_table', CASE WHEN contype = 'f' THEN (
                SELECT json_build_object('schema', nspname, 'table', relname,
                    'columns', {_COLUMNS_OF.format(key="confkey", table="confrelid")})
                FROM pg_class AS other JOIN pg_namespace ON pg_namespace.oid = relnamespace
                WHERE other.oid = confrelid) END
        )) ORDER BY conname), '[]')
        FROM pg_constraint WHERE conrelid = shown.oid AND contype IN ('p', 'u', 'f'))
) ORDER BY nspname, relname), '[]')
FROM pg_class AS shown JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'p') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
""".encode()  # noqa: S608 - put together from the lines above alone
