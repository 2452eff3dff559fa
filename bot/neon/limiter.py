"""Staying under Neon's rate limits: 700 calls a minute per account, 40 a second per route.

Arithmetic only: a meter says how long to wait before the next call, and somebody else does the waiting. Limits are
per account at Neon, so two bots on one account can still meet a 429, which `bot.neon.http` waits out.
Source: https://neon.com/docs/reference/api/getting-started, rate limiting.
"""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Meter:
    """`burst` calls at once, then `per_second`; in t seconds never more than burst + t * per_second."""

    per_second: float
    burst: int
    _paid_until: float = float("-inf")

    def take(self, now: float) -> float:
        """Book one call and return the seconds to wait before making it; `now` on any steady clock."""
        start = max(self._paid_until, now)
        self._paid_until = start + 1 / self.per_second
        return max(start - (self.burst - 1) / self.per_second - now, 0.0)


@dataclass(slots=True)
class Limiter:
    """One per API key. A route is a method and the fixed parts of a path, so there are few of them."""

    account: Meter = field(default_factory=lambda: Meter(per_second=10, burst=100))
    routes: defaultdict[str, Meter] = field(
        default_factory=lambda: defaultdict(lambda: Meter(per_second=20, burst=20))
    )

    def take(self, route: str, now: float) -> float:
        """The seconds to wait before calling `route`; the call is counted as made then."""
        return max(self.account.take(now), self.routes[route].take(now))
