"""What people do, as a real Bolt app on a real socket gets to hear it."""

import asyncio
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from tests.sandbox.slack.workspace import (
    DANA,
    EVE,
    OLD,
    OMAR,
    OPS,
    SECRET,
    Bot,
    Heard,
    Json,
    Plug,
    Workspace,
    actions,
    button,
    card,
    section,
    until,
)


async def test_a_command_reaches_the_app_with_every_field_slack_sends(
    workspace: Workspace, bot: Bot, heard: Heard
) -> None:
    answer = await workspace.slash("prod to 10:25 UTC")
    assert answer["ok"] is True and 0 < answer["ack_ms"] < 3000
    assert set(answer) == {"ok", "ack_ms"}
    body = heard[0]
    assert body["text"] == "prod to 10:25 UTC"
    assert (body["user_id"], body["user_name"]) == (DANA, "dana")
    assert (body["channel_id"], body["channel_name"]) == (OPS, "ops")
    assert {"team_id", "team_domain", "api_app_id", "response_url", "trigger_id", "token"} < set(body)


async def test_a_command_without_a_connected_app_answers_no_bot(workspace: Workspace) -> None:
    assert await workspace.slash() == {"ok": False, "ack_ms": None, "error": "no_bot"}


async def test_an_app_that_never_acknowledges_is_given_up_after_three_seconds(
    workspace: Workspace, plug: Plug, app: AsyncApp
) -> None:
    @app.command("/restore")
    async def slow(ack: AsyncAck) -> None:
        await asyncio.sleep(3.2)
        await ack()

    await plug(app)
    answer = await workspace.slash()
    assert answer["ok"] is False and answer["error"] == "ack_timeout"
    assert 2990 <= answer["ack_ms"] < 3300


async def test_the_time_to_acknowledge_is_measured(workspace: Workspace, plug: Plug, app: AsyncApp) -> None:
    @app.command("/restore")
    async def brisk(ack: AsyncAck) -> None:
        await asyncio.sleep(0.2)
        await ack()

    await plug(app)
    await workspace.slash()
    answer = await workspace.slash()
    assert 200 <= answer["ack_ms"] < 1000


async def test_words_in_a_commands_acknowledgement_are_seen_by_that_person_alone(
    workspace: Workspace, plug: Plug, app: AsyncApp
) -> None:
    @app.command("/restore")
    async def speak(ack: AsyncAck) -> None:
        await ack("try /restore help")

    await plug(app)
    await workspace.slash()
    [message] = await workspace.messages()
    assert (message["text"], message["ephemeral_to"]) == ("try /restore help", DANA)
    [entry] = await workspace.journal("ack")
    assert (entry["payload"], entry["status"], entry["error"]) == ({"text": "try /restore help"}, 200, None)


async def test_a_commands_acknowledgement_can_speak_to_the_channel(
    workspace: Workspace, plug: Plug, app: AsyncApp
) -> None:
    @app.command("/restore")
    async def speak(ack: AsyncAck) -> None:
        await ack(text="for all", blocks=[section("for all")], response_type="in_channel")

    await plug(app)
    await workspace.slash()
    [message] = await workspace.messages()
    assert "ephemeral_to" not in message and message["blocks"][0]["text"]["text"] == "for all"


async def test_an_acknowledgement_without_a_body_is_not_in_the_journal(
    workspace: Workspace, bot: Bot
) -> None:
    await workspace.slash()
    assert await workspace.journal("ack") == []


async def test_a_click_carries_the_message_the_person_and_the_button(
    workspace: Workspace, bot: Bot, heard: Heard
) -> None:
    ts = await card(workspace, section("sure?"), actions(button("go", "Go", value="req_1"), block_id="b1"))
    answer = await workspace.click(OMAR, ts, "go")
    assert answer["ok"] is True
    body = heard[0]
    assert body["user"] == {
        "id": OMAR,
        "username": "omar",
        "name": "omar",
        "team_id": workspace.slack.team_id,
    }
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": OPS,
        "is_ephemeral": False,
    }
    assert body["channel"] == {"id": OPS, "name": "ops"}
    assert body["message"]["ts"] == ts and body["message"]["user"] == workspace.slack.bot_user_id
    [action] = body["actions"]
    assert (action["action_id"], action["block_id"], action["value"]) == ("go", "b1", "req_1")
    assert action["type"] == "button" and action["action_ts"]


async def test_a_menu_takes_the_value_of_one_of_its_options(
    workspace: Workspace, bot: Bot, heard: Heard
) -> None:
    options = [{"text": {"type": "plain_text", "text": t}, "value": t} for t in ("1h", "4h")]
    ts = await card(
        workspace, section("x", accessory={"type": "overflow", "action_id": "go", "options": options})
    )
    assert (await workspace.click(DANA, ts, "go", value="4h"))["ok"]
    assert heard[0]["actions"][0]["selected_option"] == options[1]
    assert (await workspace.click(DANA, ts, "go", value="9h"))["error"] == "no_such_action"


async def test_a_choice_made_earlier_comes_along_with_the_button(
    workspace: Workspace, bot: Bot, heard: Heard
) -> None:
    options = [{"text": {"type": "plain_text", "text": t}, "value": t} for t in ("1h", "4h")]
    menu = {"type": "static_select", "action_id": "go", "options": options}
    ts = await card(workspace, actions(menu, block_id="b"), actions(button("go"), block_id="c"))
    await workspace.click(DANA, ts, "go", block_id="b", value="4h")
    await workspace.click(DANA, ts, "go", block_id="c")
    assert heard[1]["state"]["values"]["b"]["go"]["selected_option"]["value"] == "4h"


async def test_buttons_that_share_an_action_are_told_apart_by_block_or_value(
    workspace: Workspace, bot: Bot, heard: Heard
) -> None:
    ts = await card(
        workspace,
        actions(button("go", value="a"), block_id="first"),
        actions(button("go", value="b"), block_id="second"),
    )
    await workspace.click(DANA, ts, "go", block_id="second")
    await workspace.click(DANA, ts, "go", value="b")
    assert [body["actions"][0]["value"] for body in heard] == ["b", "b"]


async def test_clicks_on_what_is_not_there_are_refused(workspace: Workspace, bot: Bot) -> None:
    ts = await card(workspace, actions(button("go")))
    assert (await workspace.click(DANA, "1.000001", "go"))["error"] == "no_such_message"
    assert (await workspace.click(DANA, ts, "stop"))["error"] == "no_such_action"
    assert (await workspace.click(DANA, ts, "go", block_id="other"))["error"] == "no_such_action"
    await workspace.api.chat_delete(channel=OPS, ts=ts)
    assert (await workspace.click(DANA, ts, "go"))["error"] == "no_such_message"


async def test_a_person_outside_the_channel_sees_nothing_in_it(workspace: Workspace, bot: Bot) -> None:
    assert (await workspace.slash(user=EVE, channel=SECRET))["error"] == "not_visible"
    assert (await workspace.slash(channel=OLD))["error"] == "not_visible"
    ts = (await workspace.api.chat_postMessage(channel=DANA, text="hi", blocks=[actions(button("go"))]))["ts"]
    assert (await workspace.click(EVE, ts, "go", channel=f"D{DANA[1:]}"))["error"] == "not_visible"


async def test_an_ephemeral_can_be_clicked_by_its_reader_alone_and_comes_without_its_message(
    workspace: Workspace, bot: Bot, heard: Heard
) -> None:
    answer = await workspace.api.chat_postEphemeral(
        channel=OPS, user=DANA, text="x", blocks=[actions(button("go"))]
    )
    ts = answer["message_ts"]
    assert (await workspace.click(OMAR, ts, "go"))["error"] == "not_visible"
    assert (await workspace.click(DANA, ts, "go"))["ok"]
    assert heard[0]["container"]["is_ephemeral"] is True and "message" not in heard[0]


async def test_a_button_shown_to_some_cannot_be_pressed_by_others(workspace: Workspace, bot: Bot) -> None:
    ts = await card(workspace, actions(button("go", visible_to_user_ids=[OMAR])))
    assert (await workspace.click(DANA, ts, "go"))["error"] == "not_visible"
    assert (await workspace.click(OMAR, ts, "go"))["ok"]


async def test_two_people_clicking_at_once_are_both_heard(
    workspace: Workspace, plug: Plug, app: AsyncApp
) -> None:
    together, users = asyncio.Barrier(2), []

    @app.action("go")
    async def pressed(ack: AsyncAck, body: Json) -> None:
        users.append(body["user"]["id"])
        await together.wait()
        await ack()

    await plug(app)
    ts = await card(workspace, actions(button("go")))
    answers = await asyncio.gather(workspace.click(DANA, ts, "go"), workspace.click(OMAR, ts, "go"))
    assert all(answer["ok"] for answer in answers) and set(users) == {DANA, OMAR}


async def test_with_two_sockets_both_are_used_and_every_envelope_is_acknowledged(
    workspace: Workspace, plug: Plug, app: AsyncApp, heard: Heard
) -> None:
    @app.command("/restore")
    async def command(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    bot = await plug(app, 2)
    used = []
    for handler in bot.handlers:

        async def note(_frame: Any, handler: Any = handler) -> None:
            used.append(handler)

        handler.client.on_message_listeners.append(note)
    answers = await asyncio.gather(*(workspace.slash(str(n)) for n in range(10)))
    assert all(answer["ok"] for answer in answers)
    assert sorted(int(body["text"]) for body in heard) == list(range(10))
    assert {id(handler) for handler in used} == {id(handler) for handler in bot.handlers}


async def test_a_reply_to_a_click_can_replace_or_delete_the_message(
    workspace: Workspace, plug: Plug, app: AsyncApp
) -> None:
    @app.action("go")
    async def pressed(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        await respond(text="done", replace_original=True)
        await respond(text="seen by you")
        await respond(text="seen by all", response_type="in_channel")
        await respond(delete_original=True)

    await plug(app)
    ts = await card(workspace, actions(button("go")))
    await workspace.click(DANA, ts, "go")

    async def answers() -> Any:
        return len(await workspace.journal("response_url")) == 4

    await until(answers)
    original, mine, public = await workspace.messages()
    assert (original["text"], original["blocks"], original["deleted"]) == ("done", [], True)
    assert (mine["text"], mine["ephemeral_to"]) == ("seen by you", DANA)
    assert public["text"] == "seen by all" and "ephemeral_to" not in public


async def test_malformed_orders_are_told_what_is_wrong(workspace: Workspace) -> None:
    assert "tab" in (await workspace.post("home", {"user": DANA, "tab": "home"}, status=400))["detail"]
    assert "U0NOBODY" in (await workspace.post("home", {"user": "U0NOBODY"}, status=400))["detail"]
