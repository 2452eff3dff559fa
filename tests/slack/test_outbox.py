"""Where a message goes that cannot go where it should."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.web.async_client import AsyncWebClient

from bot.rules.backup import Backup
from bot.rules.ids import BackupId, ChannelId
from bot.rules.said import Note, NoteKind
from bot.slack.outbox import Outbox
from store.memory import Store
from tests.builders import OLGA, PROD, T0, TARGET

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
        outbox = Outbox(client, store, {PROD: TARGET}, lambda: T0)
        while channels := await outbox.channels():
            for channel in channels:
                await outbox.deliver(channel)
        return posted


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
