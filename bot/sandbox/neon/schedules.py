"""When a backup schedule calls for a snapshot. Pure: nothing here takes one."""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

LONGEST_RETENTION_SECONDS = 3_024_000


@dataclass(frozen=True, slots=True)
class Backup:
    """One entry of a schedule. `hour` is UTC; `day` counts from Monday = 1 or from the first of the month."""

    frequency: Literal["daily", "weekly", "monthly"]
    hour: int
    day: int | None = None
    retention_seconds: int | None = None

    def last_due(self, at: datetime) -> datetime:
        """The latest moment not after `at` (UTC) at which a snapshot was due."""
        moment = at.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        if moment > at:
            moment -= timedelta(days=1)
        while not self._falls_on(moment):
            moment -= timedelta(days=1)
        return moment

    def expiry(self, at: datetime) -> datetime:
        """When a snapshot taken at `at` is to go."""
        return at + timedelta(seconds=self.retention_seconds or LONGEST_RETENTION_SECONDS)

    def _falls_on(self, day: datetime) -> bool:
        match self.frequency:
            case "daily":
                return True
            case "weekly":
                return day.isoweekday() == self.day
            case "monthly":
                _, last = calendar.monthrange(day.year, day.month)
                return day.day == min(self.day or 1, last)
