"""The freshness watcher: look at every target on a timer. What is fresh, and when to alert, are rules."""

import asyncio
from datetime import timedelta

from bot.work.context import Context
from bot.work.freshness import look


async def run_freshness(context: Context, every: timedelta) -> None:
    """Look at all targets now and after each `every`, one after the other to spare Neon's rate limit."""
    while True:
        for target in context.targets.values():
            await look(context, target)
        await asyncio.sleep(every.total_seconds())
