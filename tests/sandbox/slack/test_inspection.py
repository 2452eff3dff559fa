"""State, journal, about and the stream of changes; people's words; what an administrator does."""

import json
from datetime import UTC, datetime

from slack_bolt.async_app import AsyncAck, AsyncApp

from tests.sandbox.slack.conftest import a_workspace
from tests.sandbox.slack.workspace import (
    DANA,
    EVE,
    GONE,
    MANIFEST,
    OMAR,
    OPS,
    PEOPLE,
    Json,
    Plug,
    Workspace,
    connect,
    error_of,
    section,
)


async def test_the_state_has_the_agreed_shape_and_nothing_else(workspace: Workspace) -> None:
    posted = await workspace.api.chat_postMessage(channel=OPS, text="x", blocks=[section("x")])
    state = await workspace.get("state")
    assert set(state) == {"channels", "views", "homes", "people"}
    assert set(state["channels"][OPS]) == {"name", "messages"}
    [message] = state["channels"][OPS]["messages"]
    assert set(message) == {"ts", "user", "text", "blocks"}
    assert (message["ts"], message["user"]) == (posted["ts"], workspace.slack.bot_user_id)
    assert message["blocks"][0]["block_id"]
    assert state["people"] == [{"id": p.id, "name": p.name, "tz": p.tz, "role": p.role} for p in PEOPLE]


async def test_entries_stay_in_the_order_of_arrival_also_when_deleted(workspace: Workspace) -> None:
    first = (await workspace.api.chat_postMessage(channel=OPS, text="1"))["ts"]
    await workspace.api.chat_postEphemeral(channel=OPS, user=DANA, text="2")
    await workspace.api.chat_postMessage(channel=OPS, text="3", thread_ts=first)
    await workspace.api.chat_delete(channel=OPS, ts=first)
    messages = await workspace.messages()
    assert [message["text"] for message in messages] == ["1", "2", "3"]
    assert messages[0]["deleted"] is True
    assert messages[1]["ephemeral_to"] == DANA
    assert messages[2]["thread_ts"] == first


async def test_the_journal_lists_every_call_with_decoded_arguments(workspace: Workspace) -> None:
    before = datetime.now(UTC)
    view = {"type": "home", "blocks": [section("x")]}
    metadata = {"event_type": "e", "event_payload": {"id": 1}}
    await workspace.api.chat_postMessage(channel=OPS, text="x", metadata=metadata)
    await workspace.api.api_call("views.publish", params={"user_id": DANA, "view": json.dumps(view)})
    await error_of(workspace.api.users_info(user="U0"))
    said, published, asked = await workspace.get("journal")
    assert set(said) == {"at", "method", "payload", "status", "error"}
    assert said["payload"] == {"channel": OPS, "text": "x", "metadata": metadata}
    assert published["payload"]["view"] == view
    assert (asked["method"], asked["status"], asked["error"]) == ("users.info", 200, "user_not_found")
    assert abs((datetime.fromisoformat(said["at"]) - before).total_seconds()) < 5


async def test_about_tells_the_page_what_the_state_does_not() -> None:
    async with a_workspace(manifest=MANIFEST, about={"hints": ["try this"]}) as workspace:
        about = await workspace.get("about")
    assert about["hints"] == ["try this"] and about["connections"] == 0
    assert about["bot"]["name"] == "safe"
    assert [command["command"] for command in about["commands"]] == ["/restore", "/backup"]
    assert about["usergroups"][0]["name"] == "dba"
    assert about["channels"][OPS]["is_archived"] is False
    assert next(person for person in about["people"] if person["id"] == GONE)["deleted"]


async def test_every_change_is_announced(workspace: Workspace) -> None:
    async with workspace.http.get(f"{workspace.slack.url}/sandbox/events") as stream:
        assert stream.content_type == "text/event-stream"

        async def next_rev() -> int:
            while not (line := await stream.content.readline()).startswith(b"data:"):
                assert not line.strip()
            rev: int = json.loads(line.removeprefix(b"data:"))["rev"]
            return rev

        first = await next_rev()
        await workspace.api.chat_postMessage(channel=OPS, text="x")
        assert await next_rev() > first


async def test_what_people_say_is_escaped_and_told_to_apps_that_listen(
    workspace: Workspace, plug: Plug, app: AsyncApp
) -> None:
    answer = await workspace.post(
        "say", {"user": DANA, "channel": OPS, "text": "<b> @Omar see #ops & https://x.io"}
    )
    assert answer["ok"]
    [message] = await workspace.messages()
    assert message["text"] == f"&lt;b&gt; <@{OMAR}|omar> see <#{OPS}|ops> &amp; <https://x.io>"
    assert (message["user"], message["ts"]) == (DANA, answer["ts"])


async def test_a_mention_reaches_an_app_that_subscribes_to_it() -> None:
    events = {"event_subscriptions": {"bot_events": ["app_mention", "message.im"]}}
    async with a_workspace(manifest={**MANIFEST, "settings": events}) as workspace:
        app, heard = AsyncApp(client=workspace.api, signing_secret="x"), []

        @app.event("app_mention")
        @app.event("message")
        async def mentioned(event: Json) -> None:
            heard.append((event["type"], event["text"], event.get("channel_type")))

        bot = await connect(workspace, app)
        try:
            assert (await workspace.post("say", {"user": DANA, "channel": OPS, "text": "@safe help"}))["ok"]
            order = {"user": DANA, "channel": f"D{DANA[1:]}", "text": "hello"}
            assert (await workspace.post("say", order))["ok"]
        finally:
            await bot.close()
    mention = f"<@{workspace.slack.bot_user_id}|safe> help"
    assert heard == [("app_mention", mention, None), ("message", "hello", "im")]


async def test_commands_are_escaped_as_the_manifest_says(strict: Workspace) -> None:
    app, texts = AsyncApp(client=strict.api, signing_secret="x"), []

    @app.command("/restore")
    @app.command("/backup")
    async def command(ack: AsyncAck, body: Json) -> None:
        texts.append(body["text"])
        await ack()

    bot = await connect(strict, app)
    try:
        for name in ("/restore", "/backup"):
            assert (await strict.slash("prod for @Omar & @dba", command=name))["ok"]
        unknown = await strict.slash(command="/unknown")
    finally:
        await bot.close()
    assert texts[0].startswith(f"prod for <@{OMAR}|omar> &amp; <!subteam^S0GROUP")
    assert texts[1] == "prod for @Omar &amp; @dba"
    assert unknown["error"] == "no_such_action"


async def test_an_administrator_acts_behind_the_apps_back(workspace: Workspace) -> None:
    api = workspace.api
    ts = (await api.chat_postMessage(channel=OPS, text="x"))["ts"]
    await workspace.post("admin", {"act": "delete_message", "channel": OPS, "ts": ts})
    assert (await error_of(api.chat_update(channel=OPS, ts=ts, text="y")))["error"] == "message_not_found"
    kept = (await api.chat_postMessage(channel=OPS, text="x"))["ts"]
    await workspace.post("admin", {"act": "archive", "channel": OPS})
    assert (await error_of(api.chat_update(channel=OPS, ts=kept, text="y")))["error"] == "is_inactive"
    assert (await error_of(api.chat_postMessage(channel=OPS, text="y")))["error"] == "is_archived"
    await workspace.post("admin", {"act": "unarchive", "channel": OPS})
    await workspace.post("admin", {"act": "remove_app", "channel": OPS})
    await workspace.post("settings", {"limits": "off"})
    assert (await error_of(api.chat_postMessage(channel=OPS, text="y")))["error"] == "not_in_channel"
    await workspace.post("admin", {"act": "remove_person", "channel": OPS, "user": DANA})
    refused = await error_of(api.chat_postEphemeral(channel=OPS, user=DANA, text="y"))
    assert refused["error"] == "not_in_channel"
    await workspace.post("admin", {"act": "invite_app", "channel": OPS})
    refused = await error_of(api.chat_postEphemeral(channel=OPS, user=DANA, text="y"))
    assert refused["error"] == "user_not_in_channel"
    await workspace.post("admin", {"act": "invite_person", "channel": OPS, "user": DANA})
    assert (await api.chat_postEphemeral(channel=OPS, user=DANA, text="y"))["ok"]
    await workspace.post("admin", {"act": "deactivate", "user": EVE})
    assert (await api.users_info(user=EVE))["user"]["deleted"]
    await workspace.post("admin", {"act": "archive", "channel": "C0"}, status=400)


async def test_the_page_and_its_files_are_served(workspace: Workspace) -> None:
    async with workspace.http.get(workspace.slack.url) as response:
        assert response.status == 200 and response.content_type == "text/html"
    for path in ("/page/none.js", "/page/..%2fserver.py"):
        async with workspace.http.get(f"{workspace.slack.url}{path}") as response:
            assert response.status == 404
