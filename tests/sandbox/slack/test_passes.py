"""What wears out: trigger ids, response URLs, view hashes, modal stacks, rates. Time is moved by hand."""

from collections.abc import AsyncIterator

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.sandbox.slack.rates import MESSAGES_PER_MINUTE, Rates
from bot.sandbox.slack.web_api import METHODS
from tests.sandbox.slack.conftest import a_workspace
from tests.sandbox.slack.workspace import (
    DANA,
    OMAR,
    OPS,
    SHARED,
    Json,
    Plug,
    Workspace,
    error_of,
    modal,
    section,
)

START = 1_790_000_000.0


class Hands:
    """A clock that moves when told to."""

    now = START

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
async def workspace(hands: Hands) -> AsyncIterator[Workspace]:
    async with a_workspace(clock=hands) as workspace:
        yield workspace


@pytest.fixture
async def bodies(plug: Plug, app: AsyncApp) -> list[Json]:
    bodies: list[Json] = []

    @app.command("/restore")
    @app.view("")
    async def remember(ack: AsyncAck, body: Json) -> None:
        bodies.append(body)
        await ack()

    await plug(app)
    return bodies


async def trigger(workspace: Workspace, bodies: list[Json]) -> str:
    assert (await workspace.slash())["ok"]
    name: str = bodies[-1]["trigger_id"]
    return name


async def respond(workspace: Workspace, url: str, **body: object) -> tuple[int, str]:
    async with workspace.http.post(url, json=body) as response:
        return response.status, await response.text()


async def test_a_trigger_opens_one_view_within_three_seconds(
    workspace: Workspace, hands: Hands, bodies: list[Json]
) -> None:
    api, view = workspace.api, modal(section("x"))
    late = await trigger(workspace, bodies)
    hands.forward(3.1)
    assert (await error_of(api.views_open(trigger_id=late, view=view)))["error"] == "expired_trigger_id"
    in_time = await trigger(workspace, bodies)
    hands.forward(2.9)
    await api.views_open(trigger_id=in_time, view=view)
    assert (await error_of(api.views_open(trigger_id=in_time, view=view)))["error"] == "exchanged_trigger_id"
    assert (await error_of(api.views_open(trigger_id="1.2.3", view=view)))["error"] == "invalid_trigger_id"


async def test_a_refused_view_leaves_the_trigger_unused(workspace: Workspace, bodies: list[Json]) -> None:
    name = await trigger(workspace, bodies)
    refused = await error_of(workspace.api.views_open(trigger_id=name, view=modal(section(""))))
    assert refused["error"] == "invalid_arguments"
    assert (await workspace.api.views_open(trigger_id=name, view=modal(section("x"))))["ok"]


async def test_a_stale_hash_cannot_overwrite_a_newer_view(workspace: Workspace, bodies: list[Json]) -> None:
    api = workspace.api
    first = (await api.views_open(trigger_id=await trigger(workspace, bodies), view=modal(section("1"))))[
        "view"
    ]
    second = (await api.views_update(view_id=first["id"], hash=first["hash"], view=modal(section("2"))))[
        "view"
    ]
    assert second["hash"] != first["hash"]
    stale = api.views_update(view_id=first["id"], hash=first["hash"], view=modal(section("3")))
    assert (await error_of(stale))["error"] == "hash_conflict"
    assert (await error_of(api.views_update(view_id="V0", view=modal(section("3")))))["error"] == "not_found"


async def test_home_is_guarded_by_its_hash_too(workspace: Workspace) -> None:
    api, home = workspace.api, {"type": "home", "blocks": [section("x")]}
    first = (await api.views_publish(user_id=DANA, view=home))["view"]
    await api.views_publish(user_id=DANA, view=home, hash=first["hash"])
    stale = api.views_publish(user_id=DANA, view=home, hash=first["hash"])
    assert (await error_of(stale))["error"] == "hash_conflict"
    assert (await error_of(api.views_publish(user_id="U0", view=home)))["error"] == "invalid_arguments"
    assert (await error_of(api.views_publish(user_id=DANA, view=modal(section("x")))))[
        "error"
    ] == "invalid_arguments"


async def test_a_view_is_pushed_only_from_inside_a_modal(workspace: Workspace, bodies: list[Json]) -> None:
    pushed = workspace.api.views_push(trigger_id=await trigger(workspace, bodies), view=modal(section("x")))
    assert (await error_of(pushed))["error"] == "not_found"


async def test_pushing_a_fourth_modal_is_too_much(workspace: Workspace, plug: Plug, app: AsyncApp) -> None:
    triggers: list[str] = []

    @app.command("/restore")
    @app.action("more")
    async def remember(ack: AsyncAck, body: Json) -> None:
        triggers.append(body["trigger_id"])
        await ack()

    await plug(app)
    more = {"type": "button", "action_id": "more", "text": {"type": "plain_text", "text": "More"}}
    content = modal({"type": "actions", "elements": [more]})
    await workspace.slash()
    view = (await workspace.api.views_open(trigger_id=triggers[-1], view=content))["view"]
    root = view["id"]
    for _ in range(2):
        await workspace.post("click", {"user": DANA, "view_id": view["id"], "action_id": "more"})
        pushed = (await workspace.api.views_push(trigger_id=triggers[-1], view=content))["view"]
        assert (pushed["root_view_id"], pushed["previous_view_id"]) == (root, view["id"])
        view = pushed
    await workspace.post("click", {"user": DANA, "view_id": view["id"], "action_id": "more"})
    refused = await error_of(workspace.api.views_push(trigger_id=triggers[-1], view=content))
    assert refused["error"] == "push_limit_reached"


async def test_a_response_url_works_five_times(workspace: Workspace, bodies: list[Json]) -> None:
    await trigger(workspace, bodies)
    url = bodies[-1]["response_url"]
    for n in range(5):
        assert await respond(workspace, url, text=str(n)) == (200, "ok")
    assert await respond(workspace, url, text="6") == (404, "used_url")
    journal = await workspace.journal("response_url")
    assert [entry["status"] for entry in journal] == [200] * 5 + [404]
    assert journal[-1]["error"] == "used_url"


async def test_a_response_url_works_for_thirty_minutes(
    workspace: Workspace, hands: Hands, bodies: list[Json]
) -> None:
    await trigger(workspace, bodies)
    url = bodies[-1]["response_url"]
    hands.forward(29 * 60)
    assert (await respond(workspace, url, text="still"))[0] == 200
    hands.forward(2 * 60)
    assert await respond(workspace, url, text="late") == (404, "expired_url")
    [message] = await workspace.messages()
    assert (message["text"], message["ephemeral_to"]) == ("still", DANA)


async def test_a_response_url_accepts_only_what_slack_does(workspace: Workspace, bodies: list[Json]) -> None:
    await trigger(workspace, bodies)
    url = bodies[-1]["response_url"]
    assert await respond(workspace, url, txt="x") == (400, "invalid_payload")
    assert await respond(workspace, url, blocks=[section("")]) == (400, "invalid_blocks")
    assert await respond(workspace, url, delete_original=True) == (400, "message_not_found")
    assert await workspace.messages() == []


async def test_a_channel_takes_one_message_a_second_after_a_short_burst(
    workspace: Workspace, hands: Hands
) -> None:
    api = workspace.api
    for _ in range(3):
        await api.chat_postMessage(channel=OPS, text="x")
    blocked = api.chat_postMessage(channel=OPS, text="x")
    assert (await error_of(blocked))["error"] == "ratelimited"
    [entry] = [entry for entry in await workspace.journal("chat.postMessage") if entry["status"] == 429]
    assert entry["error"] == "ratelimited"
    headers = {"Authorization": f"Bearer {workspace.slack.bot_token}"}
    url, order = f"{workspace.slack.api_url}chat.postMessage", {"channel": OPS, "text": "x"}
    async with workspace.http.post(url, json=order, headers=headers) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "1")
    assert (await api.chat_postMessage(channel=SHARED, text="other channel"))["ok"]
    hands.forward(1.0)
    assert (await api.chat_postMessage(channel=OPS, text="x"))["ok"]
    assert (await error_of(api.chat_postMessage(channel=OPS, text="x")))["error"] == "ratelimited"


async def test_too_many_calls_are_told_how_long_to_wait(workspace: Workspace, hands: Hands) -> None:
    ts = (await workspace.api.chat_postMessage(channel=OPS, text="x"))["ts"]
    for _ in range(50):
        await workspace.api.chat_update(channel=OPS, ts=ts, text="y")
        hands.forward(0.5)
    url, headers = workspace.slack.api_url, {"Authorization": f"Bearer {workspace.slack.bot_token}"}
    order = {"channel": OPS, "ts": ts, "text": "z"}
    async with workspace.http.post(f"{url}chat.update", json=order, headers=headers) as response:
        assert response.status == 429 and response.headers["Retry-After"] == "35"
    hands.forward(35)
    assert (await workspace.api.chat_update(channel=OPS, ts=ts, text="z"))["ok"]


@pytest.mark.parametrize(
    ("methods", "per_minute"),
    [
        ("users.list", 20),
        (
            "chat.update conversations.info conversations.history conversations.replies apps.connections.open",
            50,
        ),
        ("chat.postEphemeral users.info views.open views.update views.publish", 100),
        ("chat.postMessage", None),
    ],
)
def test_methods_have_slacks_tiers(methods: str, per_minute: int | None) -> None:
    assert {METHODS[name].per_minute for name in methods.split()} == {per_minute}


def test_a_workspace_takes_so_many_messages_a_minute_over_all_channels(hands: Hands) -> None:
    rates = Rates(hands)
    assert not any(rates.wait_for_message(f"C{number}") for number in range(MESSAGES_PER_MINUTE))
    hands.forward(20)
    assert rates.wait_for_message("C0ANOTHER") == 40
    hands.forward(40)
    assert rates.wait_for_message("C0ANOTHER") == 0


async def test_limits_can_be_switched_off(workspace: Workspace) -> None:
    assert await workspace.post("settings", {"limits": "off"}) == {"limits": "off"}
    for _ in range(10):
        await workspace.api.chat_postMessage(channel=OPS, text="x")
    assert await workspace.post("settings", {"limits": "real"}) == {"limits": "real"}
    assert await workspace.get("settings") == {"limits": "real"}
    await workspace.post("settings", {"limits": "most"}, status=400)


async def test_every_message_has_its_own_time_even_in_the_same_instant(workspace: Workspace) -> None:
    posted = [(await workspace.api.chat_postMessage(channel=OPS, text="x"))["ts"] for _ in range(3)]
    assert posted == [f"{int(START)}.{n:06}" for n in range(3)]


async def test_a_new_modal_takes_the_place_of_an_open_one(workspace: Workspace, bodies: list[Json]) -> None:
    for text in ("1", "2"):
        view = modal(section(text), external_id=text)
        await workspace.api.views_open(trigger_id=await trigger(workspace, bodies), view=view)
    [shown] = (await workspace.get("state"))["views"]
    assert shown["view"]["external_id"] == "2"
    await workspace.slash(user=OMAR)
    taken = modal(section("3"), external_id="2")
    refused = await error_of(workspace.api.views_open(trigger_id=bodies[-1]["trigger_id"], view=taken))
    assert refused["error"] == "duplicate_external_id"
    assert (await workspace.api.views_update(external_id="2", view=modal(section("4"), external_id="2")))[
        "ok"
    ]
