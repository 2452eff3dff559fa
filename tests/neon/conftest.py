from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from bot.neon.client import NeonClient
from bot.neon.http import Patience
from tests.neon.scripted import T0, ScriptedNeon

KEY = "napi_do_not_show_me"
QUICK = Patience(
    read_answer=5,
    change_answer=5,
    unreachable=0.2,
    rate_limited=0.2,
    busy=0.2,
    settle=0.3,
    lost_answer=0.1,
    first_pause=0.001,
    longest_pause=0.02,
    longest_poll=0.02,
)


@pytest.fixture
def neon() -> ScriptedNeon:
    return ScriptedNeon()


@pytest.fixture
async def client(neon: ScriptedNeon) -> AsyncIterator[NeonClient]:
    """A client whose clock stands at T0 and whose patience is short."""
    async with NeonClient(
        api_key=SecretStr(KEY),
        base_url="http://neon.test/api/v2",
        transport=httpx.MockTransport(neon),
        clock=lambda: T0,
        patience=QUICK,
    ) as opened:
        yield opened
