"""What Slack does behind the bot's back: cards deleted, channels archived, people gone, envelopes sent twice."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import httpx
import pytest

from bot.cli.guide import Guide, Json
from bot.sandbox.outside import GENERAL, INCIDENTS, Outside
from tests.journeys.neon_eyes import snapshot_names
from tests.journeys.test_restore import moment_ago, preview


async def admin(slack: httpx.AsyncClient, act: str, **what: str) -> None:
    (await slack.post("/sandbox/admin", json={"act": act, **what})).raise_for_status()


async def fault(slack: httpx.AsyncClient, name: str, times: int) -> None:
    (await slack.post("/sandbox/faults", json={"fault": name, "times": times})).raise_for_status()


@pytest.fixture
async def in_general(guide: Guide, slack: httpx.AsyncClient, outside: Outside) -> AsyncIterator[Guide]:
    """Somebody who types in another channel than the target's; the channel and its people are restored afterwards."""
    yield Guide(slack, {**outside.description(), "channel": GENERAL.id})
    await admin(slack, "unarchive", channel=GENERAL.id)
    await admin(slack, "invite_person", channel=GENERAL.id, user=guide.named("Mei"))


async def waiting_for_approval(guide: Guide) -> Json:
    dana = guide.named("Dana")
    card = await preview(guide, dana, await moment_ago())
    await guide.press(dana, card, "Restore in place")
    return await guide.card("the approvers are asked", dana, "Approve", same_as=card)


async def direct_words(guide: Guide, slack: httpx.AsyncClient, person: str) -> str:
    """All that the bot has told this person directly; nothing before it first does."""
    channels = (await slack.get("/sandbox/state")).json()["channels"]
    messages = channels.get(f"D{person[1:]}", {"messages": []})["messages"]
    return "\n".join(guide.words(message) for message in messages)


async def test_a_deleted_card_is_posted_anew_with_what_happened_since(
    guide: Guide, slack: httpx.AsyncClient
) -> None:
    mei, dana = guide.named("Mei"), guide.named("Dana")
    card = await waiting_for_approval(guide)
    await guide.press(mei, card, "Approve")
    window, seen = await guide.window(mei), await guide.last_ts()
    await admin(slack, "delete_message", channel=INCIDENTS.id, ts=card["ts"])
    await guide.submit(mei, window, {"target": "prod"})
    anew = await guide.card("the card is back", dana, "Approve", after=seen)
    assert guide.request_of(anew) == guide.request_of(card)
    assert "Approvals: 1 of 2, approved by @Mei" in guide.words(anew)
    await guide.press(dana, anew, "Cancel")
    await guide.ended("it is cancelled", anew, "Cancelled")


async def test_a_card_whose_channel_is_archived_goes_to_the_targets_channel(
    guide: Guide, in_general: Guide, slack: httpx.AsyncClient
) -> None:
    mei, dana = guide.named("Mei"), guide.named("Dana")
    card, seen = await waiting_for_approval(in_general), await guide.last_ts()
    await in_general.press(mei, card, "Approve")
    window = await in_general.window(mei)
    await admin(slack, "archive", channel=GENERAL.id)
    await in_general.submit(mei, window, {"target": "prod"})
    moved = await guide.card("the card is in the target's channel", dana, "Approve", after=seen)
    assert guide.request_of(moved) == guide.request_of(card)
    assert "Approvals: 1 of 2" in guide.words(moved)
    await guide.press(dana, moved, "Cancel")
    await guide.ended("it is cancelled", moved, "Cancelled")


async def test_what_a_person_is_told_reaches_them_directly_once_they_left_the_channel(
    guide: Guide, in_general: Guide, slack: httpx.AsyncClient
) -> None:
    mei, dana = guide.named("Mei"), guide.named("Dana")
    card = await waiting_for_approval(in_general)
    request = guide.request_of(card)
    await in_general.press(mei, card, "Approve")
    window = await in_general.window(mei)
    await admin(slack, "remove_person", channel=GENERAL.id, user=mei)
    await in_general.submit(mei, window, {"target": "prod"})
    async with asyncio.timeout(15):
        while f"Your approval of {request} is counted." not in await direct_words(guide, slack, mei):
            await asyncio.sleep(0.05)
    await in_general.press(dana, card, "Cancel")
    await in_general.ended("it is cancelled", card, "Cancelled")


async def test_everything_delivered_twice_is_done_once(
    guide: Guide, outside: Outside, slack: httpx.AsyncClient, neon_api: httpx.AsyncClient
) -> None:
    dana, mei = guide.named("Dana"), guide.named("Mei")
    name, seen = f"twice-{secrets.token_hex(3)}", await guide.last_ts()
    await fault(slack, "duplicate_envelope", times=1000)
    await guide.type(dana, "/backup", f"prod {name}")
    await guide.message("the backup is taken", f"{name}, finished by Neon", after=seen)
    card = await waiting_for_approval(guide)
    await guide.approve(mei, card)
    card = await guide.ended("one vote is counted", card, "Approvals: 1 of 2, approved by @Mei;")
    await guide.press(dana, card, "Cancel")
    await guide.ended("it is cancelled", card, "Cancelled")
    state = (await slack.get("/sandbox/state")).json()
    since = [message for message in state["channels"][INCIDENTS.id]["messages"] if message["ts"] > seen]
    heads = [
        message["blocks"][0]["text"]["text"] for message in since if message["blocks"][0]["type"] == "header"
    ]
    assert sorted(heads) == ["Backup of prod", "Restore prod"]
    assert [message["ephemeral_to"] for message in since if "ephemeral_to" in message] == [mei]
    assert (await snapshot_names(neon_api, outside)).count(name) == 1


async def test_a_socket_that_is_refreshed_under_a_click_loses_nothing(
    guide: Guide, slack: httpx.AsyncClient
) -> None:
    dana, mei = guide.named("Dana"), guide.named("Mei")
    card = await preview(guide, dana, await moment_ago())
    for label in ("Restore in place", "Approve"):
        await fault(slack, "refresh", times=1)
        person = dana if label == "Restore in place" else mei
        await guide.press(person, card, label)
        card = await guide.card("the approvers are asked", dana, "Approve", same_as=card)
    await fault(slack, "refresh", times=1)
    await guide.submit(mei, await guide.window(mei), {"target": "prod"})
    card = await guide.ended("the vote is counted", card, "Approvals: 1 of 2, approved by @Mei;")
    await fault(slack, "refresh", times=1)
    await guide.press(dana, card, "Cancel")
    await guide.ended("it is cancelled", card, "Cancelled")


async def test_sockets_that_stay_open_and_say_nothing_are_dialled_anew(
    guide: Guide, slack: httpx.AsyncClient
) -> None:
    kofi, seen = guide.named("Kofi"), await guide.last_ts()
    order = {"user": kofi, "channel": INCIDENTS.id, "command": "/restore", "text": "help"}
    await fault(slack, "silent_socket", times=2)  # both connections
    assert (await slack.post("/sandbox/slash", json=order)).json()["error"] == "ack_timeout"
    async with asyncio.timeout(15):
        while not (await slack.post("/sandbox/slash", json=order)).json()["ok"]:
            await asyncio.sleep(0.1)
    await guide.whisper("help, after all", kofi, "shows what going back would mean", after=seen)
