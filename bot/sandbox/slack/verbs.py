"""What people do: type a command, press a button, submit or close a modal, open Home.

Decides what Slack's own client decides before anything is sent (can this person see it, is the form complete), hands
the interaction to the app and shows what came back. The answers have one shape: `{ok, ack_ms, error?, response_action?,
errors?}`; malformed requests get HTTP 400.
"""

import asyncio
from typing import Any, TypeVar

from aiohttp import web
from pydantic import Field

from bot.sandbox.slack import payloads
from bot.sandbox.slack.answers import Answers
from bot.sandbox.slack.delivery import Ack, Delivery, Envelope
from bot.sandbox.slack.elements import (
    STATELESS,
    NoSuchOption,
    action,
    complaint,
    inputs,
    interactive,
    standing_values,
    state_value,
)
from bot.sandbox.slack.orders import Order, bad_request, read_order
from bot.sandbox.slack.world import Channel, Json, Message, Values, View, World

RETRY_AFTER_SECONDS = (0.0, 60.0, 300.0)
"""An event that was not acknowledged comes three times more: at once, a minute and five minutes later."""


class Refusal(Exception):
    """`str()` of it is one of the contract's error words."""


class Wish(Order):
    user: str


class Slash(Wish):
    channel: str
    command: str
    text: str = ""


class Click(Wish):
    action_id: str
    channel: str | None = None
    ts: str | None = None
    view_id: str | None = None
    block_id: str | None = None
    value: Any = None


class Submit(Wish):
    view_id: str
    values: dict[str, Any] = Field(default_factory=dict)


class Close(Wish):
    view_id: str


class Home(Wish):
    pass


class Say(Wish):
    channel: str
    text: str
    thread_ts: str | None = None


W = TypeVar("W", bound=Wish)


class Verbs:
    def __init__(self, world: World, delivery: Delivery, answers: Answers) -> None:
        self._world = world
        self._delivery = delivery
        self._answers = answers
        self._redeliveries: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/sandbox/slash", self.slash),
            web.post("/sandbox/click", self.click),
            web.post("/sandbox/submit", self.submit),
            web.post("/sandbox/close", self.close_modal),
            web.post("/sandbox/home", self.home),
            web.post("/sandbox/say", self.say),
        ]

    async def slash(self, request: web.Request) -> web.Response:
        wish = await self._read(Slash, request)
        try:
            channel = self._channel_to_type_in(wish.user, wish.channel)
            if not self._has_command(wish.command):
                raise Refusal("no_such_action")
        except Refusal as refusal:
            return refused(refusal)
        payload = payloads.slash_command(self._world, wish.user, channel, wish.command, wish.text)
        ack = await self._delivery.deliver(Envelope("slash_commands", payload, takes_a_body=True))
        if ack.error is None:
            self._answers.take_command_ack(wish.user, channel, ack.body)
        return answered(ack)

    async def click(self, request: web.Request) -> web.Response:
        wish = await self._read(Click, request)
        try:
            payload = self._pressed_in_view(wish) if wish.view_id else self._pressed_in_message(wish)
        except NoSuchOption:
            return refused(Refusal("no_such_action"))
        except Refusal as refusal:
            return refused(refusal)
        ack = await self._delivery.deliver(Envelope("interactive", payload))
        if ack.error is None:
            self._answers.take_ignored_ack(ack.body)
        return answered(ack)

    async def submit(self, request: web.Request) -> web.Response:
        wish = await self._read(Submit, request)
        try:
            view = self._view_on_top(wish.user, wish.view_id)
            if not view.content.get("submit"):
                raise Refusal("no_submit")
            self._enter(view, wish.values)
        except NoSuchOption:
            return refused(Refusal("no_such_action"))
        except Refusal as refusal:
            return refused(refusal)
        if errors := _incomplete(view):
            return answered(Ack(0.0), {"response_action": "errors", "errors": errors})
        payload = payloads.view_submission(self._world, view)
        ack = await self._delivery.deliver(Envelope("interactive", payload, takes_a_body=True))
        shown = self._answers.take_submission_ack(view, ack.body) if ack.error is None else {}
        return answered(ack, shown)

    async def close_modal(self, request: web.Request) -> web.Response:
        wish = await self._read(Close, request)
        try:
            view = self._view_on_top(wish.user, wish.view_id)
        except Refusal as refusal:
            return refused(refusal)
        is_cleared = bool(view.content.get("clear_on_close"))
        payload = payloads.view_closed(self._world, view, is_cleared)
        if is_cleared:
            self._world.close_stack(view.user)
        else:
            self._world.close_view(view)
        if not view.content.get("notify_on_close"):
            return answered(Ack(0.0))
        return answered(await self._delivery.deliver(Envelope("interactive", payload)))

    async def home(self, request: web.Request) -> web.Response:
        wish = await self._read(Home, request)
        manifest = self._world.manifest
        if manifest is not None and not (manifest.home_enabled and "app_home_opened" in manifest.events):
            return refused(Refusal("no_such_action"))
        return answered(await self._deliver_event(payloads.home_opened(self._world, wish.user)))

    async def say(self, request: web.Request) -> web.Response:
        """An ordinary message of a person; the answer carries its `ts`. The app hears of it as its manifest asks."""
        wish = await self._read(Say, request)
        try:
            channel = self._channel_to_type_in(wish.user, wish.channel)
        except Refusal as refusal:
            return refused(refusal)
        text = payloads.escaped(self._world, wish.text)
        message = Message(self._world.next_ts(), wish.user, text, [], thread_ts=wish.thread_ts)
        self._world.post(channel, message)
        ack = Ack(0.0)
        for payload in payloads.events_of_message(self._world, channel, message):
            ack = await self._deliver_event(payload)
        return answered(ack, {"ts": message.ts})

    async def close(self) -> None:
        for task in self._redeliveries:
            task.cancel()

    async def _deliver_event(self, payload: Json) -> Ack:
        ack = await self._delivery.deliver(Envelope("events_api", payload))
        if ack.retry_reason is not None:
            task = asyncio.create_task(self._redeliver(payload, ack.retry_reason))
            self._redeliveries.add(task)
            task.add_done_callback(self._redeliveries.discard)
        elif ack.error is None:
            self._answers.take_ignored_ack(ack.body)
        return ack

    async def _redeliver(self, payload: Json, reason: str) -> None:
        for retry, pause_seconds in enumerate(RETRY_AFTER_SECONDS, start=1):
            await asyncio.sleep(pause_seconds)
            ack = await self._delivery.deliver(Envelope("events_api", payload, retry=retry, reason=reason))
            if ack.retry_reason is None:
                return
            reason = ack.retry_reason

    async def _read(self, kind: type[W], request: web.Request) -> W:
        wish = await read_order(kind, request)
        if wish.user not in self._world.people:
            raise bad_request(f"unknown user: {wish.user}")
        return wish

    def _has_command(self, command: str) -> bool:
        manifest = self._world.manifest
        return manifest is None or (command in manifest.commands and "commands" in manifest.scopes)

    def _channel_to_type_in(self, user: str, channel_id: str) -> Channel:
        if channel_id == self._world.direct_channel_id(user):
            return self._world.direct_channel(user)
        channel = self._world.channels.get(channel_id)
        if channel is None or user not in channel.members or channel.is_archived:
            raise Refusal("not_visible")
        return channel

    def _pressed_in_message(self, wish: Click) -> Json:
        channel, message = self._message(wish)
        block, element = _element(message.blocks, wish)
        entered = self._world.selected.setdefault((message.ts, wish.user), {})
        done = self._act(block, element, wish, entered)
        values = standing_values(message.blocks, entered)
        return payloads.click_in_message(self._world, wish.user, channel, message, done, values)

    def _pressed_in_view(self, wish: Click) -> Json:
        view = self._view_on_top(wish.user, wish.view_id or "")
        block, element = _element(view.content["blocks"], wish)
        done = self._act(block, element, wish, view.values)
        return payloads.click_in_view(self._world, wish.user, view, done)

    def _act(self, block: Json, element: Json, wish: Click, entered: Values) -> Json:
        if self._world.manifest is not None and not self._world.manifest.is_interactive:
            raise Refusal("no_such_action")
        if wish.user not in element.get("visible_to_user_ids", [wish.user]):
            raise Refusal("not_visible")
        done = action(block, element, wish.value, self._world.next_ts())
        if element["type"] not in STATELESS:
            chosen = state_value(element, wish.value)
            entered.setdefault(block["block_id"], {})[element["action_id"]] = chosen
        return done

    def _message(self, wish: Click) -> tuple[Channel, Message]:
        channel = self._world.channels.get(wish.channel or "")
        message = channel.message(wish.ts or "") if channel else None
        if channel is None or message is None or message.is_deleted:
            raise Refusal("no_such_message")
        if wish.user not in channel.members or message.ephemeral_to not in (None, wish.user):
            raise Refusal("not_visible")
        return channel, message

    def _view_on_top(self, user: str, view_id: str) -> View:
        view = self._world.view(view_id)
        if view is None:
            raise Refusal("no_such_view")
        if view.user != user or not self._world.is_on_top(view):
            raise Refusal("not_visible")
        return view

    def _enter(self, view: View, values: dict[str, Any]) -> None:
        forms = {block["block_id"]: block["element"] for block in inputs(view.content["blocks"])}
        for block_id, value in values.items():
            if block_id not in forms:
                raise Refusal("no_such_action")
            element = forms[block_id]
            view.values.setdefault(block_id, {})[element["action_id"]] = state_value(element, value)


def _incomplete(view: View) -> dict[str, str]:
    standing = standing_values(view.content["blocks"], view.values)
    complaints = {
        block["block_id"]: complaint(block, standing[block["block_id"]][block["element"]["action_id"]])
        for block in inputs(view.content["blocks"])
    }
    return {block_id: what for block_id, what in complaints.items() if what is not None}


def _element(blocks: list[Json], wish: Click) -> tuple[Json, Json]:
    """The element that is meant. Several buttons may share an action_id; then the value tells which."""
    for block, element in interactive(blocks):
        if element["action_id"] != wish.action_id or wish.block_id not in (None, block["block_id"]):
            continue
        if block["type"] == "input" and not block.get("dispatch_action"):
            continue  # such an input is heard only when the form is submitted
        if element["type"] == "button" and wish.value not in (None, element.get("value")):
            continue
        return block, element
    raise Refusal("no_such_action")


def answered(ack: Ack, shown: Json | None = None) -> web.Response:
    error = {"error": ack.error} if ack.error else {}
    return web.json_response({"ok": ack.error is None, "ack_ms": ack.ms, **error, **(shown or {})})


def refused(refusal: Refusal) -> web.Response:
    return answered(Ack(None, str(refusal)))
