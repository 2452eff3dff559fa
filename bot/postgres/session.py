"""Short read-only sessions in a target's database.

Decides how long to wait for a compute to start and turns every driver error into our own family. A connection string
comes in as a secret and goes nowhere but to the driver: driver messages that could quote it are dropped.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg.rows import TupleRow
from pydantic import SecretStr

from bot.errors import Kind, Unavailable

Connection = psycopg.AsyncConnection[TupleRow]

CONNECT_SECONDS = 10
START_PATIENCE_SECONDS = 30.0
"""A suspended compute starts within a few seconds; a branch fresh from a restore may refuse connections meanwhile."""
START_PAUSE_SECONDS = 0.25
LIVENESS_SECONDS = 25
"""A peer that vanished is noticed after this long (the system's default is two hours): a run that waits for it holds
its branch, and no statement's time limit helps, since the server keeps those."""


@asynccontextmanager
async def session(uri: SecretStr, *, statement_seconds: float) -> AsyncIterator[Connection]:
    """One read-only, repeatable-read transaction on a fresh connection; every statement has a time limit.

    Raises Unavailable(DATABASE_UNREACHABLE) when no connection can be had or it is lost on the way.
    """
    connection = await _connect(uri)
    try:
        async with connection.transaction():
            limit = f"{int(statement_seconds * 1000)}ms"
            await connection.execute("set transaction isolation level repeatable read, read only")
            await connection.execute("select set_config('statement_timeout', %s, true)", [limit])
            yield connection
    except psycopg.OperationalError as error:
        raise _unreachable(error) from None
    finally:
        await connection.close()


async def _connect(uri: SecretStr) -> Connection:
    deadline = asyncio.get_running_loop().time() + START_PATIENCE_SECONDS
    while True:
        try:
            return await psycopg.AsyncConnection.connect(
                uri.get_secret_value(),
                connect_timeout=CONNECT_SECONDS,
                application_name="safepoint",
                keepalives_idle=10,
                keepalives_interval=5,
                keepalives_count=3,
                tcp_user_timeout=LIVENESS_SECONDS * 1000,
            )
        except psycopg.OperationalError as error:
            if _is_final(error) or asyncio.get_running_loop().time() > deadline:
                raise _unreachable(error) from None
            await asyncio.sleep(START_PAUSE_SECONDS)


def _is_final(error: psycopg.OperationalError) -> bool:
    """Waiting helps against a compute that is starting, not against a wrong password or a missing database."""
    return isinstance(error, psycopg.errors.InvalidPassword | psycopg.errors.InvalidCatalogName) or any(
        words in str(error) for words in ("authentication failed", "does not exist")
    )


def _unreachable(error: psycopg.OperationalError) -> Unavailable:
    words = str(error)
    why = next(
        (why for sign, why in _REASONS if sign in words),
        type(error).__name__,
    )
    return Unavailable(Kind.DATABASE_UNREACHABLE, why=why)


_REASONS = (
    ("authentication failed", "the role's password was refused"),
    ("does not exist", "the database or role is not there"),
    ("compute time quota", "the account's compute time is used up"),
    ("refused", "the connection was refused"),
    ("timeout", "it did not answer in time"),
    ("closed", "the connection was closed"),
)
"""What a driver message tells, without quoting it: it may hold host names, roles and parts of the connection string."""
