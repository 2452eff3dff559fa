"""How often an app may call: tiers per method, one message a second per channel, a ceiling for the workspace.

Slack promises "1+ a minute" and the like and tolerates short bursts of messages without saying how short; assumed here:
exactly the tier's number in any 60 s, three messages at once per channel, 300 a minute over all channels.
"""

import math
from collections import deque

from bot.sandbox.slack.passes import Clock

MESSAGES_AT_ONCE = 3
MESSAGES_PER_MINUTE = 300


class Rates:
    """`wait_for_…` says how many whole seconds the caller must wait; 0 counts the call and lets it pass."""

    def __init__(self, clock: Clock) -> None:
        self.is_real = True
        self._clock = clock
        self._calls: dict[str, deque[float]] = {}
        self._room: dict[str, tuple[float, float]] = {}

    def wait_for_call(self, method: str, per_minute: int | None) -> int:
        if per_minute is None or not self.is_real:
            return 0
        now = self._clock()
        calls = self._calls.setdefault(method, deque())
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= per_minute:
            return max(1, math.ceil(calls[0] + 60 - now))
        calls.append(now)
        return 0

    def wait_for_message(self, channel: str) -> int:
        if not self.is_real:
            return 0
        now = self._clock()
        room, since = self._room.get(channel, (float(MESSAGES_AT_ONCE), now))
        room = min(float(MESSAGES_AT_ONCE), room + now - since)
        if room < 1:
            self._room[channel] = (room, now)
            return max(1, math.ceil(1 - room))
        wait = self.wait_for_call("a message to any channel", MESSAGES_PER_MINUTE)
        self._room[channel] = (room if wait else room - 1, now)
        return wait
