"""The page, in a headless browser: what a person reads, clicks and types, against a real Bolt app on a real socket."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.slack.workspace import (
    DANA,
    OMAR,
    OPS,
    Json,
    Workspace,
    actions,
    button,
    connect,
    modal,
    section,
    text_input,
    until,
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run")  # fmt: skip
AT = 1_771_496_700
"""2026-02-19 10:25:00 UTC: 11:25 in Berlin, 5:25 in the morning in New York."""

DATE_TOKENS = {
    "date_num": "2026-02-19",
    "date_slash": "02/19/2026",
    "date_long": "Thursday, February 19th, 2026",
    "date_long_full": "February 19, 2026",
    "date_long_pretty": "Yesterday",
    "date": "February 19th, 2026",
    "date_pretty": "Yesterday",
    "date_short": "Feb 19, 2026",
    "date_short_pretty": "Yesterday",
    "time": "5:25 AM",
    "time_secs": "5:25:00 AM",
    "ago": "1 day ago",
    "day_divider_pretty": "Yesterday",
}
"""As a person in New York reads them a day later."""


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("no Chromium or Chrome on PATH")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        await browser.close()


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
async def a_visit(browser: Browser, url: str, width: int = 1280) -> AsyncIterator[Visit]:
    """Ends with the two promises every visit keeps: nothing is fetched from elsewhere, and the console stays clean."""
    context = await browser.new_context(viewport={"width": width, "height": 850}, timezone_id="Asia/Tokyo")
    visit = Visit(await context.new_page(), url)
    requests: list[str] = []
    said: list[tuple[str, str]] = []
    visit.page.set_default_timeout(5000)
    visit.page.on("request", lambda request: requests.append(request.url))
    visit.page.on("pageerror", lambda error: said.append(("error", str(error))))
    visit.page.on("console", lambda line: said.append((line.type, line.text)))
    yield visit
    await context.close()
    assert [asked for asked in requests if not asked.startswith(f"{url}/")] == []
    assert [line for line in said if line[0] in ("error", "warning")] == []


@pytest.fixture
async def ours(strict: Workspace) -> Workspace:
    """The workspace without Slack's limits, which are not the matter here."""
    await strict.post("settings", {"limits": "off"})
    return strict


@pytest.fixture
async def visit(browser: Browser, ours: Workspace) -> AsyncIterator[Visit]:
    async with a_visit(browser, ours.slack.url) as visit:
        yield visit


@asynccontextmanager
async def connected(workspace: Workspace, app: AsyncApp) -> AsyncIterator[None]:
    connection = await connect(workspace, app)
    try:
        yield
    finally:
        await connection.close()


@pytest.fixture
async def bot(ours: Workspace) -> AsyncIterator[AsyncApp]:
    """A bot with one card, one form, one Home tab; it answers `/restore nonsense` to the person alone."""
    app = AsyncApp(client=ours.api, signing_secret=ours.slack.signing_secret)

    @app.command("/restore")
    async def restore(ack: AsyncAck, body: Json, client: AsyncWebClient, respond: AsyncRespond) -> None:
        await ack()
        if body["text"] == "nonsense":
            await respond(":x: I do not know *nonsense*")
            return
        date = f"<!date^{AT}^{{date_num}} {{time_secs}}|then>"
        await client.chat_postMessage(
            channel=body["channel_id"],
            text="a card",
            blocks=[section(f"Restore to {date} & <@{OMAR}>"), actions(button("ask", "Restore in place"))],
        )

    @app.action("ask")
    async def ask(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        view = modal(text_input("name"), callback_id="approve", private_metadata=body["message"]["ts"])
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("approve")
    async def approve(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        view = body["view"]
        if view["state"]["values"]["name"]["typed"]["value"] != "prod":
            await ack(response_action="errors", errors={"name": "That is another name."})
            return
        await ack()
        ts = view["private_metadata"]
        await client.chat_update(
            channel=OPS, ts=ts, text="approved", blocks=[section(":white_check_mark: Approved")]
        )
        await client.chat_postMessage(channel=OPS, thread_ts=ts, text="The first detail")

    @app.event("app_home_opened")
    async def home(event: Json, client: AsyncWebClient) -> None:
        await client.views_publish(
            user_id=event["user"], view={"type": "home", "blocks": [section("All is *fresh*")]}
        )

    async with connected(ours, app):
        yield app


async def test_a_person_types_a_command_clicks_and_fills_in_a_form(visit: Visit, bot: AsyncApp) -> None:
    await visit.go()
    box = visit.page.get_by_role("combobox", name="Message")
    await box.press_sequentially("/res")
    await expect(visit.page.get_by_role("option", name="/restore")).to_contain_text("prod to 10:25")
    await box.press("Tab")
    await expect(box).to_have_value("/restore ")
    await box.press_sequentially("prod to 10:25 UTC")
    await box.press("Enter")

    await expect(visit.messages).to_contain_text("Restore to 2026-02-19 11:25:00 & @Omar")
    await visit.button("Restore in place").click()
    name = visit.dialog.get_by_label("Name")
    await expect(name).to_be_focused()
    await visit.button("Go").click()
    await expect(visit.dialog).to_contain_text("Please complete this required field.")
    await name.fill("staging")
    await visit.button("Go").click()
    await expect(visit.dialog).to_contain_text("That is another name.")
    await expect(name).to_have_value("staging")
    await expect(name).to_be_focused()
    await name.fill("prod")
    await name.press("Enter")

    await expect(visit.dialog).to_be_hidden()
    await expect(visit.messages).to_contain_text("Approved(edited)")
    await expect(visit.messages.get_by_role("img", name=":white_check_mark:")).to_be_visible()


async def test_an_ephemeral_is_seen_by_its_person_alone(visit: Visit, bot: AsyncApp) -> None:
    await visit.go()
    await visit.say("/restore nonsense")
    await expect(visit.messages).to_contain_text("Only visible to you")
    await expect(visit.messages.get_by_text("nonsense")).to_have_css("font-weight", "700")
    await visit.become("Omar")
    await expect(visit.page.get_by_role("button", name="You are:")).to_contain_text(
        "Omar (approver, America/New_York)"
    )
    await expect(visit.messages).to_have_count(0)
    await visit.become("Dana")
    await expect(visit.messages).to_have_count(1)


async def test_a_thread_opens_beside_its_channel_and_escape_closes_it(visit: Visit, ours: Workspace) -> None:
    parent = await ours.api.chat_postMessage(channel=OPS, text="Backup is stale")
    for words in ("one detail", "another detail"):
        await ours.api.chat_postMessage(channel=OPS, thread_ts=parent["ts"], text=words)
    await visit.go()
    await expect(visit.messages).to_have_count(1)
    replies = visit.page.get_by_role("button", name="2 replies")
    await replies.click()
    thread = visit.page.get_by_role("region", name="Thread")
    await expect(thread.get_by_role("article")).to_contain_text(
        ["Backup is stale", "one detail", "another detail"]
    )
    await ours.api.chat_postMessage(channel=OPS, thread_ts=parent["ts"], text="the last detail")
    await expect(thread).to_contain_text("3 replies")
    await visit.page.keyboard.press("Escape")
    await expect(thread).to_be_hidden()
    await expect(visit.page.get_by_role("button", name="3 replies")).to_be_focused()


async def test_home_shows_what_the_bot_publishes_for_the_person(visit: Visit, bot: AsyncApp) -> None:
    await visit.go()
    await visit.page.get_by_role("navigation").get_by_role("button", name="safe").click()
    await expect(visit.page.get_by_role("region", name="Home")).to_have_text("All is fresh")


async def test_a_modal_closes_with_escape_and_gives_the_focus_back(
    visit: Visit, ours: Workspace, bot: AsyncApp
) -> None:
    await visit.go()
    await visit.say("/restore prod")
    opener = visit.button("Restore in place")
    await opener.press("Enter")
    await expect(visit.dialog).to_be_visible()
    await visit.page.keyboard.press("Escape")
    await expect(visit.dialog).to_be_hidden()
    await expect(opener).to_be_focused()

    async def is_closed() -> bool:
        return not (await ours.get("state"))["views"]

    await until(is_closed)


async def test_a_button_waits_for_its_answer_and_is_not_sent_twice(visit: Visit, ours: Workspace) -> None:
    app = AsyncApp(client=ours.api, signing_secret=ours.slack.signing_secret)
    heard: list[Json] = []
    may_answer = asyncio.Event()

    @app.action("slow")
    async def slow(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await may_answer.wait()
        await ack()

    async with connected(ours, app):
        card = [actions(button("slow", "Back up now"))]
        await ours.api.chat_postMessage(channel=OPS, text="card", blocks=card)
        await visit.go()
        pressed = visit.button("Back up now")
        await pressed.click()
        await expect(pressed).to_be_disabled()
        await pressed.dispatch_event("click")
        may_answer.set()
        await expect(pressed).to_be_enabled()
        assert len(heard) == 1


async def test_a_command_without_a_bot_says_so_and_keeps_the_words(visit: Visit) -> None:
    await visit.go()
    await visit.say("/restore prod to 10:25 UTC")
    await expect(visit.page.get_by_role("status").filter(has_text="did not respond")).to_contain_text(
        "no_bot"
    )
    await expect(visit.page.get_by_role("combobox")).to_have_value("/restore prod to 10:25 UTC")


async def test_what_a_bot_writes_never_becomes_markup_of_the_page(visit: Visit, ours: Workspace) -> None:
    wicked = (
        '<img src=x onerror=alert(1)> &lt;b&gt; <javascript:alert(1)|press me> "><script>alert(1)</script>'
    )
    await ours.api.chat_postMessage(channel=OPS, text=wicked)
    await ours.api.chat_postMessage(channel=OPS, text="x", blocks=[section(wicked)])
    await ours.api.chat_postMessage(channel=OPS, text="x", blocks=[{"type": "markdown", "text": wicked}])
    await visit.go()
    await expect(visit.messages).to_have_count(3)
    await expect(visit.messages.first).to_contain_text("<b>")
    await expect(visit.messages.locator("img, script, b, a")).to_have_count(0)


async def test_a_picture_from_elsewhere_is_named_and_not_fetched(visit: Visit, ours: Workspace) -> None:
    image = {"type": "image", "image_url": "https://pictures.example/chart.png", "alt_text": "Restore times"}
    await ours.api.chat_postMessage(channel=OPS, text="x", blocks=[image])
    await visit.go()
    await expect(visit.messages).to_contain_text("Picture not loaded: Restore times")


async def test_a_person_reads_dates_in_their_own_zone(visit: Visit, ours: Workspace) -> None:
    text = f"at <!date^{AT}^{{date_short}} {{time}}|then>"
    await ours.api.chat_postMessage(channel=OPS, text=text)
    await visit.go(DANA)
    await expect(visit.messages).to_contain_text("at Feb 19, 2026 11:25")
    await visit.become("Omar")
    await expect(visit.messages).to_contain_text("at Feb 19, 2026 5:25 AM")


async def test_every_date_token_is_known(visit: Visit) -> None:
    await visit.go()
    format_all = """async ([at, tokens]) => {
        const { formatDate } = await import("/page/dates.js");
        return tokens.map((token) => formatDate(at, `{${token}}`, "America/New_York", at + 86400));
    }"""
    assert await visit.page.evaluate(format_all, [AT, list(DATE_TOKENS)]) == list(DATE_TOKENS.values())


async def test_at_phone_width_the_sidebar_is_behind_a_button(browser: Browser, ours: Workspace) -> None:
    async with a_visit(browser, ours.slack.url, width=390) as visit:
        await visit.go()
        elsewhere = visit.page.get_by_role("button", name="elsewhere")
        await expect(elsewhere).to_be_hidden()
        await visit.button("Channels and people").click()
        await elsewhere.click()
        await expect(visit.page.get_by_role("heading", level=1)).to_have_text("#elsewhere")
        await expect(elsewhere).to_be_hidden()
        assert await visit.page.evaluate("document.documentElement.scrollWidth") == 390


async def test_the_theme_can_be_turned_and_is_remembered(visit: Visit) -> None:
    await visit.go()
    await visit.button("Use the dark theme").click()
    await expect(visit.page.locator("body")).to_have_css("background-color", "rgb(26, 28, 32)")
    await visit.page.reload()
    await expect(visit.button("Use the light theme")).to_be_visible()
