"""Signed deliveries, dispatched by Bolt as Slack's own would be; nothing here can reach Slack."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

from bot.cards.restore import approve_modal, deny_modal
from bot.rules.ids import ChannelId, PersonId
from bot.rules.request import Stage
from bot.rules.said import How, Said
from bot.slack.listeners import HOME_OPENED, build_bolt
from store.memory import Store
from tests.builders import T0, request_at

SECRET = "the-signing-secret-of-the-test"
IDENTITY = {"team_id": "T1", "user_id": "UBOT", "bot_id": "B1"}
WAITING = request_at(Stage.APPROVING)
COMMAND = {
    "token": "verification-token",
    "team_id": "T1",
    "user_id": "UOLGA",
    "user_name": "olga",
    "channel_id": "CINCIDENT",
    "command": "/restore",
    "text": "prod to 10:25 UTC",
    "response_url": "https://hooks.slack.example/commands/secret",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
    "api_app_id": "A1",
}
CLICK = {
    "type": "block_actions",
    "token": "verification-token",
    "user": {"id": "UANNA", "team_id": "T1"},
    "team": {"id": "T1"},
    "api_app_id": "A1",
    "channel": {"id": "CINCIDENT"},
    "message": {"ts": "1760000000.000100"},
    "response_url": "https://hooks.slack.example/actions/secret",
    "trigger_id": "12466734323.1395872398",
    "actions": [
        {
            "type": "button",
            "block_id": "row",
            "action_id": "vote.approve",
            "action_ts": "1760000001.000200",
            "value": '{"request": "r-abc2345"}',
        }
    ],
}


def submission(view: dict[str, Any], **values: str | None) -> dict[str, Any]:
    state = {block: {block: {"type": "plain_text_input", "value": value}} for block, value in values.items()}
    return {
        "type": "view_submission",
        "token": "verification-token",
        "user": {"id": "UANNA", "team_id": "T1"},
        "team": {"id": "T1"},
        "api_app_id": "A1",
        "trigger_id": "555.666",
        "response_urls": [],
        "view": {**view, "id": "V1", "hash": "1760000002.abc", "state": {"values": state}},
    }


def home_opened(event_id: str = "Ev1") -> str:
    event = {"type": HOME_OPENED, "user": "UOLGA", "channel": "D1", "tab": "home"}
    outer = {"type": "event_callback", "token": "verification-token", "team_id": "T1", "api_app_id": "A1"}
    return json.dumps({**outer, "event_id": event_id, "event_time": 1, "event": event})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "store.db", lambda: T0)
    yield opened
    await opened.close()


@pytest.fixture
def bolt(store: Store) -> AsyncApp:
    return build_bolt(store.inbox, lambda: T0, IDENTITY, "http://127.0.0.1:9/api/", SECRET)


async def deliver(bolt: AsyncApp, body: str, *, secret: str = SECRET) -> BoltResponse:
    stamp = str(int(time.time()))
    is_json = body.startswith("{")
    headers: dict[str, str | Sequence[str]] = {
        "content-type": "application/json" if is_json else "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body) or "",
    }
    return await bolt.async_dispatch(AsyncBoltRequest(body=body, headers=headers, mode="http"))


def interaction(payload: dict[str, Any]) -> str:
    return urlencode({"payload": json.dumps(payload)})


async def kept(store: Store, number: int) -> tuple[Said, ...]:
    """What is in the inbox, once it is that many: Bolt acks events before they are written down."""
    seen = -1
    async with asyncio.timeout(5):
        while len(waiting := await store.inbox.waiting()) < number:
            seen = await store.changed(seen, 1)
    assert len(waiting) == number
    return waiting


async def only(store: Store) -> Said:
    [said] = await kept(store, 1)
    return said


async def test_a_command_is_written_down_as_it_was_typed_and_acked_without_a_word(
    bolt: AsyncApp, store: Store
) -> None:
    response = await deliver(bolt, urlencode(COMMAND))
    assert (response.status, response.body) == (200, "")
    said = await only(store)
    assert replace(said, id="") == Said(
        id="",
        how=How.COMMAND,
        person=PersonId("UOLGA"),
        channel=ChannelId("CINCIDENT"),
        name="/restore",
        text="prod to 10:25 UTC",
        at=T0,
        trigger=COMMAND["trigger_id"],
    )


async def test_a_command_without_words_is_written_down_too(bolt: AsyncApp, store: Store) -> None:
    await deliver(bolt, urlencode({name: value for name, value in COMMAND.items() if name != "text"}))
    assert (await only(store)).text == ""


async def test_a_click_is_written_down_with_what_the_button_carries(bolt: AsyncApp, store: Store) -> None:
    response = await deliver(bolt, interaction(CLICK))
    assert response.status == 200
    said = await only(store)
    assert (said.how, said.name, said.text) == (How.CLICK, "vote.approve", '{"request": "r-abc2345"}')
    assert (said.person, said.channel, said.trigger) == ("UANNA", "CINCIDENT", CLICK["trigger_id"])


async def test_a_click_in_app_home_has_no_channel(bolt: AsyncApp, store: Store) -> None:
    at_home = {name: value for name, value in CLICK.items() if name not in {"channel", "message"}}
    await deliver(bolt, interaction({**at_home, "view": {"id": "V1", "type": "home"}}))
    assert (await only(store)).channel == ""


async def test_a_form_that_is_filled_in_is_written_down_with_its_values(bolt: AsyncApp, store: Store) -> None:
    response = await deliver(bolt, interaction(submission(approve_modal(WAITING), target="prod")))
    assert (response.status, response.body) == (200, "")
    said = await only(store)
    assert (said.how, said.name, said.values) == (How.SUBMIT, "vote.approve", {"target": "prod"})
    assert (said.person, said.channel) == ("UANNA", WAITING.channel)
    assert json.loads(said.text)["request"] == WAITING.id


@pytest.mark.parametrize(
    ("view", "block", "value"),
    [
        (approve_modal(WAITING), "target", "prdo"),
        (approve_modal(WAITING), "target", None),
        (deny_modal(WAITING), "reason", "  "),
        (deny_modal(WAITING), "reason", None),
    ],
)
async def test_a_form_with_a_mistake_is_marked_in_its_window_and_not_written_down(
    bolt: AsyncApp, store: Store, view: dict[str, Any], block: str, value: str | None
) -> None:
    response = await deliver(bolt, interaction(submission(view, **{block: value})))
    answer = json.loads(response.body)
    assert answer["response_action"] == "errors"
    assert list(answer["errors"]) == [block]
    assert await store.inbox.waiting() == ()


async def test_a_form_with_metadata_we_did_not_write_is_judged_later(bolt: AsyncApp, store: Store) -> None:
    view = {**approve_modal(WAITING), "private_metadata": "nonsense"}
    response = await deliver(bolt, interaction(submission(view, target="prod")))
    assert response.status == 200
    assert (await only(store)).channel == ""


async def test_opening_app_home_is_written_down(bolt: AsyncApp, store: Store) -> None:
    response = await deliver(bolt, home_opened())
    assert response.status == 200
    said = await only(store)
    assert (said.how, said.person, said.channel) == (How.HOME, "UOLGA", "")


@pytest.mark.parametrize(
    "body",
    [
        urlencode(COMMAND),
        interaction(CLICK),
        interaction(submission(approve_modal(WAITING), target="prod")),
        home_opened(),
    ],
    ids=["command", "click", "form", "home"],
)
async def test_what_is_delivered_twice_is_said_once(bolt: AsyncApp, store: Store, body: str) -> None:
    for _ in range(2):
        assert (await deliver(bolt, body)).status == 200
    await deliver(bolt, urlencode({**COMMAND, "trigger_id": "the last"}))
    assert [said.trigger for said in await kept(store, 2)].count("the last") == 1


async def test_what_is_said_twice_is_two_things(bolt: AsyncApp, store: Store) -> None:
    await deliver(bolt, urlencode(COMMAND))
    await deliver(bolt, urlencode({**COMMAND, "trigger_id": "999.1"}))
    await deliver(bolt, interaction(CLICK))
    await deliver(bolt, interaction({**CLICK, "trigger_id": "999.2"}))
    await deliver(bolt, home_opened("Ev1"))
    await deliver(bolt, home_opened("Ev2"))
    assert len({said.id for said in await kept(store, 6)}) == 6


async def test_nothing_that_grants_something_is_written_down(bolt: AsyncApp, store: Store) -> None:
    for body in (urlencode(COMMAND), interaction(CLICK), home_opened()):
        await deliver(bolt, body)
    rows = str(await kept(store, 3))
    assert "hooks.slack.example" not in rows
    assert "verification-token" not in rows


@pytest.mark.parametrize("body", [urlencode(COMMAND), interaction(CLICK), home_opened()])
async def test_a_delivery_that_slack_did_not_sign_is_refused(bolt: AsyncApp, store: Store, body: str) -> None:
    response = await deliver(bolt, body, secret="somebody-elses-secret")
    assert response.status == 401
    assert await store.inbox.waiting() == ()


async def test_what_cannot_be_written_down_is_not_acked(tmp_path: Path) -> None:
    """Slack says so to the person, who can say it again."""
    closed = await Store.open(tmp_path / "closed.db", lambda: T0)
    await closed.close()
    bolt = build_bolt(closed.inbox, lambda: T0, IDENTITY, "http://127.0.0.1:9/api/", SECRET)
    assert (await deliver(bolt, urlencode(COMMAND))).status == 500
