"""How long Slack waits for an ack while commands keep coming at a steady rate, whether or not earlier ones are done."""

import asyncio
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from bot.cli.guide import Guide


@dataclass(frozen=True, slots=True)
class Acks:
    milliseconds: tuple[float, ...]

    def rows(self) -> Iterator[tuple[str, str]]:
        cuts = statistics.quantiles(self.milliseconds, n=100)
        yield "commands", f"{len(self.milliseconds)}"
        yield "p50", f"{cuts[49]:.1f} ms"
        yield "p99", f"{cuts[98]:.1f} ms"
        yield "slowest", f"{max(self.milliseconds):.1f} ms"


async def ack_latency(guide: Guide, per_second: int, seconds: int) -> Acks:
    """Help and typos in turn: the whole way of a command without loading the sandbox's PostgreSQL."""
    person, loop = guide.named("Kofi"), asyncio.get_running_loop()
    began = loop.time()

    async def one(number: int) -> float:
        await asyncio.sleep(max(began + number / per_second - loop.time(), 0))
        answer = await guide.type(person, "/restore", "help" if number % 2 else "prdo to 10:25 UTC")
        return float(answer["ack_ms"])

    return Acks(tuple(await asyncio.gather(*(one(number) for number in range(per_second * seconds)))))
