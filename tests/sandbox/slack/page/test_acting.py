"""What a person does on the page, against a real Bolt app on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
from playwright.async_api import Browser, expect
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.slack.conftest import a_workspace
from tests.sandbox.slack.page.visit import AT, Visit, a_visit, connected, field, option, plain
from tests.sandbox.slack.workspace import (
    DANA,
    OMAR,
    OPS,
    Json,
    Workspace,
    actions,
    button,
    modal,
    section,
    text_input,
    until,
)


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


async def test_a_reply_to_the_channel_as_well_leads_to_its_thread(visit: Visit, ours: Workspace) -> None:
    parent = (await ours.api.chat_postMessage(channel=OPS, text="Backup is stale"))["ts"]
    await ours.api.chat_postMessage(channel=OPS, thread_ts=parent, text="worse now", reply_broadcast=True)
    await ours.api.chat_postMessage(channel=OPS, thread_ts=parent, text="a detail")
    await visit.go()
    await expect(visit.messages).to_have_count(2)
    await expect(visit.messages.last).to_contain_text("worse now")
    await visit.messages.last.get_by_role("button", name="a thread").click()
    await expect(visit.page.get_by_role("region", name="Thread")).to_contain_text("a detail")


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


async def test_a_risky_button_asks_first_and_escape_means_no(visit: Visit, ours: Workspace) -> None:
    app = AsyncApp(client=ours.api, signing_secret=ours.slack.signing_secret)
    heard: list[str] = []

    @app.action("drop")
    async def drop(ack: AsyncAck, action: Json) -> None:
        heard.append(action["value"])
        await ack()

    question = {
        "title": plain("Really?"),
        "text": plain("It is gone then."),
        "confirm": plain("Drop it"),
        "deny": plain("Keep"),
    }
    async with connected(ours, app):
        card = [actions(button("drop", "Drop", value="copy", confirm=question))]
        await ours.api.chat_postMessage(channel=OPS, text="card", blocks=card)
        await visit.go()
        question_box = visit.page.get_by_role("alertdialog", name="Really?")
        for say_no in (partial(visit.page.keyboard.press, "Escape"), visit.button("Keep").click):
            await visit.button("Drop").click()
            await expect(question_box).to_contain_text("It is gone then.")
            await say_no()
            await expect(question_box).to_be_hidden()
            await expect(visit.button("Drop")).to_be_focused()
        await visit.button("Drop").click()
        await visit.button("Drop it").click()

        async def was_heard() -> bool:
            return heard == ["copy"]

        await until(was_heard)


async def test_a_pushed_view_lies_on_top_until_it_is_closed(visit: Visit, ours: Workspace) -> None:
    app = AsyncApp(client=ours.api, signing_secret=ours.slack.signing_secret)
    first = modal(text_input("name"), actions(button("more", "Details"), block_id="buttons"))
    second = {**modal(section("The details"), submit=None), "title": plain("Details")}

    @app.command("/restore")
    async def restore(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=first)

    @app.action("more")
    async def more(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_push(trigger_id=body["trigger_id"], view=second)

    async with connected(ours, app):
        await visit.go()
        await visit.say("/restore prod")
        await visit.dialog.get_by_label("Name").fill("half typed")
        await visit.dialog.get_by_role("button", name="Details").click()
        await expect(visit.dialog).to_contain_text("The details")
        await visit.button("Back").click()
        await expect(visit.dialog.get_by_label("Name")).to_have_value("half typed")
        await visit.dialog.get_by_role("button", name="Details").click()
        await expect(visit.dialog).to_contain_text("The details")
        await visit.dialog.get_by_role("button", name="Close", exact=True).first.click()
        await expect(visit.dialog).to_be_hidden()

        async def are_closed() -> bool:
            return not (await ours.get("state"))["views"]

        await until(are_closed)


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


async def test_a_menu_is_worked_with_the_keyboard(visit: Visit, ours: Workspace) -> None:
    app = AsyncApp(client=ours.api, signing_secret=ours.slack.signing_secret)
    picked: list[str] = []

    @app.action("snooze")
    async def snooze(ack: AsyncAck, action: Json) -> None:
        picked.append(action["selected_option"]["value"])
        await ack()

    menu = {"type": "static_select", "action_id": "snooze", "placeholder": plain("Snooze"),
            "options": [option("1 hour", "1h"), option("4 hours", "4h"), option("Tomorrow", "1d")]}  # fmt: skip
    async with connected(ours, app):
        await ours.api.chat_postMessage(channel=OPS, text="card", blocks=[actions(menu)])
        await visit.go()
        await visit.button("Snooze").press("Enter")
        await expect(visit.page.get_by_role("option", name="1 hour")).to_be_focused()
        for key in ("ArrowDown", "t", "ArrowUp", "Enter"):
            await visit.page.keyboard.press(key)
        await expect(visit.messages).to_contain_text("4 hours")
        await expect(visit.page.get_by_role("listbox", name="Snooze")).to_have_count(0)
        await visit.messages.get_by_role("button").press("Enter")
        await visit.page.keyboard.press("Escape")
        await expect(visit.messages.get_by_role("button")).to_be_focused()
    assert picked == ["4h"]


async def test_every_kind_of_field_arrives_as_it_was_filled_in(visit: Visit, ours: Workspace) -> None:
    app = AsyncApp(client=ours.api, signing_secret=ours.slack.signing_secret)
    arrived: list[Json] = []
    choices = {"options": [option("Standard", "standard"), option("Full", "full")]}
    form = modal(
        field("level", {"type": "static_select", **choices}),
        field("kind", {"type": "radio_buttons", **choices}),
        field("seen", {"type": "checkboxes", **choices}),
        field("who", {"type": "multi_users_select", "max_selected_items": 2}),
        field("day", {"type": "datepicker"}),
        field("hour", {"type": "timepicker"}),
        field("start", {"type": "datetimepicker"}),
        field("rows", {"type": "number_input", "is_decimal_allowed": False}),
        field("why", {"type": "plain_text_input", "multiline": True}),
        callback_id="form",
    )

    @app.command("/restore")
    async def restore(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=form)

    @app.view("form")
    async def take(ack: AsyncAck, view: Json) -> None:
        arrived.append({block: state["it"] for block, state in view["state"]["values"].items()})
        await ack()

    async with connected(ours, app):
        await visit.go()
        await visit.say("/restore prod")
        dialog = visit.dialog
        await dialog.get_by_label("level").click()
        await visit.page.get_by_role("option", name="Full").click()
        await dialog.get_by_role("radiogroup", name="kind").get_by_label("Standard").check()
        await dialog.get_by_role("group", name="seen").get_by_label("Full").check()
        await dialog.get_by_label("who").click()
        await visit.page.get_by_role("option", name="Dana").click()
        await visit.page.get_by_role("option", name="Omar").click()
        await visit.page.get_by_role("option", name="Eve").click()  # one too many
        await visit.page.keyboard.press("Escape")
        await dialog.get_by_label("day").fill("2026-02-19")
        await dialog.get_by_label("hour").fill("10:25")
        await dialog.get_by_label("start").fill("2026-02-19T11:25")
        await dialog.get_by_label("rows").fill("many")
        await dialog.get_by_label("why").fill("a bad\ndeploy")
        await visit.button("Go").click()
        await expect(dialog).to_contain_text("Please enter a whole number.")
        await dialog.get_by_label("rows").fill("1200")
        await visit.button("Go").click()
        await expect(dialog).to_be_hidden()

    [values] = arrived
    assert values["level"]["selected_option"]["value"] == "full"
    assert values["kind"]["selected_option"]["value"] == "standard"
    assert [chosen["value"] for chosen in values["seen"]["selected_options"]] == ["full"]
    assert values["who"]["selected_users"] == [DANA, OMAR]
    assert (values["day"]["selected_date"], values["hour"]["selected_time"]) == ("2026-02-19", "10:25")
    assert values["start"]["selected_date_time"] == AT
    assert (values["rows"]["value"], values["why"]["value"]) == ("1200", "a bad\ndeploy")


async def test_a_hint_puts_its_command_into_the_composer(browser: Browser) -> None:
    about = {"hints": ["Try: /restore prod to 10:25 UTC"]}
    async with a_workspace(about=about) as workspace, a_visit(browser, workspace.slack.url) as visit:
        await visit.go()
        await visit.button("/restore prod to 10:25 UTC").click()
        await expect(visit.page.get_by_role("combobox")).to_have_value("/restore prod to 10:25 UTC")
