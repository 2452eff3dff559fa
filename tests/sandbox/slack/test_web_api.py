"""The Web API as slack_sdk and a bare HTTP client meet it: arguments, tokens, scopes, channels, messages."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Person, sandbox_slack
from tests.sandbox.slack.conftest import a_workspace
from tests.sandbox.slack.workspace import (
    CHANNELS,
    DANA,
    ELSEWHERE,
    GONE,
    GUEST,
    MANIFEST,
    OLD,
    OMAR,
    OPS,
    PEOPLE,
    SECRET,
    SHARED,
    STRANGER,
    Json,
    Workspace,
    error_of,
    section,
)


async def call(workspace: Workspace, method: str, **request: Any) -> Json:
    headers = {"Authorization": f"Bearer {workspace.slack.bot_token}", **request.pop("headers", {})}
    async with workspace.http.request(
        "POST", workspace.slack.api_url + method, headers=headers, **request
    ) as answer:
        body: Json = await answer.json()
        return body


@pytest.mark.parametrize("carrier", ["json", "data", "params"])
async def test_arguments_may_come_as_json_form_or_query(workspace: Workspace, carrier: str) -> None:
    blocks: Any = [section("hello")]
    values = {"channel": OPS, "text": "hi", "blocks": blocks if carrier == "json" else json.dumps(blocks)}
    answer = await call(workspace, "chat.postMessage", **{carrier: values})
    assert answer["ok"] and answer["message"]["blocks"][0]["text"]["text"] == "hello"
    [entry] = await workspace.journal("chat.postMessage")
    assert entry["payload"]["blocks"] == blocks


async def test_methods_that_read_do_not_look_at_a_json_body(workspace: Workspace) -> None:
    assert (await call(workspace, "users.info", data={"user": DANA}))["ok"]
    refused = await call(workspace, "users.info", json={"user": DANA})
    assert refused["error"] == "invalid_arguments"
    assert refused["response_metadata"]["messages"] == ["[ERROR] missing required field: user"]


@pytest.mark.parametrize(
    ("method", "request_", "error"),
    [
        ("chat.postMessage", {"json": {"text": "x"}}, "invalid_arguments"),
        ("chat.postMessage", {"json": {"channel": OPS, "txt": "x"}}, "invalid_arguments"),
        ("chat.postMessage", {"json": {"channel": OPS, "blocks": "[{"}}, "invalid_blocks_format"),
        ("chat.postMessage", {"json": {"channel": OPS, "blocks": "{}"}}, "invalid_blocks_format"),
        (
            "chat.postMessage",
            {"json": {"channel": OPS, "text": "x", "metadata": {"a": 1}}},
            "invalid_metadata_schema",
        ),
        ("chat.postMessage", {"data": "{", "headers": {"Content-Type": "application/json"}}, "invalid_json"),
        ("chat.postMessage", {"json": [1]}, "json_not_object"),
        ("chat.shout", {"json": {}}, "unknown_method"),
        ("users.list", {"data": {"limit": "many"}}, "invalid_arguments"),
        ("users.list", {"data": {"limit": "0"}}, "invalid_limit"),
        ("users.list", {"data": {"cursor": "?"}}, "invalid_cursor"),
    ],
)
async def test_malformed_calls_are_refused(
    workspace: Workspace, method: str, request_: Json, error: str
) -> None:
    assert (await call(workspace, method, **request_))["error"] == error


async def test_tokens_are_told_apart(workspace: Workspace) -> None:
    url, slack = workspace.slack.api_url, workspace.slack
    assert (await error_of(AsyncWebClient(None, base_url=url).auth_test()))["error"] == "not_authed"
    assert (await error_of(AsyncWebClient("xoxb-other", base_url=url).auth_test()))["error"] == "invalid_auth"
    wrong_kind = AsyncWebClient(slack.app_token, base_url=url).auth_test()
    assert (await error_of(wrong_kind))["error"] == "not_allowed_token_type"
    opening = workspace.api.apps_connections_open(app_token=slack.bot_token)
    assert (await error_of(opening))["error"] == "not_allowed_token_type"
    async with workspace.http.post(f"{url}auth.test", data={"token": slack.bot_token}) as in_form:
        assert (await in_form.json())["ok"]
    async with workspace.http.post(f"{url}auth.test", params={"token": slack.bot_token}) as in_query:
        assert (await in_query.json())["error"] == "not_authed"


async def test_auth_test_says_who_the_app_is_and_what_it_may(strict: Workspace) -> None:
    answer = await strict.api.auth_test()
    assert (answer["user_id"], answer["team_id"]) == (strict.slack.bot_user_id, strict.slack.team_id)
    assert set(answer.headers["x-oauth-scopes"].split(",")) == set(MANIFEST["oauth_config"]["scopes"]["bot"])


@pytest.mark.parametrize(
    ("ask", "needed"),
    [
        (lambda api: api.usergroups_list(), "usergroups:read"),
        (lambda api: api.reactions_add(channel=OPS, name="x", timestamp="1"), "reactions:write"),
        (lambda api: api.conversations_open(users=DANA), "im:write"),
        (lambda api: api.conversations_join(channel=ELSEWHERE), "channels:join"),
        (lambda api: api.conversations_list(types="private_channel"), "groups:read"),
        (lambda api: api.files_getUploadURLExternal(filename="a", length=1), "files:write"),
        (lambda api: api.team_info(), "team:read"),
    ],
)
async def test_a_scope_that_the_manifest_does_not_list_is_missing(
    strict: Workspace, ask: Callable[[AsyncWebClient], Awaitable[Any]], needed: str
) -> None:
    refused = await error_of(ask(strict.api))
    assert refused["error"] == "missing_scope" and refused["needed"] == needed
    assert set(refused["provided"].split(",")) == set(MANIFEST["oauth_config"]["scopes"]["bot"])


async def test_scopes_in_the_manifest_are_enough(strict: Workspace) -> None:
    assert (await strict.api.users_info(user=DANA))["ok"]
    assert (await strict.api.conversations_info(channel=OPS))["ok"]


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NONE", "channel_not_found"),
        (SECRET, "channel_not_found"),
        (OLD, "is_archived"),
        (ELSEWHERE, "not_in_channel"),
    ],
)
async def test_the_app_may_speak_only_where_it_is(workspace: Workspace, channel: str, error: str) -> None:
    assert (await error_of(workspace.api.chat_postMessage(channel=channel, text="x")))["error"] == error


async def test_with_the_public_scope_the_app_speaks_in_channels_it_has_not_joined() -> None:
    public = {"scopes": {"bot": ["chat:write", "chat:write.public"]}}
    async with a_workspace(manifest={**MANIFEST, "oauth_config": public}) as workspace:
        assert (await workspace.api.chat_postMessage(channel=ELSEWHERE, text="x"))["ok"]


async def test_joining_a_public_channel_lets_the_app_speak_there(workspace: Workspace) -> None:
    assert (await workspace.api.conversations_join(channel=ELSEWHERE))["channel"]["is_member"]
    assert (await workspace.api.conversations_join(channel=ELSEWHERE))["warning"] == "already_in_channel"
    assert (await workspace.api.chat_postMessage(channel=ELSEWHERE, text="x"))["ok"]
    assert (await error_of(workspace.api.conversations_join(channel=OLD)))["error"] == "is_archived"


async def test_a_message_is_edited_as_a_whole(workspace: Workspace) -> None:
    posted = await workspace.api.chat_postMessage(channel=OPS, text="one", blocks=[section("one")])
    await workspace.api.chat_update(channel=OPS, ts=posted["ts"], text="two")
    [message] = await workspace.messages()
    assert (message["text"], message["blocks"]) == ("two", []) and message["edited"]["user"]


async def test_what_the_app_may_not_change(workspace: Workspace) -> None:
    api = workspace.api
    gone = (await api.chat_postMessage(channel=OPS, text="x"))["ts"]
    await api.chat_delete(channel=OPS, ts=gone)
    ephemeral = (await api.chat_postEphemeral(channel=OPS, user=DANA, text="x"))["message_ts"]
    for ts in (gone, ephemeral, "1.000000"):
        assert (await error_of(api.chat_update(channel=OPS, ts=ts, text="y")))["error"] == "message_not_found"
        assert (await error_of(api.chat_delete(channel=OPS, ts=ts)))["error"] == "message_not_found"
    said = await workspace.post("say", {"user": DANA, "channel": OPS, "text": "hello"})
    theirs = said["ts"]
    assert (await error_of(api.chat_update(channel=OPS, ts=theirs, text="y")))[
        "error"
    ] == "cant_update_message"
    assert (await error_of(api.chat_delete(channel=OPS, ts=theirs)))["error"] == "cant_delete_message"


async def test_messages_need_words_but_not_too_many(workspace: Workspace) -> None:
    api = workspace.api
    await workspace.post("settings", {"limits": "off"})
    silent = await call(workspace, "chat.postMessage", json={"channel": OPS, "text": ""})
    assert silent["error"] == "no_text"
    assert (await error_of(api.chat_postMessage(channel=OPS, text="x" * 40_001)))["error"] == "msg_too_long"
    assert (await api.chat_postMessage(channel=OPS, text="x" * 40_000))["ok"]
    long = [section("x" * 3000) for _ in range(5)]
    refused = await error_of(api.chat_postMessage(channel=OPS, text="x", blocks=long))
    assert refused["error"] == "msg_blocks_too_long"


async def test_replies_stay_in_their_thread(workspace: Workspace) -> None:
    api = workspace.api
    root = (await api.chat_postMessage(channel=OPS, text="root"))["ts"]
    reply = (await api.chat_postMessage(channel=OPS, text="reply", thread_ts=root))["ts"]
    nested = (await api.chat_postMessage(channel=OPS, text="nested", thread_ts=reply))["ts"]
    await workspace.post("settings", {"limits": "off"})
    assert [m["text"] for m in (await api.conversations_history(channel=OPS))["messages"]] == ["root"]
    thread = (await api.conversations_replies(channel=OPS, ts=root))["messages"]
    assert [m["ts"] for m in thread] == [root, reply, nested]
    assert {m["thread_ts"] for m in thread} == {root} and thread[0]["reply_count"] == 2
    refused = await error_of(api.chat_postMessage(channel=OPS, text="x", thread_ts="1.000000"))
    assert refused["error"] == "cannot_reply_to_message"


async def test_a_reply_can_be_sent_to_the_channel_as_well(workspace: Workspace) -> None:
    api = workspace.api
    root = (await api.chat_postMessage(channel=OPS, text="root"))["ts"]
    told = await api.chat_postMessage(channel=OPS, text="all", thread_ts=root, reply_broadcast=True)
    assert told["message"]["subtype"] == "thread_broadcast"
    await api.chat_postMessage(channel=OPS, text="the thread", thread_ts=root)
    history = (await api.conversations_history(channel=OPS))["messages"]
    assert [message["text"] for message in history] == ["all", "root"]
    assert (await workspace.get("about"))["channels"][OPS]["broadcasts"] == [told["ts"]]


async def test_history_is_newest_first_in_pages_and_gives_metadata_only_when_asked(
    workspace: Workspace,
) -> None:
    api = workspace.api
    await workspace.post("settings", {"limits": "off"})
    metadata = {"event_type": "request", "event_payload": {"id": "req_1"}}
    ts = [(await api.chat_postMessage(channel=OPS, text=str(n), metadata=metadata))["ts"] for n in range(5)]
    await api.chat_postEphemeral(channel=OPS, user=DANA, text="not in history")
    first = await api.conversations_history(channel=OPS, limit=3, include_all_metadata=True)
    assert [m["text"] for m in first["messages"]] == ["4", "3", "2"] and first["has_more"]
    assert first["messages"][0]["metadata"] == metadata
    rest = await api.conversations_history(
        channel=OPS, limit=3, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [m["text"] for m in rest["messages"]] == ["1", "0"] and not rest["has_more"]
    assert "metadata" not in rest["messages"][0]
    since = await api.conversations_history(channel=OPS, oldest=ts[2])
    assert [m["text"] for m in since["messages"]] == ["4", "3"]


async def test_ephemerals_go_to_members_only(workspace: Workspace) -> None:
    api = workspace.api
    refused = await error_of(api.chat_postEphemeral(channel=SHARED, user=OMAR, text="x"))
    assert refused["error"] == "user_not_in_channel"
    assert (await error_of(api.chat_postEphemeral(channel=OPS, user="U0", text="x")))[
        "error"
    ] == "user_not_found"


async def test_direct_messages_are_channels(workspace: Workspace) -> None:
    opened = (await workspace.api.conversations_open(users=[DANA]))["channel"]["id"]
    posted = await workspace.api.chat_postMessage(channel=DANA, text="psst")
    assert posted["channel"] == opened and opened.startswith("D")
    assert [message["text"] for message in await workspace.messages(opened)] == ["psst"]
    assert (await error_of(workspace.api.conversations_open(users=[GONE])))["error"] == "user_disabled"
    assert (await error_of(workspace.api.conversations_open(users="")))["error"] == "users_list_not_supplied"


async def test_a_permalink_leads_to_the_page(workspace: Workspace) -> None:
    ts = (await workspace.api.chat_postMessage(channel=OPS, text="x"))["ts"]
    link = (await workspace.api.chat_getPermalink(channel=OPS, message_ts=ts))["permalink"]
    assert link == f"{workspace.slack.url}/archives/{OPS}/p{ts.replace('.', '')}"
    async with workspace.http.get(link, allow_redirects=False) as response:
        assert response.status == 302
    refused = await error_of(workspace.api.chat_getPermalink(channel=OPS, message_ts="1.0"))
    assert refused["error"] == "message_not_found"


async def test_people_are_described_with_their_zone_and_standing(workspace: Workspace) -> None:
    dana = (await workspace.api.users_info(user=DANA))["user"]
    assert dana["tz"] == "Europe/Berlin" and dana["tz_offset"] in (3600, 7200)
    assert (await workspace.api.users_info(user=GUEST))["user"]["is_restricted"]
    gone = (await workspace.api.users_info(user=GONE))["user"]
    assert gone["deleted"] and not {"tz", "is_restricted", "real_name"} & set(gone)
    assert (await error_of(workspace.api.users_info(user="U0")))["error"] == "user_not_found"


async def test_another_bot_is_known_as_one_and_has_no_direct_messages() -> None:
    robot = Person("U07ROBOT", "Deploys", is_bot=True)
    async with sandbox_slack((*PEOPLE, robot), CHANNELS) as slack:
        api = AsyncWebClient(slack.bot_token, slack.api_url)
        assert (await api.users_info(user=robot.id))["user"]["is_bot"]
        assert (await error_of(api.conversations_open(users=[robot.id])))["error"] == "cannot_dm_bot"
        assert (await error_of(api.chat_postMessage(channel=robot.id, text="x")))[
            "error"
        ] == "channel_not_found"


async def test_only_their_team_gives_people_from_shared_channels_away(workspace: Workspace) -> None:
    stranger = (await workspace.api.users_info(user=STRANGER))["user"]
    assert stranger["team_id"] != workspace.slack.team_id and not stranger["is_stranger"]
    await workspace.post("admin", {"act": "remove_app", "channel": SHARED})
    assert (await workspace.api.users_info(user=STRANGER))["user"]["is_stranger"]


async def test_everyone_is_listed_page_by_page_slackbot_and_the_app_too(workspace: Workspace) -> None:
    users = [user async for page in await workspace.api.users_list(limit=2) for user in page["members"]]
    assert users[0]["id"] == "USLACKBOT" and users[0]["is_bot"] is False
    assert users[-1]["id"] == workspace.slack.bot_user_id and users[-1]["is_bot"] is True
    assert len(users) == 8


async def test_user_groups_and_their_members_are_listed(workspace: Workspace) -> None:
    [group] = (await workspace.api.usergroups_list())["usergroups"]
    assert group["handle"] == "dba" and "users" not in group
    assert (await workspace.api.usergroups_users_list(usergroup=group["id"]))["users"] == [DANA, OMAR]
    refused = await error_of(workspace.api.usergroups_users_list(usergroup="S0"))
    assert refused["error"] == "no_such_subteam"


async def test_channels_are_described_and_private_ones_stay_hidden(workspace: Workspace) -> None:
    listed = (await workspace.api.conversations_list(types="public_channel,private_channel"))["channels"]
    assert {channel["id"] for channel in listed} == {OPS, OLD, ELSEWHERE, SHARED}
    current = (await workspace.api.conversations_list(exclude_archived=True))["channels"]
    assert OLD not in {channel["id"] for channel in current}
    shared = (await workspace.api.conversations_info(channel=SHARED))["channel"]
    assert shared["is_ext_shared"] and shared["is_member"]
    assert (await error_of(workspace.api.conversations_info(channel=SECRET)))["error"] == "channel_not_found"
    members = (await workspace.api.conversations_members(channel=SHARED))["members"]
    assert set(members) == {DANA, STRANGER, workspace.slack.bot_user_id}


async def test_a_reaction_counts_once(workspace: Workspace) -> None:
    ts = (await workspace.api.chat_postMessage(channel=OPS, text="x"))["ts"]
    await workspace.api.reactions_add(channel=OPS, name="eyes", timestamp=ts)
    refused = await error_of(workspace.api.reactions_add(channel=OPS, name="eyes", timestamp=ts))
    assert refused["error"] == "already_reacted"


async def test_the_bot_and_the_team_introduce_themselves(workspace: Workspace) -> None:
    bot_id = (await workspace.api.auth_test())["bot_id"]
    assert (await workspace.api.bots_info(bot=bot_id))["bot"]["user_id"] == workspace.slack.bot_user_id
    assert (await workspace.api.team_info())["team"]["id"] == workspace.slack.team_id


async def test_a_file_is_uploaded_in_three_steps_and_shown_in_the_channel(workspace: Workspace) -> None:
    done = await workspace.api.files_upload_v2(
        channel=OPS, content="id,name\n1,x\n", filename="rows.csv", title="Rows", initial_comment="the rows"
    )
    [message] = await workspace.messages()
    [shown] = message["files"]
    assert message["text"] == "the rows" and shown["id"] == done["file"]["id"]
    assert (shown["name"], shown["title"], shown["mimetype"]) == ("rows.csv", "Rows", "text/csv")
    async with workspace.http.get(shown["url_private"]) as response:
        assert await response.text() == "id,name\n1,x\n"


async def test_an_upload_that_breaks_off_cannot_be_completed(workspace: Workspace) -> None:
    asked = await workspace.api.files_getUploadURLExternal(filename="a.txt", length=5)
    async with workspace.http.post(asked["upload_url"], data=b"four") as response:
        assert response.status == 400
    refused = await error_of(
        workspace.api.files_completeUploadExternal(files=[{"id": asked["file_id"], "title": "a"}])
    )
    assert refused["error"] == "file_not_found"


async def test_no_token_or_secret_is_ever_in_the_journal_or_the_state(workspace: Workspace) -> None:
    slack = workspace.slack
    await workspace.api.chat_postMessage(channel=OPS, text="x", token=slack.bot_token)
    async with workspace.http.post(f"{slack.api_url}auth.test", data={"token": slack.bot_token}) as response:
        assert response.status == 200
    await workspace.api.apps_connections_open(app_token=slack.app_token)
    seen = json.dumps([await workspace.get(what) for what in ("journal", "state", "about")])
    for secret in (slack.bot_token, slack.app_token, slack.signing_secret):
        assert secret not in seen
    assert slack.bot_token not in repr(slack)
