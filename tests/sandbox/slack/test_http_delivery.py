"""Interactions as signed HTTP requests, judged by Bolt's own verification."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck, AsyncApp

from tests.sandbox.slack.conftest import a_workspace
from tests.sandbox.slack.workspace import (
    DANA,
    OPS,
    Json,
    Workspace,
    actions,
    button,
    modal,
    text_input,
)


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """A port of our own: taken, and refusing connections until somebody serves on it."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        yield door


@pytest.fixture
async def workspace(door: socket.socket) -> AsyncIterator[Workspace]:
    async with a_workspace(request_url=f"http://127.0.0.1:{door.getsockname()[1]}/slack/events") as workspace:
        yield workspace


@asynccontextmanager
async def serving(app: AsyncApp, door: socket.socket) -> AsyncIterator[None]:
    async def receive(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server = web.Application()
    server.router.add_post("/slack/events", receive)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.SockSite(runner, door).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def test_commands_clicks_forms_and_events_arrive_signed(
    workspace: Workspace, app: AsyncApp, door: socket.socket
) -> None:
    heard: list[Json] = []

    @app.command("/restore")
    async def command(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack("on it")

    @app.action("go")
    async def pressed(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    @app.view("")
    async def submitted(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack(response_action="errors", errors={"name": "no"})

    @app.event("app_home_opened")
    async def opened(body: Json) -> None:
        heard.append(body)

    async with serving(app, door):
        await workspace.slack.wait_connected()
        answer = await workspace.slash("prod & co")
        assert answer["ok"] and answer["ack_ms"] > 0
        blocks = [actions(button("go"))]
        ts = (await workspace.api.chat_postMessage(channel=OPS, text="x", blocks=blocks))["ts"]
        assert (await workspace.click(DANA, ts, "go"))["ok"]
        view = await workspace.api.views_open(
            trigger_id=heard[1]["trigger_id"], view=modal(text_input("name"))
        )
        answer = await workspace.submit(DANA, view["view"]["id"], {"name": "x"})
        assert answer["response_action"] == "errors" and answer["errors"] == {"name": "no"}
        assert (await workspace.post("home", {"user": DANA}))["ok"]
        assert heard[0]["text"] == "prod &amp; co"
        assert (await workspace.messages())[0]["text"] == "on it"


async def test_a_wrong_secret_is_seen_by_bolt_and_counts_as_no_acknowledgement(
    workspace: Workspace, door: socket.socket
) -> None:
    app = AsyncApp(client=workspace.api, signing_secret="another")
    heard: list[Json] = []

    @app.command("/restore")
    async def command(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    async with serving(app, door):
        assert (await workspace.slash())["error"] == "ack_timeout"
    assert heard == []


async def test_without_a_server_there_is_no_bot(workspace: Workspace) -> None:
    assert (await workspace.slash())["error"] == "no_bot"


async def test_a_server_that_is_too_slow_is_given_up(
    workspace: Workspace, app: AsyncApp, door: socket.socket
) -> None:
    @app.command("/restore")
    async def command(ack: AsyncAck) -> None:
        await asyncio.sleep(3.5)
        await ack()

    async with serving(app, door):
        answer = await workspace.slash()
    assert answer["error"] == "ack_timeout" and 2900 <= answer["ack_ms"] <= 3300


async def test_a_duplicate_is_posted_twice(workspace: Workspace, app: AsyncApp, door: socket.socket) -> None:
    heard: list[Json] = []

    @app.command("/restore")
    async def command(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    async with serving(app, door):
        await workspace.post("faults", {"fault": "duplicate_envelope", "times": 1})
        assert (await workspace.slash())["ok"]
    assert len(heard) == 2 and heard[0] == heard[1]
