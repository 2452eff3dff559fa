"""What goes wrong on purpose, as an unmodified slack_sdk and Bolt live through it."""

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.slack.workspace import (
    DANA,
    OMAR,
    OPS,
    Json,
    Plug,
    Workspace,
    actions,
    button,
    error_of,
    until,
)


@pytest.fixture
def patient(workspace: Workspace) -> AsyncWebClient:
    """A client that never tries again by itself."""
    return AsyncWebClient(workspace.slack.bot_token, base_url=workspace.slack.api_url, retry_handlers=[])


async def fault(workspace: Workspace, kind: str, **more: Any) -> str:
    answer = await workspace.post("faults", {"fault": kind, "times": 1, **more})
    name: str = answer["id"]
    return name


async def status_of(call: Awaitable[Any]) -> int:
    with pytest.raises(SlackApiError) as refused:
        await call
    status: int = refused.value.response.status_code
    return status


async def test_faults_are_listed_used_up_and_cleared(workspace: Workspace) -> None:
    first = await fault(workspace, "429", times=2, method="auth.test", seconds=3)
    second = await fault(workspace, "503")
    listed = await workspace.get("faults")
    assert [entry["id"] for entry in listed] == [first, second]
    assert listed[0] == {"id": first, "fault": "429", "times": 2, "seconds": 3.0, "method": "auth.test"}
    assert (await error_of(workspace.api.auth_test()))["error"] == "ratelimited"
    assert (await workspace.get("faults"))[0]["times"] == 1
    async with workspace.http.delete(f"{workspace.slack.url}/sandbox/faults") as response:
        assert response.status == 200
    assert await workspace.get("faults") == []
    assert (await workspace.api.auth_test())["ok"]


@pytest.mark.parametrize(
    "order",
    [{"fault": "slow_operation"}, {"fault": "429", "times": 0}, {"fault": "429", "path_regex": "x"}, {}],
)
async def test_orders_that_mean_nothing_here_are_refused(workspace: Workspace, order: Json) -> None:
    assert "detail" in await workspace.post("faults", order, status=400)


async def test_429_says_when_to_come_back_and_the_sdk_does(workspace: Workspace) -> None:
    workspace.api.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    await fault(workspace, "429", method="chat.postMessage", seconds=1)
    assert (await workspace.api.chat_postMessage(channel=OPS, text="x"))["ok"]
    entries = await workspace.journal("chat.postMessage")
    assert [(entry["status"], entry["error"]) for entry in entries] == [(429, "ratelimited"), (200, None)]


@pytest.mark.parametrize(("kind", "status"), [("503", 503), ("html_524", 524)])
async def test_something_before_slack_answers_instead(
    workspace: Workspace, patient: AsyncWebClient, kind: str, status: int
) -> None:
    await fault(workspace, kind, method="chat.postMessage")
    assert (await workspace.api.auth_test())["ok"]
    assert await status_of(patient.chat_postMessage(channel=OPS, text="x")) == status
    assert await workspace.messages() == []
    assert (await patient.chat_postMessage(channel=OPS, text="x"))["ok"]


async def test_a_delay_holds_the_call_up(workspace: Workspace) -> None:
    await fault(workspace, "delay", seconds=0.3)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await workspace.api.auth_test()
    assert loop.time() - started >= 0.3


async def test_a_call_cut_before_it_was_read_did_nothing(
    workspace: Workspace, patient: AsyncWebClient
) -> None:
    await fault(workspace, "cut_before")
    with pytest.raises(aiohttp.ClientError):
        await patient.chat_postMessage(channel=OPS, text="x")
    assert await workspace.messages() == [] and await workspace.journal("chat.postMessage") == []


@pytest.mark.parametrize("kind", ["cut_after", "truncate"])
async def test_a_call_whose_answer_was_lost_did_its_work(
    workspace: Workspace, patient: AsyncWebClient, kind: str
) -> None:
    await fault(workspace, kind, method="chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await patient.chat_postMessage(channel=OPS, text="x")
    assert [message["text"] for message in await workspace.messages()] == ["x"]
    [entry] = await workspace.journal("chat.postMessage")
    assert (entry["status"], entry["error"]) == (None, None)


async def test_slack_sdk_posts_twice_when_an_answer_is_lost(workspace: Workspace) -> None:
    """Its default handler tries again after a dropped connection: whoever posts must switch that off."""
    await fault(workspace, "cut_after", method="chat.postMessage")
    await workspace.api.chat_postMessage(channel=OPS, text="x")
    assert [message["text"] for message in await workspace.messages()] == ["x", "x"]


async def test_response_urls_fail_like_methods(workspace: Workspace, plug: Plug, app: AsyncApp) -> None:
    urls: list[str] = []

    @app.command("/restore")
    async def command(ack: AsyncAck, body: Json) -> None:
        urls.append(body["response_url"])
        await ack()

    await plug(app)
    await workspace.slash()
    await fault(workspace, "503", method="response_url")
    async with workspace.http.post(urls[0], json={"text": "x"}) as response:
        assert response.status == 503
    await fault(workspace, "cut_after", method="response_url")
    with pytest.raises(aiohttp.ClientError):
        await workspace.http.post(urls[0], json={"text": "x"})
    assert [message["text"] for message in await workspace.messages()] == ["x"]


async def test_a_duplicate_envelope_is_heard_twice_and_acknowledged_once(
    workspace: Workspace, plug: Plug, app: AsyncApp
) -> None:
    heard: list[Json] = []

    @app.action("go")
    async def pressed(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    await plug(app)
    ts = (await workspace.api.chat_postMessage(channel=OPS, text="x", blocks=[actions(button("go"))]))["ts"]
    await fault(workspace, "duplicate_envelope")
    assert (await workspace.click(DANA, ts, "go"))["ok"]

    async def both() -> bool:
        return len(heard) == 2

    await until(both)
    assert heard[0]["trigger_id"] == heard[1]["trigger_id"]
    await workspace.click(DANA, ts, "go")
    assert len(heard) == 3


async def test_a_click_in_flight_survives_a_refresh_of_the_socket(
    workspace: Workspace, plug: Plug, app: AsyncApp
) -> None:
    @app.action("go")
    async def pressed(ack: AsyncAck) -> None:
        await asyncio.sleep(0.3)
        await ack()

    bot = await plug(app)
    before = bot.handlers[0].client.current_session
    ts = (await workspace.api.chat_postMessage(channel=OPS, text="x", blocks=[actions(button("go"))]))["ts"]
    await fault(workspace, "refresh")
    assert (await workspace.click(DANA, ts, "go"))["ok"]
    assert bot.handlers[0].client.current_session is not before
    assert (await workspace.get("about"))["connections"] == 1
    assert (await workspace.click(OMAR, ts, "go"))["ok"]


@pytest.mark.parametrize("reason", ["warning", "link_disabled"])
async def test_a_socket_that_is_ended_for_another_reason_is_dialled_anew(
    workspace: Workspace, plug: Plug, app: AsyncApp, reason: str
) -> None:
    @app.action("go")
    async def pressed(ack: AsyncAck) -> None:
        await ack()

    bot = await plug(app)
    frames: list[str] = []

    async def note(frame: Any) -> None:
        frames.append(frame.data)

    bot.handlers[0].client.on_message_listeners.append(note)
    before = bot.handlers[0].client.current_session
    ts = (await workspace.api.chat_postMessage(channel=OPS, text="x", blocks=[actions(button("go"))]))["ts"]
    await fault(workspace, reason)
    await workspace.click(DANA, ts, "go")

    async def dialled_again() -> bool:
        about = await workspace.get("about")
        return bot.handlers[0].client.current_session is not before and about["connections"] == 1

    await until(dialled_again)
    assert any(f'"reason": "{reason}"' in frame for frame in frames)
    assert (await workspace.click(DANA, ts, "go"))["ok"]


async def test_the_eleventh_socket_is_turned_away_and_each_address_lets_one_in(workspace: Workspace) -> None:
    async def address() -> str:
        answer = await workspace.api.apps_connections_open(app_token=workspace.slack.app_token)
        url: str = answer["url"]
        return url

    used = ""
    async with contextlib.AsyncExitStack() as open_:
        for number in range(1, 11):
            used = await address()
            socket = await open_.enter_async_context(workspace.http.ws_connect(used))
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", number)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            await workspace.http.ws_connect(used)
        late = await open_.enter_async_context(workspace.http.ws_connect(await address()))
        assert (await late.receive_json())["reason"] == "too_many_websockets"
        assert (await late.receive()).type is aiohttp.WSMsgType.CLOSE


async def test_a_silent_socket_swallows_everything_until_the_app_dials_again(
    workspace: Workspace, plug: Plug, app: AsyncApp
) -> None:
    @app.command("/restore")
    async def command(ack: AsyncAck) -> None:
        await ack()

    bot = await plug(app)
    await workspace.slash()
    before = bot.handlers[0].client.current_session
    await fault(workspace, "silent_socket")
    assert (await workspace.slash())["error"] == "ack_timeout"

    async def dialled_again() -> bool:
        return bot.handlers[0].client.current_session is not before

    await until(dialled_again, seconds=10)
    assert (await workspace.slash())["ok"]


async def test_slack_sdk_never_gets_past_a_socket_that_failed_to_open(
    workspace: Workspace, plug: Plug, app: AsyncApp, caplog: pytest.LogCaptureFixture
) -> None:
    """It keeps dialling the same single-use address: whoever runs it must watch it and start it anew."""
    await plug(app)
    await fault(workspace, "503", method="link")
    await workspace.post("faults", {"fault": "refresh"})
    await workspace.slash()

    async def dialled_in_vain() -> bool:
        return caplog.text.count("401, message='Invalid response status'") >= 2

    await until(dialled_in_vain)
    assert (await workspace.get("about"))["connections"] == 0
    assert len(await workspace.journal("apps.connections.open")) == 2


async def test_a_silence_can_end_by_itself_or_be_called_off(
    workspace: Workspace, app: AsyncApp, plug: Plug
) -> None:
    @app.command("/restore")
    async def command(ack: AsyncAck) -> None:
        await ack()

    await plug(app)
    await workspace.slash()
    await fault(workspace, "silent_socket", seconds=60)
    async with workspace.http.delete(f"{workspace.slack.url}/sandbox/faults") as response:
        assert response.status == 200
    assert (await workspace.slash())["ok"]


async def test_an_event_that_was_not_acknowledged_comes_again(
    workspace: Workspace, plug: Plug, app: AsyncApp
) -> None:
    retries: list[Any] = []

    @app.event("app_home_opened")
    async def opened(request: Any, ack: AsyncAck) -> None:
        retries.append(request.headers.get("x-slack-retry-num"))

    handler = (await plug(app)).handlers[0]
    acknowledge = handler.client.send_socket_mode_response

    async def lose_the_first(response: Any) -> None:
        if len(retries) > 1:
            await acknowledge(response)

    handler.client.send_socket_mode_response = lose_the_first  # type: ignore[method-assign]
    assert (await workspace.post("home", {"user": DANA}))["error"] == "ack_timeout"

    async def again() -> bool:
        return len(retries) == 2

    await until(again)
    assert retries == [["0"], ["1"]]
