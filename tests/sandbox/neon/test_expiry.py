"""Expiries that pass: branches and snapshots go by themselves when their time is up (row 24 of neon.md §17)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.sandbox.neon.driver import Driver, ok, refusal

_HOUR_SECONDS = 3600


async def test_a_branch_whose_expiry_has_passed_is_gone_and_listed_as_deleted_by_its_ttl(
    project: Driver,
) -> None:
    branch = (await project.create({"branch": {"name": "b", "expires_at": _in_hours(2)}}))["branch"]["id"]
    other = (await project.create({"branch": {"name": "c", "expires_at": _in_hours(9)}}))["branch"]["id"]
    await project.settings(ahead_seconds=3 * _HOUR_SECONDS)
    await _gone(project, "/branches", branch)
    assert refusal(await project.call("GET", f"/branches/{branch}")) == (404, "", "branch not found")
    listed = (await project.get("/branches", include_deleted="true"))["branches"]
    deleted = {one["id"]: one["recovery"] for one in listed if "recovery" in one}
    assert deleted.keys() == {branch}
    recovery = deleted[branch]
    assert recovery["deletion_method"] == "ttl"
    kept = datetime.fromisoformat(recovery["recoverable_until"]) - datetime.fromisoformat(
        recovery["deleted_at"]
    )
    assert kept == timedelta(days=7)
    assert (await project.branch(other))["expires_at"]


async def test_an_expiry_taken_away_does_not_pass(project: Driver) -> None:
    kept = (await project.create({"branch": {"name": "kept", "expires_at": _in_hours(2)}}))["branch"]["id"]
    gone = (await project.create({"branch": {"name": "gone", "expires_at": _in_hours(2)}}))["branch"]["id"]
    changed = ok(await project.call("PATCH", f"/branches/{kept}", {"branch": {"expires_at": None}}))["branch"]
    assert not {"expires_at", "ttl_interval_seconds"} & changed.keys()
    await project.settings(ahead_seconds=3 * _HOUR_SECONDS)
    await _gone(project, "/branches", gone)
    assert (await project.branch(kept))["name"] == "kept"


async def test_a_snapshot_goes_when_the_expiry_it_was_given_later_has_passed(project: Driver) -> None:
    kept, gone = await _snapshot(project, "kept"), await _snapshot(project, "gone")
    later, never = {"snapshot": {"expires_at": _in_hours(2)}}, {"snapshot": {"expires_at": None}}
    for snapshot in (kept, gone):
        changed = ok(await project.call("PATCH", f"/snapshots/{snapshot}", later))["snapshot"]
        assert changed["expires_at"] == later["snapshot"]["expires_at"]
    renamed = ok(await project.call("PATCH", f"/snapshots/{kept}", {"snapshot": {"name": "renamed"}}))
    assert renamed["snapshot"]["name"] == "renamed" and renamed["snapshot"]["expires_at"]
    changed = ok(await project.call("PATCH", f"/snapshots/{kept}", never))["snapshot"]
    assert "expires_at" not in changed and changed["name"] == "renamed"
    await project.settings(ahead_seconds=3 * _HOUR_SECONDS)
    await _gone(project, "/snapshots", gone)
    (left,) = (await project.get("/snapshots"))["snapshots"]
    assert (left["id"], left["name"]) == (kept, "renamed")


@pytest.mark.parametrize("expiry", ["2020-01-01T00:00:00Z", "2099-12-01", "soon"])
async def test_an_expiry_that_makes_no_sense_is_refused_and_changes_nothing(
    project: Driver, expiry: str
) -> None:
    snapshot = await _snapshot(project, "s")
    body = {"snapshot": {"name": "renamed", "expires_at": expiry}}
    assert refusal(await project.call("PATCH", f"/snapshots/{snapshot}", body))[0] == 400
    (left,) = (await project.get("/snapshots"))["snapshots"]
    assert left["name"] == "s" and "expires_at" not in left


async def test_a_snapshot_cannot_take_the_name_of_another(project: Driver) -> None:
    one, _ = await _snapshot(project, "one"), await _snapshot(project, "two")
    refused = await project.call("PATCH", f"/snapshots/{one}", {"snapshot": {"name": "two"}})
    assert refusal(refused) == (409, "", "snapshot already exists")


async def _snapshot(project: Driver, name: str) -> str:
    answer = ok(await project.call("POST", f"/branches/{project.main}/snapshot", name=name))
    await project.finished(answer)
    snapshot_id: str = answer["snapshot"]["id"]
    return snapshot_id


async def _gone(project: Driver, path: str, gone: str) -> None:
    """Wait until a list no longer shows something."""
    async with asyncio.timeout(20):
        while gone in (await project.call("GET", path)).text:
            await asyncio.sleep(0.02)


def _in_hours(hours: int) -> str:
    return f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"
