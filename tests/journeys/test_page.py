"""The whole incident by somebody who only looks at the page and presses what it shows, in a new installation."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Locator, expect

from bot.cli.sandbox import bot_in, world
from bot.sandbox.outside import INCIDENTS, PEOPLE, Outside
from tests.sandbox.slack.page.visit import Visit, a_browser, a_visit

IDS = {person.name: person.id for person in PEOPLE}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
async def own_world(browser: Browser) -> AsyncIterator[Outside]:
    """A world in which no backup was taken yet; asked for after the browser, without which nothing is started."""
    async with world() as found, bot_in(found):
        yield found


@pytest.fixture
async def visit(browser: Browser, own_world: Outside) -> AsyncIterator[Visit]:
    async with a_visit(browser, own_world.slack.url) as visit:
        await visit.go(IDS["Dana"], INCIDENTS.id)
        yield visit


def card(visit: Visit, title: str) -> Locator:
    """The newest message under this heading."""
    return visit.messages.filter(has=visit.page.get_by_role("heading", name=title, exact=True)).last


async def break_something(visit: Visit) -> None:
    await visit.button("Break something").click()
    await visit.page.get_by_role("menuitem", name="Delete every order").click()
    await expect(visit.page.get_by_role("status").last).to_contain_text("every order and its items are gone")


async def take_the_suggested_command(visit: Visit) -> None:
    suggested = visit.page.get_by_role("status").get_by_role("button", name="/restore prod to")
    moment = datetime.fromisoformat((await suggested.inner_text()).split()[-1])
    age = datetime.now(UTC) - moment
    await asyncio.sleep(
        max(1.1 - age.total_seconds(), 0)
    )  # a browser presses before there is a second to go back
    await suggested.click()
    await expect(visit.page.get_by_role("combobox", name="Message")).to_be_focused()
    await visit.page.keyboard.press("Enter")
    await expect(card(visit, "Restore prod")).to_contain_text("rows would return")


async def choose_in_place(visit: Visit) -> None:
    await card(visit, "Restore prod").get_by_role("button", name="Restore in place").click()
    await expect(card(visit, "Restore prod")).to_contain_text("Approvals: 0 of 2")


async def open_approval(visit: Visit, name: str, title: str) -> None:
    await visit.become(name)
    await card(visit, title).get_by_role("button", name="Approve").click()
    await expect(visit.dialog.get_by_role("button", name="Approve")).to_be_visible()


async def mistype(visit: Visit) -> None:
    await visit.dialog.get_by_label("Type the target's name").fill("production")
    await visit.dialog.get_by_role("button", name="Approve").click()
    await expect(visit.dialog.get_by_label("Type the target's name")).to_have_attribute(
        "aria-invalid", "true"
    )


async def type_the_name(visit: Visit) -> None:
    await visit.dialog.get_by_label("Type the target's name").fill("prod")
    await visit.page.keyboard.press("Enter")
    await expect(visit.dialog).to_be_hidden()


async def ask_for_undo(visit: Visit) -> None:
    await visit.become("Dana")
    await card(visit, "Restore prod").get_by_role("button", name="Undo").click()
    await expect(card(visit, "Undo the restore of prod")).to_contain_text("Approvals: 0 of 2")


async def back_up(visit: Visit) -> None:
    await visit.become("Dana")
    await visit.messages.get_by_role("button", name="Back up now").click()
    await expect(card(visit, "Backup of prod")).to_contain_text("finished by Neon")
    await expect(card(visit, "Backups of prod are fresh again")).to_contain_text("Resolved")


async def open_home(visit: Visit) -> None:
    await (
        visit.page.get_by_role("navigation").get_by_role("button", name="Safepoint", exact=True).last.click()
    )
    await expect(visit.page.get_by_role("region", name="Home")).to_contain_text("prod: fresh")


async def refused_calls(visit: Visit) -> list[tuple[str, str]]:
    """What Slack said no to, other than "later"."""
    calls = await (await visit.page.request.get(f"{visit.url}/sandbox/journal")).json()
    return [(call["method"], call["error"]) for call in calls if call["error"] not in (None, "ratelimited")]


async def test_the_incident_is_handled_by_pressing_what_the_page_shows(visit: Visit) -> None:
    await break_something(visit)
    await take_the_suggested_command(visit)
    await choose_in_place(visit)

    await open_approval(visit, "Mei", "Restore prod")
    await mistype(visit)
    await expect(card(visit, "Restore prod")).to_contain_text("Approvals: 0 of 2")
    await type_the_name(visit)
    await expect(card(visit, "Restore prod")).to_contain_text("Approvals: 1 of 2, approved by @Mei")
    await expect(visit.messages.last).to_contain_text("It needs 1 approval more.")
    await open_approval(visit, "Ravi", "Restore prod")
    await type_the_name(visit)
    await expect(card(visit, "Restore prod")).to_contain_text("Restored in place and verified")

    await ask_for_undo(visit)
    for name in ("Mei", "Ravi"):
        await open_approval(visit, name, "Undo the restore of prod")
        await type_the_name(visit)
    await expect(card(visit, "Undo the restore of prod")).to_contain_text("Undone and verified")

    await back_up(visit)
    await open_home(visit)
    assert await refused_calls(visit) == []
