"""Where a message goes that cannot go where it should."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.web.async_client import AsyncWebClient

from bot.rules.backup import Backup
from bot.rules.ids import BackupId, ChannelId
from bot.rules.request import Stage
from bot.rules.said import Note, NoteKind
from bot.sandbox.slack import ChannelSpec, Person, sandbox_slack
from bot.slack.outbox import Outbox
from store.memory import Store
from tests.builders import OLGA, PROD, T0, TARGET, request_at

THEIRS = ChannelId("D0THEIRS")
"""A direct message between two people, in which one can type a command and the bot cannot answer."""


@asynccontextmanager
async def slack() -> AsyncIterator[tuple[AsyncWebClient, list[tuple[str, str]]]]:
    """A Slack without that channel, and what it was asked to post: method and channel."""
    posted: list[tuple[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        body = await request.json() if request.content_type == "application/json" else await request.post()
        channel, method = str(body.get("channel", "")), request.match_info["method"]
        if method == "conversations.open":
            return web.json_response({"ok": True, "channel": {"id": "D0OURS"}})
        posted.append((method, channel))
        if channel == THEIRS:
            return web.json_response({"ok": False, "error": "channel_not_found"})
        return web.json_response({"ok": True, "ts": "1.2", "channel": channel})

    app = web.Application()
    app.router.add_post("/api/{method}", answer)
    async with TestServer(app) as server:
        yield AsyncWebClient(token="x", base_url=str(server.make_url("/api/")), retry_handlers=[]), posted


async def delivered(store: Store) -> list[tuple[str, str]]:
    """What Slack was asked to post until nothing was due any more."""
    async with slack() as (client, posted):
        await deliver_all(Outbox(client, store, {PROD: TARGET}, lambda: T0))
        return posted


async def deliver_all(outbox: Outbox) -> None:
    while channels := await outbox.channels():
        for channel in channels:
            await outbox.deliver(channel)


async def test_an_answer_to_somebody_in_a_direct_message_with_another_goes_to_them(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "store.db", lambda: T0)
    await store.messages.tell(OLGA, THEIRS, Note(NoteKind.RESTORE_HELP))
    assert await delivered(store) == [("chat.postMessage", THEIRS), ("chat.postMessage", "D0OURS")]
    await store.close()


async def test_a_card_asked_for_in_such_a_message_goes_to_the_targets_channel(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "store.db", lambda: T0)
    wish = Backup(BackupId("b-1"), PROD, TARGET.project, TARGET.branch, "nightly", OLGA, T0, THEIRS)
    await store.backups.add(wish)
    assert await delivered(store) == [("chat.postMessage", THEIRS), ("chat.postMessage", TARGET.channel)]
    await store.close()


async def test_a_deleted_card_is_back_before_its_end_is_told_in_its_thread(tmp_path: Path) -> None:
    running, done = request_at(Stage.RUNNING), request_at(Stage.VERIFIED)
    channels = (ChannelSpec(running.channel, "incidents"),)
    store = await Store.open(tmp_path / "store.db", lambda: T0)
    async with (
        sandbox_slack((Person(OLGA, "Olga"),), channels) as slack,
        aiohttp.ClientSession(slack.url) as http,
    ):
        outbox = Outbox(AsyncWebClient(slack.bot_token, slack.api_url), store, {PROD: TARGET}, lambda: T0)
        await store.requests.add(running)
        await deliver_all(outbox)
        posted = await store.messages.get(f"request:{running.id}")
        assert posted is not None
        gone = {"act": "delete_message", "channel": running.channel, "ts": posted.ts}
        await http.post("/sandbox/admin", json=gone)
        await store.requests.change(running.id, lambda _: done)
        await deliver_all(outbox)
        async with http.get("/sandbox/state") as answer:
            _, card, bell = (await answer.json())["channels"][running.channel]["messages"]
    assert "verified" in card["text"] and "thread_ts" not in card
    assert bell["thread_ts"] == card["ts"]
    await store.close()
