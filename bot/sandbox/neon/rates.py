"""How many calls a key may make: 700 a minute, and 40 a second of one route (neon.md §3.4)."""

from collections import defaultdict, deque

from bot.sandbox.neon.refusals import Refusal

PER_MINUTE, PER_SECOND_AND_ROUTE = 700, 40


class RateLimits:
    """The calls of the last minute. `at` is any clock's seconds that only go forward."""

    def __init__(self) -> None:
        self._calls: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def admit(self, key: str, route: str, at: float) -> None:
        """Count a call. Raises the 429 of one too many, which does not count itself."""
        minute, second = self._calls[key, ""], self._calls[key, route]
        _forget(minute, at - 60)
        _forget(second, at - 1)
        if len(minute) >= PER_MINUTE or len(second) >= PER_SECOND_AND_ROUTE:
            raise Refusal(429, "too many requests")
        minute.append(at)
        second.append(at)


def _forget(calls: deque[float], until: float) -> None:
    while calls and calls[0] <= until:
        calls.popleft()
