"""One browser for all, a visit for each: skipped with a reason where there is no browser."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.sandbox.slack.page.visit import DEADLINE_MS, Visit, a_visit
from tests.sandbox.slack.workspace import Workspace

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run")  # fmt: skip


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium or Chrome on PATH")
    expect.set_options(timeout=DEADLINE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        await browser.close()


@pytest.fixture
async def ours(strict: Workspace) -> Workspace:
    """The workspace without Slack's limits, which are not the matter here."""
    await strict.post("settings", {"limits": "off"})
    return strict


@pytest.fixture
async def visit(browser: Browser, ours: Workspace) -> AsyncIterator[Visit]:
    async with a_visit(browser, ours.slack.url) as visit:
        yield visit
