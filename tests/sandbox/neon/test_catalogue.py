"""Roles and databases made and dropped through the API, seen from SQL."""

from urllib.parse import quote

import psycopg
import pytest

from tests.sandbox.neon.driver import Driver, ok, refusal, scalar, session


def _dsn(project: Driver, role: str, password: str, database: str) -> str:
    place = project.dsn.partition("@")[2].partition("/")[0]
    return f"postgresql://{role}:{quote(password)}@{place}/{database}?sslmode=require"


async def test_a_role_connects_with_its_new_password_and_what_it_leaves_stays(project: Driver) -> None:
    main = f"/branches/{project.main}"
    made = ok(await project.call("POST", main + "/roles", {"role": {"name": "reporter"}}), 201)
    assert [o["action"] for o in made["operations"]] == ["start_compute", "apply_config"]
    await project.finished(made)
    password = made["role"]["password"]
    assert (await project.get(main + "/roles/reporter/reveal_password"))["password"] == password
    dsn = _dsn(project, "reporter", password, "shop")
    async with session(project.dsn) as connection:
        await connection.execute("GRANT CREATE ON SCHEMA public TO reporter")
    async with session(dsn) as connection:
        assert await scalar(connection, "SELECT current_user") == "reporter"
        await connection.execute("CREATE TABLE left_behind AS SELECT 7 AS n")
    again = await project.call("POST", main + "/roles", {"role": {"name": "reporter"}})
    assert refusal(again) == (409, "", "role already exists")

    ended = await project.finished(ok(await project.call("DELETE", main + "/roles/reporter")))
    assert [operation["status"] for operation in ended] == ["finished"]
    with pytest.raises(psycopg.OperationalError):
        async with session(dsn):
            pass
    async with session(project.dsn) as connection:
        assert await scalar(connection, "SELECT n FROM left_behind") == 7
    assert (await project.call("DELETE", main + "/roles/reporter")).status_code == 204
    assert refusal(await project.call("DELETE", main + "/roles/shop_owner"))[0] == 422


async def test_making_a_role_ends_the_sessions_of_the_branch(project: Driver) -> None:
    async with session(project.dsn) as connection:
        assert await scalar(connection, "SELECT 1") == 1
        role = {"role": {"name": "reporter"}}
        await project.finished(ok(await project.call("POST", f"/branches/{project.main}/roles", role), 201))
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT 1")


async def test_a_database_is_made_for_a_role_and_dropped_with_its_sessions(project: Driver) -> None:
    path = f"/branches/{project.main}/databases"
    wanted = {"name": 'odd "name"', "owner_name": "shop_owner"}
    made = ok(await project.call("POST", path, {"database": wanted}), 201)
    await project.finished(made)
    listed = (await project.get(path))["databases"]
    assert {(one["name"], one["owner_name"]) for one in listed} == {
        ("shop", "shop_owner"),
        ('odd "name"', "shop_owner"),
    }
    assert refusal(await project.call("POST", path, {"database": wanted})) == (
        409,
        "",
        "database already exists",
    )
    nobody = {"database": {"name": "d", "owner_name": "nobody"}}
    assert refusal(await project.call("POST", path, nobody)) == (404, "", "role not found")
    dropped = await project.call("DELETE", f"{path}/{quote(wanted['name'])}")
    await project.finished(ok(dropped))
    assert [one["name"] for one in (await project.get(path))["databases"]] == ["shop"]
    assert (await project.call("DELETE", path + "/nothing")).status_code == 204


async def test_a_branch_without_a_compute_executes_nothing(project: Driver) -> None:
    branch = (await project.create())["branch"]["id"]
    refused = await project.call("POST", f"/branches/{branch}/roles", {"role": {"name": "reporter"}})
    assert refusal(refused)[0] == 422
    assert {r["name"] for r in (await project.get(f"/branches/{branch}/roles"))["roles"]} == {"shop_owner"}
