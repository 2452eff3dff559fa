"""Modals and Home: filled in, submitted, answered, closed, as a real Bolt app gets to hear it."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.slack.workspace import (
    DANA,
    OMAR,
    Bot,
    Heard,
    Json,
    Plug,
    Workspace,
    actions,
    button,
    modal,
    open_modal,
    section,
    text_input,
    until,
)


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


async def test_more_than_an_element_takes_cannot_be_chosen(
    workspace: Workspace, bot: Bot, heard: Heard
) -> None:
    element = {"type": "multi_users_select", "action_id": "who", "max_selected_items": 1}
    label = {"type": "plain_text", "text": "Who"}
    form = modal({"type": "input", "block_id": "who", "label": label, "element": element})
    view = await open_modal(workspace, heard, form)
    assert (await workspace.submit(DANA, view["id"], {"who": [DANA, OMAR]}))["error"] == "no_such_action"
    assert (await workspace.submit(DANA, view["id"], {"who": [OMAR]}))["ok"]
    assert heard[-1]["view"]["state"]["values"]["who"]["who"]["selected_users"] == [OMAR]


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
