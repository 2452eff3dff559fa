"""Counting in a real database, also in one that is damaged: that is when people ask for a restore."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from pydantic import SecretStr

from bot.postgres.counts import count_rows, last_commit
from bot.postgres.session import LIVENESS_SECONDS, session
from bot.sandbox.neon import SandboxNeon, SeededProject


@pytest.fixture(scope="module")
async def database(neon: SandboxNeon) -> AsyncIterator[SeededProject]:
    seeded = await neon.new_project(name="counts")
    yield seeded
    await neon.remove_project(seeded.project_id)


async def test_a_damaged_table_cannot_be_told_and_the_others_are_counted_all_the_same(
    neon: SandboxNeon, database: SeededProject
) -> None:
    async with await psycopg.AsyncConnection.connect(database.dsn, autocommit=True) as connection:
        await connection.execute("create table damaged as select 1 as id")
        await connection.execute("create table sound as select generate_series(1, 3) as id")
        found = await (await connection.execute("select pg_relation_filepath('damaged')")).fetchone()
    assert found is not None
    store = neon.world.projects[database.project_id].default_branch.store
    assert store is not None
    (store.data / found[0]).unlink()
    async with session(SecretStr(database.dsn), statement_seconds=5) as looking:
        counts = await count_rows(looking, budget_seconds=5)
    assert (counts["public.damaged"], counts["public.sound"]) == (None, 3)


async def test_a_session_notices_a_peer_that_has_vanished(database: SeededProject) -> None:
    async with session(SecretStr(database.dsn), statement_seconds=5) as connection:
        settings = connection.info.get_parameters()
    assert int(settings["tcp_user_timeout"]) == LIVENESS_SECONDS * 1000
    noticed = int(settings["keepalives_idle"]) + int(settings["keepalives_interval"]) * int(
        settings["keepalives_count"]
    )
    assert noticed == LIVENESS_SECONDS


async def test_the_last_commit_is_told_where_the_server_keeps_it_and_else_not(
    database: SeededProject,
) -> None:
    async with session(SecretStr(database.dsn), statement_seconds=5) as connection:
        row = await (await connection.execute("select current_setting('track_commit_timestamp')")).fetchone()
        assert row == ("off",)
        assert await last_commit(connection) is None
        row = await (await connection.execute("select 1")).fetchone()  # the connection is still good
        assert row == (1,)
