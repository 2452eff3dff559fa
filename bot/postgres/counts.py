"""How many rows each table holds, and how far the database has been written.

Counts are exact (`count(*)`) or None: a table this role may not read, whose rows row-level security hides, that is
damaged or did not fit into the time is "cannot tell". Estimates from the statistics are not used: `reltuples` is -1
for a table that was never analysed and keeps its old value after a mass deletion (PostgreSQL documentation, pg_class).
"""

import asyncio
from datetime import datetime

import psycopg
from psycopg import sql

from bot.postgres.session import Connection
from bot.rules.clock import utc
from bot.rules.loss import Counts

TABLES = """
    select n.nspname, c.relname, row_security_active(c.oid)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 1, 2
"""
"""Partitions are counted through their parent; system, temporary and foreign tables are not the user's data here."""


async def count_rows(connection: Connection, *, budget_seconds: float) -> Counts:
    """Rows of every table of this database, by `schema.table`; None for what does not fit into the budget or cannot be
    read, as is to be expected of a table that a restore is asked for.
    """
    deadline = asyncio.get_running_loop().time() + budget_seconds
    found = await (await connection.execute(TABLES)).fetchall()
    counts: dict[str, int | None] = {}
    for schema, table, rows_may_be_hidden in found:
        out_of_time = asyncio.get_running_loop().time() > deadline
        known = not (rows_may_be_hidden or out_of_time)
        counts[f"{schema}.{table}"] = await _count(connection, schema, table) if known else None
    return counts


async def _count(connection: Connection, schema: str, table: str) -> int | None:
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))
    try:
        async with connection.transaction():
            row = await (await connection.execute(query)).fetchone()
    except psycopg.DatabaseError as error:
        if error.sqlstate is None:  # not the server's answer: the connection is gone
            raise
        return None
    assert row is not None
    return int(row[0])


async def write_position(connection: Connection) -> int | None:
    """Bytes of WAL written so far on this branch's timeline; None where the role may not ask."""
    try:
        async with connection.transaction():
            row = await (
                await connection.execute("select (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint")
            ).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return None
    return int(row[0]) if row else None


async def last_commit(connection: Connection) -> datetime | None:
    """When the newest transaction was committed, to the microsecond; None where the server does not keep it: it needs
    `track_commit_timestamp`, which is off by default (PostgreSQL documentation, 19.6), and forgets over some restarts.
    """
    try:
        async with connection.transaction():
            row = await (
                await connection.execute("select timestamp from pg_last_committed_xact()")
            ).fetchone()
    except (psycopg.errors.ObjectNotInPrerequisiteState, psycopg.errors.InsufficientPrivilege):
        return None
    return utc(row[0]) if row and row[0] else None


async def is_writable(connection: Connection) -> bool:
    """Whether the server has left recovery, as a restored branch must have."""
    row = await (await connection.execute("select not pg_is_in_recovery()")).fetchone()
    return bool(row and row[0])
