"""A person looking at the page in a headless browser, and a bot for them to talk to."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from slack_bolt.async_app import AsyncApp

from tests.sandbox.slack.workspace import DANA, OPS, Json, Workspace, connect

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run")  # fmt: skip
DEADLINE_MS = 15_000
AT = 1_771_496_700
"""2026-02-19 10:25:00 UTC: 11:25 in Berlin, 5:25 in the morning in New York."""


@dataclass(frozen=True)
class Visit:
    """A person looking at the page."""

    page: Page
    url: str

    async def go(self, user: str = DANA, channel: str = OPS, **place: str) -> None:
        where = "&".join(f"{key}={value}" for key, value in {"as": user, "channel": channel, **place}.items())
        await self.page.goto(f"{self.url}/#{where}")

    async def say(self, text: str) -> None:
        await self.page.get_by_role("combobox", name="Message").fill(text)
        await self.page.keyboard.press("Enter")

    async def become(self, name: str) -> None:
        await self.page.get_by_role("button", name="You are:").click()
        await self.page.get_by_role("option", name=name).click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def messages(self) -> Locator:
        return self.page.get_by_role("log").get_by_role("article")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """Skips the test, with a reason, where there is no browser."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium or Chrome on PATH")
    expect.set_options(timeout=DEADLINE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        await browser.close()


@asynccontextmanager
async def a_visit(browser: Browser, url: str, width: int = 1280) -> AsyncIterator[Visit]:
    """Ends with the two promises every visit keeps: nothing is fetched from elsewhere, and the console stays clean."""
    context = await browser.new_context(viewport={"width": width, "height": 850}, timezone_id="Asia/Tokyo")
    visit = Visit(await context.new_page(), url)
    requests: list[str] = []
    said: list[tuple[str, str]] = []
    visit.page.set_default_timeout(DEADLINE_MS)
    visit.page.on("request", lambda request: requests.append(request.url))
    visit.page.on("pageerror", lambda error: said.append(("error", str(error))))
    visit.page.on("console", lambda line: said.append((line.type, line.text)))
    try:
        yield visit
    finally:
        await context.close()
    assert [asked for asked in requests if not asked.startswith(f"{url}/")] == []
    assert [line for line in said if line[0] in ("error", "warning")] == []


@asynccontextmanager
async def connected(workspace: Workspace, app: AsyncApp) -> AsyncIterator[None]:
    connection = await connect(workspace, app)
    try:
        yield
    finally:
        await connection.close()


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(text: str, value: str) -> Json:
    return {"text": plain(text), "value": value}


def field(name: str, element: Json) -> Json:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(name),
        "element": {"action_id": "it", **element},
    }
