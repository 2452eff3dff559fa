"""Requests that nobody decided in time expire by themselves, so that an old card cannot start anything."""

import asyncio

from bot.rules.request import Request, Stage, expire
from bot.work.context import Context

EVERY_SECONDS = 5.0


async def run_expiry(context: Context) -> None:
    while True:
        await expire_overdue(context)
        await asyncio.sleep(EVERY_SECONDS)


async def expire_overdue(context: Context) -> None:
    now = context.now()

    def transition(request: Request) -> Request:
        return expire(request, now)

    for request in await context.store.requests_in(Stage.CHOOSING, Stage.APPROVING, Stage.APPROVED):
        await context.store.requests.change(request.id, transition)
