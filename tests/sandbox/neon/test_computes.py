"""Computes and the door in front of them: TLS, passwords, waking, suspending, cancelling."""

import asyncio
from datetime import timedelta

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bot.sandbox.neon import SandboxNeon
from bot.sandbox.neon.instants import now
from tests.sandbox.neon.driver import Driver, numbers, ok, refusal, scalar, session, write


async def test_a_wrong_password_is_refused(project: Driver) -> None:
    with pytest.raises(
        psycopg.OperationalError, match='password authentication failed for user "shop_owner"'
    ):
        async with session(make_conninfo(project.dsn, password="guessed")):
            pass


async def test_an_unknown_role_is_refused_like_a_wrong_password(project: Driver) -> None:
    for name in ("nobody", "cloud_admin"):
        with pytest.raises(
            psycopg.OperationalError, match=f'password authentication failed for user "{name}"'
        ):
            async with session(make_conninfo(project.dsn, user=name)):
                pass


async def test_an_unencrypted_connection_is_refused(project: Driver) -> None:
    plain = make_conninfo(project.dsn, sslmode="disable", channel_binding="prefer")
    with pytest.raises(psycopg.OperationalError, match="connection is insecure"):
        async with session(plain):
            pass


@pytest.mark.parametrize("binding", ["require", "prefer", "disable"])
async def test_passwords_are_checked_with_and_without_channel_binding(project: Driver, binding: str) -> None:
    async with session(make_conninfo(project.dsn, channel_binding=binding)) as connection:
        assert await scalar(connection, "SELECT current_user") == "shop_owner"


async def test_the_role_is_an_owner_but_no_superuser(project: Driver) -> None:
    async with session(project.dsn) as connection:
        assert await scalar(connection, "SHOW is_superuser") == "off"
        assert await scalar(connection, "SELECT pg_has_role('neon_superuser', 'member')")
        await connection.execute("CREATE ROLE reader LOGIN PASSWORD 'secret-of-its-own'")
        await connection.execute("CREATE DATABASE second")


async def test_roles_and_databases_made_in_sql_are_listed_and_their_password_works(project: Driver) -> None:
    async with session(project.dsn) as connection:
        await connection.execute("CREATE ROLE reader LOGIN PASSWORD 'secret-of-its-own'")
        await connection.execute("CREATE DATABASE second")
    roles = (await project.get(f"/branches/{project.main}/roles"))["roles"]
    databases = (await project.get(f"/branches/{project.main}/databases"))["databases"]
    assert [role["name"] for role in roles] == ["reader", "shop_owner"]
    assert [database["name"] for database in databases] == ["shop", "second"]
    hidden = await project.call("GET", f"/branches/{project.main}/roles/reader/reveal_password")
    assert hidden.status_code == 404
    reader = make_conninfo(project.dsn, user="reader", password="secret-of-its-own", dbname="second")
    async with session(reader) as connection:
        assert await scalar(connection, "SELECT current_database()") == "second"


async def test_a_password_is_revealed_and_reset(project: Driver) -> None:
    path = f"/branches/{project.main}/roles/shop_owner"
    old = (await project.get(path + "/reveal_password"))["password"]
    assert old == conninfo_to_dict(project.dsn)["password"]
    answer = ok(await project.call("POST", path + "/reset_password"))
    await project.finished(answer)
    new = answer["role"]["password"]
    assert new != old and (await project.get(path + "/reveal_password"))["password"] == new
    with pytest.raises(psycopg.OperationalError):
        async with session(project.dsn):
            pass
    async with session(make_conninfo(project.dsn, password=new)) as connection:
        assert await scalar(connection, "SELECT 1") == 1


async def test_the_compute_of_a_new_project_starts_when_first_connected_to(
    neon: SandboxNeon, project: Driver
) -> None:
    store = neon.world.projects[project.project_id].default_branch.data
    assert store.server is None
    assert (await project.get("/endpoints"))["endpoints"][0]["current_state"] == "idle"
    child = await project.create({"endpoints": [{"type": "read_write"}]})
    for dsn in (project.dsn, child["connection_uris"][0]["connection_uri"]):
        await write(dsn, 1)
        assert await numbers(dsn) == [1]


async def test_a_suspended_compute_wakes_when_connected_to(neon: SandboxNeon, project: Driver) -> None:
    await write(project.dsn, 1)
    (endpoint,) = (await project.get("/endpoints"))["endpoints"]
    store = neon.world.projects[project.project_id].default_branch.data
    await project.finished(ok(await project.call("POST", f"/endpoints/{endpoint['id']}/suspend")))
    assert (await project.get("/endpoints"))["endpoints"][0]["current_state"] == "idle"
    assert store.server is None
    assert await numbers(project.dsn) == [1]
    woken = (await project.get(f"/endpoints/{endpoint['id']}"))["endpoint"]
    assert woken["current_state"] == "active" and woken["host"] == endpoint["host"]
    newest = (await project.get("/operations"))["operations"][0]
    assert (newest["action"], newest["status"]) == ("start_compute", "finished")


async def test_a_compute_is_suspended_when_idle_but_not_while_a_query_runs(
    neon: SandboxNeon, project: Driver
) -> None:
    async with session(project.dsn) as connection:
        (endpoint,) = neon.world.projects[project.project_id].endpoints.values()
        await connection.execute("SELECT pg_sleep(0)")
        sleeping = asyncio.create_task(connection.execute("SELECT pg_sleep(1.5)"))
        while endpoint.current_state == "active":
            endpoint.proxy.last_active = now() - timedelta(seconds=301)
            await asyncio.sleep(0.05)
        assert sleeping.done() and not sleeping.exception()
        await project.quiet()
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT 1")


async def test_the_suspend_timeout_is_not_to_be_chosen_on_the_free_plan(project: Driver) -> None:
    await project.settings(plan="free")
    chosen = {"endpoints": [{"type": "read_write", "suspend_timeout_seconds": 300}]}
    assert (await project.call("POST", "/branches", chosen)).status_code == 412


async def test_several_sessions_wake_a_compute_once(project: Driver) -> None:
    await write(project.dsn, 1)
    (endpoint,) = (await project.get("/endpoints"))["endpoints"]
    await project.finished(ok(await project.call("POST", f"/endpoints/{endpoint['id']}/suspend")))
    assert await asyncio.gather(*(numbers(project.dsn) for _ in range(5))) == [[1]] * 5
    actions = [o["action"] for o in (await project.get("/operations"))["operations"]]
    assert actions == ["start_compute", "suspend_compute", "start_compute"]


async def test_a_compute_killed_from_outside_recovers_on_the_next_connection(
    neon: SandboxNeon, project: Driver
) -> None:
    await write(project.dsn, 1)
    server = neon.world.projects[project.project_id].default_branch.data.server
    assert server is not None
    server.process.kill()
    await server.process.wait()
    async with asyncio.timeout(10):
        while True:
            try:
                assert await numbers(project.dsn) == [1]
                break
            except psycopg.OperationalError:  # its orphaned children may take a moment to go
                await asyncio.sleep(0.05)


async def test_a_running_query_can_be_cancelled(project: Driver) -> None:
    async with session(project.dsn) as connection:
        sleeping = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
        async with session(project.dsn) as other:
            while not await scalar(
                other,
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(60)' AND state = 'active'",
            ):
                pass
        await connection.cancel_safe(timeout=10)
        with pytest.raises(psycopg.errors.QueryCanceled):
            await sleeping


async def test_large_results_and_large_loads_go_through_unharmed(project: Driver) -> None:
    block = "x" * 1_000_000
    async with session(project.dsn) as connection:
        await connection.execute("CREATE TABLE big (t text)")
        async with connection.cursor() as cursor:
            async with cursor.copy("COPY big FROM STDIN") as copy:
                for _ in range(30):
                    await copy.write_row((block,))
            await cursor.execute("SELECT t FROM big")
            assert [len(text) for (text,) in await cursor.fetchall()] == [1_000_000] * 30


async def test_a_second_read_write_compute_is_refused_and_a_deleted_one_is_gone(project: Driver) -> None:
    body = {"endpoint": {"branch_id": project.main, "type": "read_write"}}
    assert refusal(await project.call("POST", "/endpoints", body))[0] == 409
    (endpoint,) = (await project.get("/endpoints"))["endpoints"]
    await project.finished(ok(await project.call("DELETE", f"/endpoints/{endpoint['id']}")))
    assert (await project.call("DELETE", f"/endpoints/{endpoint['id']}")).status_code == 204
    with pytest.raises(psycopg.OperationalError):
        async with session(project.dsn):
            pass
    await project.finished(ok(await project.call("POST", "/endpoints", body), 201))
    async with session(await project.uri(project.main)) as connection:
        assert await scalar(connection, "SELECT 1") == 1


async def test_a_read_only_compute_reads_and_does_not_write(project: Driver) -> None:
    await write(project.dsn, 1)
    body = {"endpoint": {"branch_id": project.main, "type": "read_only"}}
    answer = ok(await project.call("POST", "/endpoints", body), 201)
    await project.finished(answer)
    _, _, port = answer["endpoint"]["host"].rpartition(":")
    replica = make_conninfo(project.dsn, port=port)
    assert await numbers(replica) == [1]
    async with session(replica) as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await connection.execute("DELETE FROM events")


async def test_the_host_of_an_endpoint_is_where_its_connection_string_leads(project: Driver) -> None:
    (endpoint,) = (await project.get(f"/branches/{project.main}/endpoints"))["endpoints"]
    parts = conninfo_to_dict(project.dsn)
    assert endpoint["host"] == f"{parts['host']}:{parts['port']}"
    query = {"database_name": "shop", "role_name": "shop_owner"}
    assert (await project.get("/connection_uri", **query))["uri"] == project.dsn
    assert (await project.get("/connection_uri", pooled="true", **query))["uri"] == project.dsn
    for wrong in ({"role_name": "x"}, {"database_name": "x"}):
        assert (await project.call("GET", "/connection_uri", **(query | wrong))).status_code == 404
