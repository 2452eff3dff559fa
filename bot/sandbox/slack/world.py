"""The living workspace: people, channels, messages, views. Plain state with the few moves that keep it consistent.

Holds what is true and tells watchers that something changed; whether an app may do something is decided in `web_api`,
what a person sees of it in `page`.
"""

import asyncio
import itertools
import mimetypes
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.passes import Clock, Passes
from bot.sandbox.slack.specs import ChannelSpec, Manifest, Person

Json = dict[str, Any]
Values = dict[str, dict[str, Json]]
"""What stands in the inputs of one surface: block_id -> action_id -> Slack's state value."""


@dataclass(slots=True)
class Message:
    """One message. `ts` is seconds since 1970 with six decimals, unique in the workspace."""

    ts: str
    user: str
    text: str
    blocks: list[Json]
    thread_ts: str | None = None
    is_broadcast: bool = False
    ephemeral_to: str | None = None
    edited: Json | None = None
    is_deleted: bool = False
    files: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)

    def state(self) -> Json:
        """As `/sandbox/state` shows it."""
        optional = {
            "thread_ts": self.thread_ts,
            "edited": self.edited,
            "ephemeral_to": self.ephemeral_to,
            "deleted": self.is_deleted or None,
            "files": self.files or None,
        }
        shown = {key: value for key, value in optional.items() if value is not None}
        return {"ts": self.ts, "user": self.user, "text": self.text, "blocks": self.blocks, **shown}


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    members: set[str]
    is_private: bool = False
    is_im: bool = False
    is_ext_shared: bool = False
    is_archived: bool = False
    messages: list[Message] = field(default_factory=list)

    def message(self, ts: str) -> Message | None:
        return next((message for message in self.messages if message.ts == ts), None)

    @property
    def name_in_payloads(self) -> str:
        """Slack names only public channels to apps."""
        return "directmessage" if self.is_im else "privategroup" if self.is_private else self.name


@dataclass(eq=False, slots=True)
class View:
    """A modal or a Home tab; `content` is what the app sent, with block and action ids filled in, `values` what the
    person entered so far (kept over updates, by block and action id)."""

    id: str
    user: str
    content: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    values: Values = field(default_factory=dict)


@dataclass(slots=True)
class Upload:
    """A file on its way in; `content` is None until the bytes arrived."""

    file_id: str
    name: str
    length: int
    content: bytes | None = None

    @property
    def mimetype(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class World:
    """One workspace with one app installed. `rev` grows with every change; `changed()` wakes `wait_for_change()`."""

    team_id = "T0SANDBOX1"
    team_name = "Sandbox"
    team_domain = "sandbox"
    stranger_team_id = "T0PARTNER1"
    app_id = "A0SANDBOX1"
    bot_id = "B0SANDBOX1"
    bot_user_id = "U0SANDBOT1"

    def __init__(
        self,
        people: Sequence[Person],
        channels: Sequence[ChannelSpec],
        usergroups: Mapping[str, Sequence[str]],
        manifest: Manifest | None,
        clock: Clock,
    ) -> None:
        self.url = ""  # known once the server listens
        self.clock = clock
        self.manifest = manifest
        self.passes = Passes(clock)
        self.bot_token = f"xoxb-{secrets.token_hex(16)}"
        self.app_token = f"xapp-1-{self.app_id}-{secrets.token_hex(16)}"
        self.signing_secret = secrets.token_hex(16)
        self.bot = Person(self.bot_user_id, manifest.bot_name if manifest else "app", is_bot=True)
        self.people = {person.id: person for person in people}
        self.channels = {spec.id: self._channel(spec) for spec in channels}
        self.usergroups = {
            f"S0GROUP{n:03}": (name, list(ids)) for n, (name, ids) in enumerate(usergroups.items())
        }
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.selected: dict[tuple[str, str], Values] = {}
        self.uploads: dict[str, Upload] = {}
        self.rev = 0
        self._watchers: set[asyncio.Event] = set()
        self._last_us = 0
        self._ids = itertools.count(1)

    def _channel(self, spec: ChannelSpec) -> Channel:
        members = set(self.people) if spec.members is None else set(spec.members)
        if spec.bot_is_member:
            members.add(self.bot_user_id)
        return Channel(
            spec.id,
            spec.name,
            members,
            is_private=spec.is_private,
            is_ext_shared=spec.is_ext_shared,
            is_archived=spec.is_archived,
        )

    def person(self, user: str) -> Person | None:
        return self.bot if user == self.bot_user_id else self.people.get(user)

    def team_of(self, user: str) -> str:
        person = self.person(user)
        return self.stranger_team_id if person and person.is_stranger else self.team_id

    def direct_channel(self, user: str) -> Channel:
        """The direct messages between a person and the app, opened if need be."""
        channel_id = self.direct_channel_id(user)
        if channel_id not in self.channels:
            name = self.people[user].name
            self.channels[channel_id] = Channel(channel_id, name, {user, self.bot_user_id}, is_im=True)
            self.changed()
        return self.channels[channel_id]

    @staticmethod
    def direct_channel_id(user: str) -> str:
        return f"D{user[1:]}"

    def next_ts(self) -> str:
        self._last_us = max(self._last_us + 1, round(self.clock() * 1_000_000))
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06}"

    def new_id(self, letter: str) -> str:
        return f"{letter}0{next(self._ids):04}{secrets.token_hex(3).upper()}"

    def post(self, channel: Channel, message: Message) -> None:
        channel.messages.append(message)
        self.changed()

    def open_views(self) -> Iterator[View]:
        for stack in self.stacks.values():
            yield from stack

    def view(self, view_id: str) -> View | None:
        """A modal that is open, or someone's Home."""
        views = itertools.chain(self.open_views(), self.homes.values())
        return next((view for view in views if view.id == view_id), None)

    def is_on_top(self, view: View) -> bool:
        stack = self.stacks.get(view.user, [])
        return view is self.homes.get(view.user) or (bool(stack) and stack[-1] is view)

    def push_view(self, user: str, content: Json) -> View:
        """Put a modal on top of the person's stack."""
        stack = self.stacks.setdefault(user, [])
        view_id = self.new_id("V")
        root, previous = (stack[0].id, stack[-1].id) if stack else (view_id, None)
        view = View(view_id, user, content, self._view_hash(), root, previous)
        stack.append(view)
        self.changed()
        return view

    def replace_view(self, view: View, content: Json) -> None:
        view.content, view.hash = content, self._view_hash()
        self.changed()

    def close_view(self, view: View) -> None:
        stack = self.stacks.get(view.user, [])
        if view in stack:
            stack.remove(view)
            self.changed()

    def close_stack(self, user: str) -> None:
        self.stacks.pop(user, None)
        self.changed()

    def publish_home(self, user: str, content: Json) -> View:
        view = self.homes.get(user)
        if view is None:
            view_id = self.new_id("V")
            view = self.homes[user] = View(view_id, user, content, self._view_hash(), view_id)
        self.replace_view(view, content)
        return view

    def _view_hash(self) -> str:
        return f"{int(self.clock())}.{secrets.token_hex(4)}"

    def changed(self) -> None:
        self.rev += 1
        for watcher in self._watchers:
            watcher.set()

    async def wait_for_change(self, since: int) -> int:
        """Return the current `rev` as soon as it is past `since`."""
        watcher = asyncio.Event()
        self._watchers.add(watcher)
        try:
            while self.rev <= since:
                watcher.clear()
                await watcher.wait()
            return self.rev
        finally:
            self._watchers.discard(watcher)
