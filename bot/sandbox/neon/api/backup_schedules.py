"""A branch's backup schedule, read and replaced (neon.md §7.3). `background.py` takes the snapshots it calls for."""

from typing import Literal

from aiohttp import web
from pydantic import Field

from bot.sandbox.neon import checks
from bot.sandbox.neon.calls import Body, Call, Route, answer
from bot.sandbox.neon.refusals import bad_request, unprocessable
from bot.sandbox.neon.schedules import LONGEST_RETENTION_SECONDS, Backup
from bot.sandbox.neon.shapes import backup_json

_DAYS_IN_WEEK = 7


class _Item(Body):
    """`BackupScheduleItem` without the frequencies Neon has dropped; `month` is taken and ignored."""

    frequency: Literal["daily", "weekly", "monthly"]
    hour: int | None = Field(default=None, ge=0, le=23)
    day: int | None = Field(default=None, ge=1, le=31)
    month: int | None = Field(default=None, ge=1, le=12)
    retention_seconds: int | None = Field(default=None, ge=3600, le=LONGEST_RETENTION_SECONDS)


class BackupSchedule(Body):
    """`BackupSchedule`; an empty one switches scheduled snapshots off."""

    schedule: list[_Item]


async def get_schedule(call: Call) -> web.Response:
    """Empty for a branch without one."""
    return answer({"schedule": [backup_json(backup) for backup in call.branch.schedule]})


async def set_schedule(call: Call) -> web.Response:
    """Replaces all of it. What was due before is not made up for."""
    project, branch = call.project, call.branch
    schedule = tuple(_backup(item) for item in (await call.body(BackupSchedule)).schedule)
    if not project.settings.limits.scheduled_snapshots:
        raise unprocessable("backup schedules are not available on the free plan")
    if not branch.is_root:
        raise unprocessable("backup schedules can only be set on root branches")
    checks.quiet(project)
    branch.schedule, branch.schedule_kept_until = schedule, project.clock
    return answer({})


def _backup(item: _Item) -> Backup:
    """400 unless it says when."""
    if item.hour is None:
        raise bad_request(f"{item.frequency} schedules must specify the hour of the day")
    if item.frequency == "weekly" and (item.day is None or item.day > _DAYS_IN_WEEK):
        raise bad_request("weekly schedules must specify the day of the week, from 1 to 7")
    if item.frequency == "monthly" and item.day is None:
        raise bad_request("monthly schedules must specify the day of the month")
    return Backup(item.frequency, item.hour, item.day, item.retention_seconds)


_SCHEDULE = "/projects/{project_id}/branches/{branch_id}/backup_schedule"
ROUTES: tuple[Route, ...] = (("GET", _SCHEDULE, get_schedule), ("PUT", _SCHEDULE, set_schedule))
