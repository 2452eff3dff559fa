"""What goes wrong on purpose, and how many times still.

Decides which fault, if any, meets a call, an envelope or a socket; the carriers in `dispatch.py`, `links.py` and
`delivery.py` act it out.
"""

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

ON_CALLS = frozenset({"429", "503", "html_524", "delay", "truncate", "cut_before", "cut_after"})
DISCONNECTS = {"refresh": "refresh_requested", "warning": "warning", "link_disabled": "link_disabled"}
"""Faults that end the socket an envelope went over, and the reason the app is given."""

ON_ENVELOPES = frozenset({"duplicate_envelope", *DISCONNECTS})
ON_SOCKETS = frozenset({"silent_socket"})
ALL = ON_CALLS | ON_ENVELOPES | ON_SOCKETS


@dataclass(slots=True)
class Fault:
    """`seconds`: how long a delay or a silence lasts, or what Retry-After says.

    `method` None: any Web API method. Response URLs and the opening of a socket are hit only when they are named:
    `response_url`, `link`.
    """

    id: str
    fault: str
    times: int
    seconds: float | None = None
    method: str | None = None

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "fault": self.fault,
            "times": self.times,
            "seconds": self.seconds,
            "method": self.method,
        }


class Faults:
    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, fault: str, times: int, seconds: float | None, method: str | None) -> Fault:
        added = Fault(f"fault_{next(self._ids)}", fault, times, seconds, method)
        self.waiting.append(added)
        return added

    def take(self, kinds: Collection[str], method: str | None = None) -> Fault | None:
        """The oldest waiting fault of these kinds that fits the method; it counts as used once."""
        return self._take(kinds, (None, method))

    def take_aimed(self, kinds: Collection[str], method: str) -> Fault | None:
        """As `take`, but only a fault that names the method."""
        return self._take(kinds, (method,))

    def _take(self, kinds: Collection[str], methods: Collection[str | None]) -> Fault | None:
        for fault in self.waiting:
            if fault.fault in kinds and fault.method in methods:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        self.waiting.clear()
