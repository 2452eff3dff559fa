"""Branches and restores as of an instant, checked against real commits."""

from datetime import timedelta

from bot.sandbox.neon import SandboxNeon
from tests.sandbox.neon.driver import Driver, numbers, scalar, session, write


async def test_a_branch_at_a_past_instant_holds_what_was_committed_before_it(project: Driver) -> None:
    instant = await write(project.dsn, 1, 2)
    await write(project.dsn, 3)
    created = await project.create_at(instant)
    assert await numbers(created["connection_uris"][0]["connection_uri"]) == [1, 2]
    assert await numbers(project.dsn) == [1, 2, 3]


async def test_a_commit_at_exactly_the_instant_is_left_out_and_a_microsecond_later_it_is_in(
    neon: SandboxNeon, project: Driver
) -> None:
    await _keep_commit_times(neon, project)
    await write(project.dsn, 1, 2)
    async with session(project.dsn) as connection:
        exactly = await scalar(connection, "SELECT pg_xact_commit_timestamp(xmin) FROM events WHERE n = 2")
    at = await project.create_at(exactly)
    after = await project.create_at(exactly + timedelta(microseconds=1))
    assert await numbers(at["connection_uris"][0]["connection_uri"]) == [1]
    assert await numbers(after["connection_uris"][0]["connection_uri"]) == [1, 2]


async def test_rows_of_the_same_second_but_after_its_millisecond_are_absent(project: Driver) -> None:
    instant = await write(project.dsn, 1)
    cut = instant.replace(microsecond=instant.microsecond // 1000 * 1000) + timedelta(milliseconds=1)
    async with session(project.dsn) as connection:
        while await scalar(connection, "SELECT clock_timestamp()") < cut:
            pass
    await write(project.dsn, 2)
    created = await project.create_at(cut)
    assert await numbers(created["connection_uris"][0]["connection_uri"]) == [1]


async def test_the_head_of_a_branch_is_everything_committed_and_nothing_in_flight(project: Driver) -> None:
    await write(project.dsn, 1)
    async with session(project.dsn) as connection, connection.transaction():
        await connection.execute("INSERT INTO events VALUES (2)")
        created = await project.create({"endpoints": [{"type": "read_write"}]})
    assert await numbers(created["connection_uris"][0]["connection_uri"]) == [1]


async def _keep_commit_times(neon: SandboxNeon, project: Driver) -> None:
    """Have PostgreSQL remember when each transaction was committed; Neon does not, so the sandbox does not either."""
    server = await neon.world.projects[project.project_id].default_branch.data.start()
    async with server.connect() as connection:
        await connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    await neon.world.projects[project.project_id].default_branch.data.stop()
