"""What the page shows of what an app posted: blocks, dates in the reader's zone, files, and nothing that could harm."""

import base64

from playwright.async_api import Browser, expect

from tests.sandbox.slack.conftest import a_workspace
from tests.sandbox.slack.page.visit import AT, Visit, a_visit, plain
from tests.sandbox.slack.workspace import DANA, OMAR, OPS, SHARED, Json, Workspace, button, section

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
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


async def test_every_block_has_a_drawing(visit: Visit, ours: Workspace) -> None:
    def raw(text: str) -> Json:
        return {"type": "raw_text", "text": text}

    def rich(text: str) -> Json:
        element = {"type": "text", "text": text, "style": {"bold": True}}
        return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [element]}]}

    task = {
        "type": "task_card",
        "task_id": "1",
        "title": "Restoring",
        "status": "in_progress",
        "details": rich("detail"),
    }
    rows = [
        [raw("table"), raw("rows")],
        *([raw(f"t{n}"), {"type": "raw_number", "value": n, "text": str(n)}] for n in range(7)),
    ]
    folded = {"type": "container", "title": plain("Hazards"), "is_collapsible": True, "default_collapsed": True,
              "child_blocks": [section("inside")]}  # fmt: skip
    blocks: list[Json] = [
        {"type": "header", "text": plain("A header")},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*a field*"}]},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "a _context_"}]},
        {"type": "markdown", "text": "# Title\n\n- **bold** item"},
        {"type": "alert", "level": "warning", "text": {"type": "mrkdwn", "text": "an alert"}},
        {
            "type": "card",
            "title": {"type": "mrkdwn", "text": "A card"},
            "actions": [button("x", "Card button")],
        },
        {"type": "plan", "title": "A plan", "tasks": [task]},
        {"type": "table", "rows": rows},
        rich("rich"),
        folded,
    ]
    await ours.api.chat_postMessage(channel=OPS, text="everything", blocks=blocks)
    await visit.go()
    shown = visit.messages
    await expect(shown).to_contain_text("A header")
    for words in ("a field", "a context", "bold item", "an alert", "A card", "A plan", "Restoring", "rich"):
        await expect(shown.get_by_text(words)).to_be_visible()
    await expect(shown.locator(".unknown")).to_have_count(0)
    await expect(shown.get_by_text("inside")).to_be_hidden()
    await shown.get_by_text("Hazards").click()
    await expect(shown.get_by_text("inside")).to_be_visible()
    await expect(shown.get_by_role("columnheader")).to_have_text(["table", "rows"])
    await expect(shown.get_by_role("row").last).to_have_text("t66")


async def test_a_file_is_named_and_a_picture_of_ours_is_shown(browser: Browser) -> None:
    async with a_workspace() as workspace, a_visit(browser, workspace.slack.url) as visit:
        await workspace.api.files_upload_v2(channel=OPS, filename="loss.csv", content="table,rows")
        await workspace.api.files_upload_v2(channel=OPS, filename="chart.png", content=PIXEL)
        await visit.go()
        await expect(visit.messages.get_by_role("link", name="loss.csv")).to_be_visible()
        picture = visit.messages.get_by_role("img", name="chart.png")
        await expect(picture).to_have_js_property("naturalWidth", 1)


async def test_a_permalink_leads_to_its_message(visit: Visit, ours: Workspace) -> None:
    posted = [await ours.api.chat_postMessage(channel=OPS, text=f"line {number}") for number in range(40)]
    link = await ours.api.chat_getPermalink(channel=OPS, message_ts=posted[2]["ts"])
    await visit.page.goto(link["permalink"])
    await expect(visit.page.get_by_text("line 2", exact=True)).to_be_in_viewport()
    await expect(visit.page.get_by_text("line 39")).not_to_be_in_viewport()


async def test_words_to_a_person_are_counted_beside_their_channel(visit: Visit, ours: Workspace) -> None:
    await visit.go(channel=SHARED)
    channel = visit.page.get_by_role("navigation").get_by_role("button", name="ops")
    await expect(channel).to_have_text("#ops")
    await ours.api.chat_postMessage(channel=OPS, text=f"<@{DANA}> should look")
    await ours.api.chat_postMessage(channel=OPS, text="nobody is named here")
    await ours.api.chat_postEphemeral(channel=OPS, user=OMAR, text=f"<@{DANA}> must not see this")
    await expect(channel).to_have_css("font-weight", "700")
    await expect(channel.get_by_label("1 for you")).to_be_visible()
    await channel.click()
    await expect(channel).to_have_text("#ops")


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


async def test_at_phone_width_a_wide_listing_moves_inside_its_card(browser: Browser, ours: Workspace) -> None:
    listing = section(f"```{'table':<20}{'now':>20}{'restored':>20}\n{'orders':<20}{9:>20}{1224:>20}```")
    await ours.api.chat_postMessage(channel=OPS, text="x", blocks=[listing])
    async with a_visit(browser, ours.slack.url, width=390) as visit:
        await visit.go()
        drawn = visit.messages.locator("pre")
        box = await drawn.bounding_box()
        assert box is not None and box["x"] + box["width"] < 390
        assert await drawn.evaluate("pre => pre.scrollWidth > pre.clientWidth")


async def test_the_theme_can_be_turned_and_is_remembered(visit: Visit) -> None:
    await visit.go()
    await visit.button("Use the dark theme").click()
    await expect(visit.page.locator("body")).to_have_css("background-color", "rgb(26, 28, 32)")
    await visit.page.reload()
    await expect(visit.button("Use the light theme")).to_be_visible()


async def test_news_below_what_a_person_reads_offers_a_way_down(visit: Visit, ours: Workspace) -> None:
    for number in range(40):
        await ours.api.chat_postMessage(channel=OPS, text=f"line {number}")
    await visit.go()
    await expect(visit.page.get_by_text("line 39")).to_be_in_viewport()
    await visit.page.get_by_text("line 3", exact=True).scroll_into_view_if_needed()
    await ours.api.chat_postMessage(channel=OPS, text="the news")
    await visit.page.get_by_role("button", name="New messages").click()
    await expect(visit.page.get_by_text("the news")).to_be_in_viewport()
    await expect(visit.page.get_by_role("button", name="New messages")).to_be_hidden()
