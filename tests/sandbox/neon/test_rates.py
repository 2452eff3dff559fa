"""The limits on calls: counted on a clock of the test's own, and met over HTTP once they are switched on."""

import asyncio

import pytest

from bot.sandbox.neon.rates import PER_MINUTE, PER_SECOND_AND_ROUTE, RateLimits
from bot.sandbox.neon.refusals import Refusal
from tests.sandbox.neon.driver import Driver


def test_forty_calls_a_second_of_one_route_are_the_most() -> None:
    limits = RateLimits()
    for _ in range(PER_SECOND_AND_ROUTE):
        limits.admit("key", "list", 100.0)
    with pytest.raises(Refusal) as refused:
        limits.admit("key", "list", 100.9)
    assert refused.value.status == 429
    limits.admit("key", "get", 100.9)
    limits.admit("other", "list", 100.9)
    limits.admit("key", "list", 101.0)


def test_seven_hundred_calls_a_minute_are_the_most_of_all_routes() -> None:
    limits = RateLimits()
    for number in range(PER_MINUTE):
        limits.admit("key", f"route-{number}", 100.0)
    with pytest.raises(Refusal):
        limits.admit("key", "another", 159.9)
    limits.admit("key", "another", 160.0)


async def test_a_burst_is_refused_only_where_the_limits_are_switched_on(project: Driver) -> None:
    async def burst() -> set[int]:
        calls = (project.call("GET", "/branches/count") for _ in range(90))
        return {answer.status_code for answer in await asyncio.gather(*calls)}

    assert await burst() == {200}
    await project.settings(rate_limits=True)
    async with asyncio.timeout(30):  # at the latest the 701st call is one too many
        while 429 not in await burst():
            pass
    await project.settings(rate_limits=False)
    assert await burst() == {200}
