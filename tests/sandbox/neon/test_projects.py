"""Projects made, paged through and deleted, by the keys that may."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.sandbox.neon import SandboxNeon
from bot.sandbox.neon.shapes import ORGANIZATION_ID
from tests.sandbox.neon.driver import Driver, ok, refusal, scalar, session
from tests.sandbox.neon.openapi import Document


@pytest.fixture
async def account(neon: SandboxNeon, openapi: Document | None) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the organization's key."""
    headers = {"Authorization": f"Bearer {neon.api_key}"}
    async with httpx.AsyncClient(base_url=neon.url, headers=headers, timeout=20) as client:
        if openapi is not None:
            client.event_hooks["response"].append(openapi.judge)
        yield client


async def _made(account: httpx.AsyncClient, **project: Any) -> tuple[Any, Driver]:
    """A new project once its operations have ended."""
    made = ok(await account.post("/projects", json={"project": project}), 201)
    uri = made["connection_uris"][0]["connection_uri"]
    driver = Driver(account, made["project"]["id"], made["branch"]["id"], uri)
    assert made["operations"]
    await driver.finished(made)
    return made, driver


async def test_a_new_project_is_connected_to_protected_and_deleted(account: httpx.AsyncClient) -> None:
    branch = {"name": "production", "database_name": "till"}
    made, driver = await _made(account, name="mine", branch=branch, history_retention_seconds=3600)
    assert made["project"]["history_retention_seconds"] == 3600
    assert (made["branch"]["name"], made["branch"]["default"]) == ("production", True)
    assert [role["name"] for role in made["roles"]] == ["till_owner"]
    async with session(driver.dsn) as connection:
        assert await scalar(connection, "SELECT current_database()") == "till"

    main = f"/branches/{driver.main}"
    ok(await driver.insist("PATCH", main, {"branch": {"protected": True}}))
    assert refusal(await driver.insist("DELETE", ""))[0] == 422
    ok(await driver.insist("PATCH", main, {"branch": {"protected": False}}))
    assert ok(await driver.insist("DELETE", ""))["project"]["id"] == driver.project_id
    assert refusal(await driver.call("GET", "")) == (404, "", "project not found")


async def test_a_project_has_neons_names_unless_told_others(account: httpx.AsyncClient) -> None:
    made, driver = await _made(account)
    assert made["project"]["name"] == made["project"]["id"]
    names = (made["branch"]["name"], made["databases"][0]["name"], made["roles"][0]["name"])
    assert names == ("main", "neondb", "neondb_owner")
    ok(await driver.insist("DELETE", ""))


async def test_projects_are_paged_through_and_the_last_page_has_a_cursor_too(
    neon: SandboxNeon, account: httpx.AsyncClient, project: Driver
) -> None:
    name = f"paged-{project.project_id}"
    ids = [(await neon.new_project(name=name)).project_id for _ in range(3)]
    seen, query = [], {"search": name, "limit": "2"}
    for _ in range(3):
        page = ok(await account.get("/projects", params=query))
        seen.append([one["id"] for one in page["projects"]])
        query["cursor"] = page["pagination"]["cursor"]
    assert seen == [[ids[2], ids[1]], [ids[0]], []]
    for project_id in ids:
        await neon.remove_project(project_id)


async def test_only_keys_of_an_account_make_and_delete_projects(
    neon: SandboxNeon, account: httpx.AsyncClient, project: Driver
) -> None:
    body: Any = {"project": {"name": "mine"}}
    assert refusal(await project.client.post("/projects", json=body))[0] == 403
    assert refusal(await project.call("DELETE", ""))[0] == 403
    personal = {"Authorization": f"Bearer {neon.new_api_key('personal')}"}
    refused = refusal(await account.post("/projects", json=body, headers=personal))
    assert refused[0] == 400 and "org_id is required" in refused[2]
    body["project"]["org_id"] = ORGANIZATION_ID
    made = ok(await account.post("/projects", json=body, headers=personal), 201)
    await neon.remove_project(made["project"]["id"])
