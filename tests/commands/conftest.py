from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commands.desk import Desk
from store.memory import Store
from tests.builders import PROD, T0, TARGET


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk for `prod` with an empty store, at T0."""
    store = await Store.open(tmp_path / "store.db", lambda: T0)
    yield Desk(store, {PROD: TARGET}, lambda: T0)
    await store.close()
