"""The list of everything the app said to Slack, for whoever wants to check it. Never holds a token."""

from datetime import UTC, datetime
from typing import Any

from bot.sandbox.slack.passes import Clock

Json = dict[str, Any]


class Journal:
    """Entries `{at, method, payload, status, error}`: `at` ISO 8601 in UTC, `status` the HTTP status, or null where the
    answer was withheld by a fault, `error` Slack's word or null."""

    def __init__(self, clock: Clock) -> None:
        self.entries: list[Json] = []
        self._clock = clock

    def add(self, method: str, payload: Json, status: int | None, error: str | None) -> None:
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        shown = {key: value for key, value in payload.items() if key != "token"}
        self.entries.append({"at": at, "method": method, "payload": shown, "status": status, "error": error})
