"""Backup schedules: what is refused, when snapshots are due, and that they are taken (neon.md §7.3)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.sandbox.neon.schedules import Backup
from tests.sandbox.neon.driver import Driver, numbers, ok, refusal, write

_DAY_SECONDS = 86_400
_FRIDAY_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def test_a_schedule_is_replaced_as_a_whole_and_an_empty_one_switches_it_off(project: Driver) -> None:
    assert await _schedule(project) == []
    schedule = [
        {"frequency": "daily", "hour": 3, "retention_seconds": 604_800},
        {"frequency": "weekly", "day": 7, "hour": 4},
    ]
    assert ok(await _set(project, *schedule)) == {}
    assert await _schedule(project) == schedule
    monthly = {"frequency": "monthly", "day": 31, "hour": 0}
    ok(await _set(project, {**monthly, "month": 2}))
    assert await _schedule(project) == [monthly]
    ok(await _set(project))
    assert await _schedule(project) == []


@pytest.mark.parametrize(
    "item",
    [
        {"frequency": "hourly"},
        {"frequency": "yearly", "hour": 1, "day": 1, "month": 1},
        {"frequency": "daily", "hour": 24},
        {"frequency": "daily", "hour": 1, "retention_seconds": 3599},
        {"frequency": "daily", "hour": 1, "retention_seconds": 3_024_001},
        {"frequency": "weekly", "hour": 1},
        {"frequency": "weekly", "hour": 1, "day": 8},
        {"frequency": "weekly", "day": 1},
        {"frequency": "monthly", "hour": 1},
        {"frequency": "monthly", "hour": 1, "day": 32},
        {"hour": 1},
    ],
)
async def test_an_entry_that_makes_no_sense_is_refused(project: Driver, item: dict[str, Any]) -> None:
    assert refusal(await _set(project, item))[0] == 400
    assert await _schedule(project) == []


async def test_a_daily_schedule_without_an_hour_is_refused_in_neons_words(project: Driver) -> None:
    message = "daily schedules must specify the hour of the day"
    assert refusal(await _set(project, {"frequency": "daily"})) == (400, "", message)


async def test_the_free_plan_and_branches_with_a_parent_have_no_schedule(project: Driver) -> None:
    daily = {"frequency": "daily", "hour": 3}
    child = (await project.create())["branch"]["id"]
    refused = await project.call("PUT", f"/branches/{child}/backup_schedule", {"schedule": [daily]})
    assert refusal(refused)[0] == 422
    await project.settings(plan="free")
    assert refusal(await _set(project, daily))[0] == 422


async def test_a_snapshot_is_taken_when_it_is_due_and_goes_when_its_time_is_up(project: Driver) -> None:
    await write(project.dsn, 1)
    hour = (datetime.now(UTC) - timedelta(hours=1)).hour  # not due for the next 22 hours
    ok(await _set(project, {"frequency": "daily", "hour": hour, "retention_seconds": 86_400}))
    await project.settings(ahead_seconds=_DAY_SECONDS)
    (first,) = await _scheduled(project, 1)
    assert first["source_branch_id"] == project.main and not first["manual"] and first["full_size"] > 0
    expiry = datetime.fromisoformat(first["expires_at"]) - datetime.fromisoformat(first["created_at"])
    assert abs(expiry - timedelta(days=2)) < timedelta(minutes=1)
    await write(project.dsn, 2)
    await project.settings(ahead_seconds=2 * _DAY_SECONDS - 1800)
    second, _ = await _scheduled(project, 2)
    assert second["diff_size"] > 0 and "full_size" not in second
    await project.settings(ahead_seconds=2 * _DAY_SECONDS + 60)
    assert [snapshot["id"] for snapshot in await _scheduled(project, 1)] == [second["id"]]
    await project.quiet()
    restored = ok(await project.call("POST", f"/snapshots/{second['id']}/restore"))
    await project.finished(restored)
    branch_id = restored["branch"]["id"]
    endpoint = {"endpoint": {"branch_id": branch_id, "type": "read_write"}}
    await project.finished(ok(await project.call("POST", "/endpoints", endpoint), 201))
    assert await numbers(await project.uri(branch_id)) == [1, 2]


async def test_the_schedule_moves_with_a_finalized_restore(project: Driver) -> None:
    ok(await _set(project, {"frequency": "monthly", "day": 1, "hour": 3}))
    snapshot = ok(await project.call("POST", f"/branches/{project.main}/snapshot"))
    await project.finished(snapshot)
    path = f"/snapshots/{snapshot['snapshot']['id']}/restore"
    answer = ok(await project.call("POST", path, {"finalize_restore": True}))
    await project.finished(answer)
    assert await _schedule(project) == []
    moved = await project.get(f"/branches/{answer['branch']['id']}/backup_schedule")
    assert moved["schedule"] == [{"frequency": "monthly", "day": 1, "hour": 3}]


@pytest.mark.parametrize(
    ("backup", "due"),
    [
        (Backup("daily", 12), "2026-11-20T12"),
        (Backup("daily", 13), "2026-11-19T13"),
        (Backup("weekly", 12, 5), "2026-11-20T12"),
        (Backup("weekly", 13, 5), "2026-11-13T13"),
        (Backup("weekly", 3, 1), "2026-11-16T03"),
        (Backup("monthly", 12, 20), "2026-11-20T12"),
        (Backup("monthly", 13, 20), "2026-10-20T13"),
        (Backup("monthly", 0, 31), "2026-10-31T00"),
    ],
)
def test_the_latest_moment_a_snapshot_was_due(backup: Backup, due: str) -> None:
    assert f"{backup.last_due(_FRIDAY_NOON):%Y-%m-%dT%H}" == due


def test_the_31st_of_a_short_month_is_its_last_day() -> None:
    assert Backup("monthly", 3, 31).last_due(datetime(2027, 3, 5, tzinfo=UTC)) == datetime(
        2027, 2, 28, 3, tzinfo=UTC
    )


async def _set(project: Driver, *items: dict[str, Any]) -> Any:
    path = f"/branches/{project.main}/backup_schedule"
    return await project.call("PUT", path, {"schedule": list(items)})


async def _schedule(project: Driver) -> Any:
    return (await project.get(f"/branches/{project.main}/backup_schedule"))["schedule"]


async def _scheduled(project: Driver, count: int) -> list[Any]:
    """Wait for so many snapshots, newest first, all of them filled."""
    async with asyncio.timeout(20):
        while True:
            snapshots: list[Any] = (await project.get("/snapshots"))["snapshots"]
            if len(snapshots) == count and all("full_size" in s or "diff_size" in s for s in snapshots):
                return snapshots
            await asyncio.sleep(0.02)
