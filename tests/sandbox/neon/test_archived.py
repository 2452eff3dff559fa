"""Archived branches: made without a compute, still good to branch from, brought back by a compute (neon.md §5.1)."""

from tests.sandbox.neon.driver import Driver, numbers, ok, refusal, write


async def test_an_archived_branch_is_brought_back_by_a_compute(project: Driver) -> None:
    await write(project.dsn, 1)
    made = (await project.create({"branch": {"archived": True}}))["branch"]
    assert (made["current_state"], made["pending_state"]) == ("init", "archived")
    archived = await project.branch(made["id"])
    assert archived["current_state"] == "archived" and "pending_state" not in archived
    child = {"branch": {"parent_id": made["id"]}, "endpoints": [{"type": "read_write"}]}
    created = await project.create(child)
    assert await numbers(created["connection_uris"][0]["connection_uri"]) == [1]
    assert (await project.branch(made["id"]))["current_state"] == "archived"
    endpoint = {"endpoint": {"branch_id": made["id"], "type": "read_write"}}
    await project.finished(ok(await project.call("POST", "/endpoints", endpoint), 201))
    assert (await project.branch(made["id"]))["current_state"] == "ready"
    assert await numbers(await project.uri(made["id"])) == [1]


async def test_an_archived_branch_has_no_compute_and_no_protection_from_the_start(project: Driver) -> None:
    for body in (
        {"branch": {"archived": True}, "endpoints": [{"type": "read_write"}]},
        {"branch": {"archived": True, "protected": True}},
    ):
        assert refusal(await project.call("POST", "/branches", body))[0] == 400
