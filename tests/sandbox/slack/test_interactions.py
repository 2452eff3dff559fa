"""What people do, as a real Bolt app on a real socket gets to hear it."""

import asyncio
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.slack.workspace import (
    DANA,
    EVE,
    OLD,
    OMAR,
    OPS,
    SECRET,
    Bot,
    Json,
    Plug,
    Workspace,
    actions,
    button,
    modal,
    section,
    text_input,
    until,
)


class Heard(list[Json]):
    """The bodies a listener received."""


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def bot(plug: Plug, app: AsyncApp, heard: Heard) -> Bot:
    """Acknowledges commands, clicks and submissions, and remembers their bodies."""

    @app.command("/restore")
    @app.action("go")
    @app.view("")
    @app.event("app_home_opened")
    async def remember(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    return await plug(app)


async def card(workspace: Workspace, *blocks: Json, channel: str = OPS) -> str:
    answer = await workspace.api.chat_postMessage(channel=channel, text="card", blocks=list(blocks))
    ts: str = answer["ts"]
    return ts


async def open_modal(workspace: Workspace, heard: Heard, view: Json, user: str = DANA) -> Json:
    await workspace.slash(user=user)
    answer = await workspace.api.views_open(trigger_id=heard[-1]["trigger_id"], view=view)
    opened: Json = answer["view"]
    return opened


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


async def test_a_modal_opens_for_the_person_who_triggered_it_and_closes_on_submit(
    workspace: Workspace, bot: Bot, heard: Heard
) -> None:
    view = await open_modal(workspace, heard, modal(text_input("name"), private_metadata="req_1"))
    [shown] = (await workspace.get("state"))["views"]
    assert (shown["view_id"], shown["user"]) == (view["id"], DANA)
    answer = await workspace.submit(DANA, view["id"], {"name": "prod"})
    assert answer["ok"] and "response_action" not in answer
    submitted = heard[-1]["view"]
    assert submitted["state"]["values"] == {"name": {"typed": {"type": "plain_text_input", "value": "prod"}}}
    assert submitted["private_metadata"] == "req_1" and submitted["hash"] == view["hash"]
    assert (await workspace.get("state"))["views"] == []


async def test_a_form_that_is_not_filled_in_never_leaves_the_client(
    workspace: Workspace, bot: Bot, heard: Heard
) -> None:
    form = modal(
        text_input("name"), text_input("why", optional=True), text_input("long", element={"min_length": 5})
    )
    view = await open_modal(workspace, heard, form)
    answer = await workspace.submit(DANA, view["id"], {"long": "abc"})
    assert answer["response_action"] == "errors" and set(answer["errors"]) == {"name", "long"}
    assert len(heard) == 1
    assert (await workspace.submit(DANA, view["id"], {"name": "prod", "long": "enough"}))["ok"]
    assert len(heard) == 2


async def test_values_of_every_kind_are_submitted_in_slacks_shape(
    workspace: Workspace, bot: Bot, heard: Heard
) -> None:
    options = [{"text": {"type": "plain_text", "text": t}, "value": t} for t in ("a", "b")]
    kinds: dict[str, Json] = {
        "radio": {"type": "radio_buttons", "options": options},
        "boxes": {"type": "checkboxes", "options": options},
        "person": {"type": "users_select"},
        "menu": {"type": "static_select", "options": options},
        "day": {"type": "datepicker", "initial_date": "2026-01-02"},
    }
    label = {"type": "plain_text", "text": "x"}
    blocks = [
        {"type": "input", "block_id": name, "label": label, "element": {**element, "action_id": "e"}}
        for name, element in kinds.items()
    ]
    view = await open_modal(workspace, heard, modal(*blocks))
    values = {"radio": "a", "boxes": ["a", "b"], "person": OMAR, "menu": "b"}
    assert (await workspace.submit(DANA, view["id"], values))["ok"]
    sent = {name: entry["e"] for name, entry in heard[-1]["view"]["state"]["values"].items()}
    assert sent["radio"]["selected_option"]["value"] == "a"
    assert [option["value"] for option in sent["boxes"]["selected_options"]] == ["a", "b"]
    assert sent["person"]["selected_user"] == OMAR
    assert sent["menu"]["selected_option"] == options[1]
    assert sent["day"]["selected_date"] == "2026-01-02"
    assert (await workspace.submit(DANA, view["id"], {}))["error"] == "no_such_view"


async def test_modals_that_cannot_be_submitted_say_so(workspace: Workspace, bot: Bot, heard: Heard) -> None:
    view = await open_modal(workspace, heard, modal(section("Loading…"), submit=None))
    assert (await workspace.submit(DANA, view["id"], {}))["error"] == "no_submit"
    assert (await workspace.submit(OMAR, view["id"], {}))["error"] == "not_visible"
    assert (await workspace.submit(DANA, "V0NONE", {}))["error"] == "no_such_view"
    await workspace.api.views_update(view_id=view["id"], view=modal(text_input("name")))
    assert (await workspace.submit(DANA, view["id"], {"other": "x"}))["error"] == "no_such_action"
    assert (await workspace.submit(DANA, view["id"], {"name": "x"}))["ok"]


@pytest.mark.parametrize("action", ["errors", "update", "push", "clear"])
async def test_the_app_answers_a_submission_as_slack_lets_it(
    workspace: Workspace, plug: Plug, app: AsyncApp, heard: Heard, action: str
) -> None:
    extra: dict[str, Json] = {
        "errors": {"errors": {"name": "no such target"}},
        "update": {"view": modal(section("step two"))},
        "push": {"view": modal(section("on top"))},
        "clear": {},
    }

    @app.command("/restore")
    async def command(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    @app.view("")
    async def submitted(ack: AsyncAck) -> None:
        await ack(response_action=action, **extra[action])

    await plug(app)
    view = await open_modal(workspace, heard, modal(text_input("name")))
    answer = await workspace.submit(DANA, view["id"], {"name": "prod"})
    assert answer["ok"] and answer["response_action"] == action
    assert answer.get("errors") == extra[action].get("errors")
    views = (await workspace.get("state"))["views"]
    assert len(views) == {"errors": 1, "update": 1, "push": 2, "clear": 0}[action]
    if action == "update":
        assert (
            views[0]["view_id"] == view["id"] and views[0]["view"]["blocks"][0]["text"]["text"] == "step two"
        )
    if action == "push":
        assert (await workspace.submit(DANA, view["id"], {"name": "prod"}))["error"] == "not_visible"


async def test_a_submission_answer_that_slack_cannot_use_is_shown_to_the_person(
    workspace: Workspace, plug: Plug, app: AsyncApp, heard: Heard
) -> None:
    @app.command("/restore")
    async def command(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    @app.view("")
    async def submitted(ack: AsyncAck) -> None:
        await ack(response_action="errors", errors={"nowhere": "?"})

    await plug(app)
    view = await open_modal(workspace, heard, modal(text_input("name")))
    answer = await workspace.submit(DANA, view["id"], {"name": "prod"})
    assert "nowhere" in answer["errors"]["view"]
    assert len((await workspace.get("state"))["views"]) == 1
    [entry] = await workspace.journal("ack")
    assert entry["error"] == "invalid_arguments"


async def test_an_input_speaks_before_the_submission_only_if_it_dispatches(
    workspace: Workspace, bot: Bot, heard: Heard
) -> None:
    quiet, loud = text_input("quiet"), text_input("loud", dispatch_action=True, element={"action_id": "go"})
    view = await open_modal(workspace, heard, modal(quiet, loud))
    order = {"user": DANA, "view_id": view["id"], "value": "prod"}
    assert (await workspace.post("click", {**order, "action_id": "typed"}))["error"] == "no_such_action"
    assert (await workspace.post("click", {**order, "action_id": "go"}))["ok"]
    assert heard[-1]["actions"][0]["value"] == "prod"
    assert heard[-1]["view"]["state"]["values"]["loud"]["go"]["value"] == "prod"


async def test_closing_a_modal_is_told_to_apps_that_asked_for_it(
    workspace: Workspace, app: AsyncApp, heard: Heard, bot: Bot
) -> None:
    @app.view_closed("")
    async def closed(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    quiet = await open_modal(workspace, heard, modal(section("x")))
    await workspace.post("close", {"user": DANA, "view_id": quiet["id"]})
    assert len(heard) == 1
    loud = await open_modal(workspace, heard, modal(section("x"), notify_on_close=True))
    await workspace.post("close", {"user": DANA, "view_id": loud["id"]})
    assert heard[-1]["type"] == "view_closed" and (await workspace.get("state"))["views"] == []


async def test_opening_home_tells_the_app_which_fills_it(
    workspace: Workspace, plug: Plug, app: AsyncApp
) -> None:
    @app.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient) -> None:
        await client.views_publish(
            user_id=event["user"], view={"type": "home", "blocks": [actions(button("go"))]}
        )

    clicks: list[Any] = []

    @app.action("go")
    async def pressed(ack: AsyncAck, body: Json) -> None:
        clicks.append(body)
        await ack()

    await plug(app)
    assert (await workspace.post("home", {"user": OMAR}))["ok"]

    async def home() -> Any:
        return (await workspace.get("state"))["homes"].get(OMAR)

    view = await until(home)
    order = {"user": OMAR, "view_id": view["view_id"], "action_id": "go"}
    assert (await workspace.post("click", order))["ok"]
    assert (await workspace.post("click", {**order, "user": DANA}))["error"] == "not_visible"
    assert clicks[0]["container"] == {"type": "view", "view_id": view["view_id"]}
    assert clicks[0]["view"]["type"] == "home" and "response_url" not in clicks[0]


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
