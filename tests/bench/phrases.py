"""How long a phrase takes to be read, and what is read of them.

There is no warm-up: patterns are compiled on import, and the slowest is the first phrase that needs the list of zones.
"""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bot.rules.moment import Named, Read
from commands.when import read
from commands.zone_words import zone_named
from tests.commands.moments import phrases, told


@dataclass(frozen=True, slots=True)
class Phrases:
    milliseconds: tuple[float, ...]
    readable: int
    read: int
    wrong: int

    def rows(self) -> Iterator[tuple[str, str]]:
        yield "phrases", f"{len(self.milliseconds)}"
        yield "wrong instants", f"{self.wrong}"
        yield "readable ones read", f"{self.read / self.readable:.1%} of {self.readable}"
        yield "median", f"{statistics.median(self.milliseconds):.3f} ms"
        yield "slowest, without a warm-up", f"{max(self.milliseconds):.3f} ms"


def phrase_times() -> Phrases:
    """Every phrase of the tests' list once, in the order it is written."""
    every = list(phrases())
    taken, readable, right, wrong = [], 0, 0, 0
    for one in every:
        began = time.perf_counter()
        reading = read(one.text, one.now, zone_named(one.zone))
        taken.append((time.perf_counter() - began) * 1000)
        wanted, got = one.wanted[:2] in {"20", "na"}, isinstance(reading, Read | Named)
        readable += wanted
        right += wanted and told(reading) == one.wanted
        wrong += got and told(reading) != one.wanted
    return Phrases(tuple(taken), readable, right, wrong)
