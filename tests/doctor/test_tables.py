"""What a role can count, as the doctor tells it and as the preview will find it."""

from bot.doctor.neon import judge_access
from bot.postgres.access import Access
from bot.postgres.counts import count_rows
from bot.postgres.session import session
from tests.doctor.worlds import TELLER, WARNING, World


async def test_tables_the_role_may_not_read_are_counted_and_named(changing: World) -> None:
    await changing.sql("create table wages (id int)", f"revoke usage on schema shelf from {TELLER}")
    found = (await changing.findings(changing.as_teller))["prod: row counts"]
    assert found.state is WARNING
    assert found.detail == "2 of 3 may not be read: public.wages, shelf.goods"
    assert "SELECT" in found.hint


async def test_a_table_of_which_one_column_may_be_read_can_be_counted(changing: World) -> None:
    await changing.sql("create table wages (id int, amount int)", f"grant select (id) on wages to {TELLER}")
    found = (await changing.findings(changing.as_teller))["prod: row counts"]
    assert found.detail == "all 3 tables can be counted"


async def test_row_level_security_is_warned_of_where_it_binds_the_role(changing: World) -> None:
    await changing.sql("alter table orders enable row level security")
    found = (await changing.findings(changing.as_teller))["prod: row counts"]
    assert found.state is WARNING
    assert found.detail == "row-level security may hide rows in 1 of 2: public.orders"
    assert (await changing.findings()).not_ok() == {}, "Neon's own role sees every row"


def test_a_database_without_tables_is_warned_of() -> None:
    found = judge_access("prod", Access((), (), ()))
    assert (found.state, found.detail) == (WARNING, "there are no tables")


async def test_the_doctor_and_the_preview_agree_on_what_can_be_counted(changing: World) -> None:
    await changing.sql(
        'create table "Odd ""name" (id int)',
        "create table parts (id int) partition by range (id)",
        "create table parts_1 partition of parts for values from (0) to (9)",
        "create table wages (id int)",
        "create table diary (id int)",
        "alter table diary enable row level security",
        "create view seen as select * from orders",
        f'grant select on "Odd ""name", parts, diary to {TELLER}',
        f"revoke usage on schema shelf from {TELLER}",
    )
    target = changing.as_teller
    async with changing.client() as client:
        place = (target.project, target.branch)
        uri = await client.connection_uri(*place, database=target.database, role=target.role)
    async with session(uri, statement_seconds=5) as connection:
        counts = await count_rows(connection, budget_seconds=5)
    detail = (await changing.findings(target))["prod: row counts"].detail
    uncounted = {table for table, rows in counts.items() if rows is None}
    assert uncounted == {"public.wages", "shelf.goods", "public.diary"}
    assert f"2 of {len(counts)} may not be read: public.wages, shelf.goods" in detail
    assert f"hide rows in 1 of {len(counts)}: public.diary" in detail
