"""One browser for all, a visit for each: skipped with a reason where there is no browser."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.sandbox.slack.page.visit import Visit, a_browser, a_visit
from tests.sandbox.slack.workspace import Workspace


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as browser:
        yield browser


@pytest.fixture
async def ours(strict: Workspace) -> Workspace:
    """The workspace without Slack's limits, which are not the matter here."""
    await strict.post("settings", {"limits": "off"})
    return strict


@pytest.fixture
async def visit(browser: Browser, ours: Workspace) -> AsyncIterator[Visit]:
    async with a_visit(browser, ours.slack.url) as visit:
        yield visit
