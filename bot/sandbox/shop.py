"""A small shop: a database worth losing, a writer that never stops, and accidents to have.

The writer goes on through dropped connections and missing tables, as an application would.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

WRITE_EVERY_SECONDS = 0.5
CONNECT_SECONDS = 5

_TABLES = """
    create table customers (
        id bigint generated always as identity primary key,
        name text not null,
        email text not null unique,
        joined_at timestamptz not null default now()
    );
    create table products (
        id bigint generated always as identity primary key,
        title text not null,
        price_cents integer not null
    );
    create table orders (
        id bigint generated always as identity primary key,
        customer_id bigint not null references customers,
        placed_at timestamptz not null default now()
    );
    create table order_items (
        order_id bigint not null references orders on delete cascade,
        product_id bigint not null references products,
        quantity integer not null,
        primary key (order_id, product_id)
    );
"""
_GOODS = """
    insert into customers (name, email)
        select 'Customer ' || n, 'customer' || n || '@shop.example' from generate_series(1, 400) n;
    insert into products (title, price_cents)
        select 'Product ' || n, 500 + n * 35 from generate_series(1, 60) n;
    insert into orders (customer_id, placed_at)
        select 1 + n % 400, now() - make_interval(mins => 1200 - n) from generate_series(1, 1200) n;
    insert into order_items (order_id, product_id, quantity)
        select o.id, 1 + (o.id * 7 + p) % 60, 1 + p % 3 from orders o, generate_series(1, 3) p;
"""


@dataclass(frozen=True, slots=True)
class Accident:
    label: str
    statement: str
    hint: str


ACCIDENTS: Mapping[str, Accident] = {
    "delete_orders": Accident(
        "Delete every order", "delete from orders", "every order and its items are gone"
    ),
    "truncate_items": Accident("Truncate order_items", "truncate order_items", "no order has any items left"),
    "drop_products": Accident(
        "Drop the products table", "drop table products cascade", "the products table is gone"
    ),
}


async def have_accident(dsn: str, accident: Accident) -> datetime:
    """Do it, and tell the server's time just before, UTC."""
    async with await _connect(dsn) as connection:
        row = await (await connection.execute("select clock_timestamp()")).fetchone()
        await connection.execute(accident.statement.encode())
    assert row is not None
    before: datetime = row[0]
    return before.astimezone(UTC)


@asynccontextmanager
async def shop(dsn: str) -> AsyncIterator[None]:
    """Stock the database behind `dsn` and write an order twice a second until the block is left."""
    async with await _connect(dsn) as connection:
        await connection.execute(_TABLES.encode())
        await connection.execute(_GOODS.encode())
        await connection.execute("analyze")
    writer = asyncio.create_task(_write_steadily(dsn))
    try:
        yield
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)


async def _write_steadily(dsn: str) -> None:
    while True:
        with contextlib.suppress(psycopg.Error):  # dropped by a restore, or an accident took its tables
            async with await _connect(dsn) as connection:
                while True:
                    await _place_order(connection)
                    await asyncio.sleep(WRITE_EVERY_SECONDS)
        await asyncio.sleep(WRITE_EVERY_SECONDS)


async def _place_order(connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
    async with connection.transaction():
        row = await (
            await connection.execute(
                "insert into orders (customer_id) values (%s) returning id",
                [random.randint(1, 400)],  # noqa: S311
            )
        ).fetchone()
        assert row is not None
        await connection.execute(
            "insert into order_items (order_id, product_id, quantity) values (%s, %s, 1)",
            [row[0], random.randint(1, 60)],  # noqa: S311 - goods in a toy shop
        )


async def _connect(dsn: str) -> psycopg.AsyncConnection[tuple[Any, ...]]:
    return await psycopg.AsyncConnection.connect(dsn, autocommit=True, connect_timeout=CONNECT_SECONDS)
