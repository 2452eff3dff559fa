from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.database import Sql
from store.memory import Store
from tests.builders import T0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store whose clock stands at T0."""
    opened = await Store.open(tmp_path / "store.db", lambda: T0)
    yield opened
    await opened.close()


@pytest.fixture
async def sql(tmp_path: Path) -> AsyncIterator[Sql]:
    opened = await Sql.open(tmp_path / "store.db")
    yield opened
    await opened.close()
