"""Every kind of answer held against Neon's own OpenAPI document."""

import pytest

from bot.sandbox.neon import SandboxNeon
from tests.sandbox.neon.driver import Driver, ok, write
from tests.sandbox.neon.openapi import VARIABLE, Document


async def test_answers_are_as_neons_openapi_document_says(
    neon: SandboxNeon, project: Driver, openapi: Document | None
) -> None:
    if openapi is None:
        pytest.skip(f"{VARIABLE} does not name Neon's OpenAPI document")
    instant = await write(project.dsn, 1)
    created = await project.create_at(instant, name="past")
    branch, endpoint = created["branch"]["id"], created["endpoints"][0]["id"]
    main = f"/branches/{project.main}"
    body = {
        "source_branch_id": project.main,
        "source_timestamp": instant.isoformat(),
        "preserve_under_name": "kept",
    }
    await project.restore(project.main, body)
    await project.quiet()
    snapshot = ok(await project.call("POST", main + "/snapshot", name="s"))
    await project.finished(snapshot)
    for path in (
        *(
            "",
            "/branches",
            "/branches/count",
            main,
            main + "/endpoints",
            main + "/roles",
            main + "/databases",
        ),
        *(main + "/roles/shop_owner", main + "/roles/shop_owner/reveal_password", main + "/databases/shop"),
        *("/endpoints", f"/endpoints/{endpoint}", "/operations", "/snapshots"),
    ):
        await project.get(path)
    await project.get("/branches", include_deleted="true")
    for method, path, change in (
        ("PATCH", "", {"project": {"history_retention_seconds": 3600}}),
        ("PATCH", f"/branches/{branch}", {"branch": {"name": "renamed"}}),
        ("POST", f"/branches/{branch}/set_as_default", None),
        ("POST", main + "/set_as_default", None),
        ("POST", main + "/roles/shop_owner/reset_password", None),
        ("POST", f"/endpoints/{endpoint}/suspend", None),
        ("POST", f"/endpoints/{endpoint}/start", None),
        ("PATCH", f"/snapshots/{snapshot['snapshot']['id']}", {"snapshot": {"name": "t"}}),
        ("DELETE", f"/snapshots/{snapshot['snapshot']['id']}", None),
        ("DELETE", f"/endpoints/{endpoint}", None),
        ("DELETE", f"/branches/{branch}", None),
        ("POST", "/branches", {"branch": {"name": "main"}}),
    ):
        answer = await project.call(method, path, change)
        await project.finished({"operations": []} | answer.json())
    personal = {"Authorization": f"Bearer {neon.new_api_key('personal')}"}
    for path in ("/auth", "/users/me", "/users/me/organizations", "/projects/shared"):
        ok(await project.client.get(path, headers=personal))
    ok(await project.client.get("/projects"))
    assert len(openapi.judged) >= 34
