from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr

from bot.neon.client import NeonClient
from bot.neon.http import Patience
from tests.neon.scripted import T0, ScriptedNeon

KEY = "napi_do_not_show_me"
QUICK = Patience(first_pause=0.001, longest_pause=0.02, longest_poll=0.02)
HASTY = replace(
    QUICK, unreachable=0.04, rate_limited=0.04, busy=0.04, settle=0.04, lost_answer=0.04, longest_poll=0.01
)


@pytest.fixture
def script() -> ScriptedNeon:
    return ScriptedNeon()


@pytest.fixture
async def client(script: ScriptedNeon) -> AsyncIterator[NeonClient]:
    """Pauses shortly, and waits as long as the real one."""
    async with client_of(script, QUICK) as opened:
        yield opened


@pytest.fixture
async def hasty(script: ScriptedNeon) -> AsyncIterator[NeonClient]:
    """Loses its patience at once."""
    async with client_of(script, HASTY) as opened:
        yield opened


def client_of(script: ScriptedNeon, patience: Patience) -> NeonClient:
    """A client whose clock stands at T0."""
    return NeonClient(
        api_key=SecretStr(KEY),
        base_url="http://neon.test/api/v2",
        transport=httpx.MockTransport(script),
        clock=lambda: T0,
        patience=patience,
    )
