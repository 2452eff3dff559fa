"""What a Web API method is: its name, who may call it, how often, with which arguments, and the function that does it.

The functions live beside this module, one file per family, and raise `ApiError` with Slack's error word. Tokens,
scopes, rates and argument names are checked by `dispatch.py` before a function runs.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.world import Channel, Json, World

TIER_1, TIER_2, TIER_3, TIER_4 = 1, 20, 50, 100
"""Calls a minute, per method, workspace and app (docs.slack.dev/apis/web-api/rate-limits)."""


class ApiError(Exception):
    """An `ok: false` answer. `messages` go into `response_metadata`, `extra` beside `error`."""

    def __init__(self, error: str, messages: Sequence[str] = (), **extra: Any) -> None:
        super().__init__(error)
        self.error, self.messages, self.extra = error, list(messages), extra

    def body(self) -> Json:
        body: Json = {"ok": False, "error": self.error, **self.extra}
        if self.messages:
            body["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return body


@dataclass(frozen=True, slots=True)
class Arguments:
    """A call's arguments, however they came. JSON values stay what they are, the rest are strings."""

    values: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ApiError("invalid_arguments", [f"must be a string: {name}"])
        return str(value)

    def optional(self, name: str) -> str | None:
        return self.text(name) if name in self.values else None

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.values.get(name, default)
        if value in (True, "1", "true", "True", 1):
            return True
        if value in (False, "0", "false", "False", 0, ""):
            return False
        raise ApiError("invalid_arguments", [f"must be a boolean: {name}"])

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.text(name, str(default)))
        except ValueError:
            raise ApiError("invalid_arguments", [f"must be an integer: {name}"]) from None

    def structure(self, name: str, error: str) -> Any:
        """A JSON value, also when it came as a string. `error` is the answer to a string that is not JSON."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ApiError(error) from None


Handler = Callable[[World, Arguments], Json]


@dataclass(frozen=True, slots=True)
class Method:
    """`scopes`: any one of them is enough. `per_minute` None means that the method has rates of its own, or none.

    `reads_json` is false for methods that take form or query arguments only; Slack ignores a JSON body there.
    """

    name: str
    handler: Handler
    required: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()
    per_minute: int | None = TIER_3
    reads_json: bool = True
    for_app_token: bool = False


@dataclass(slots=True)
class Family:
    """Collects the methods of one file."""

    methods: list[Method] = field(default_factory=list)

    def method(
        self,
        name: str,
        *,
        required: str = "",
        optional: str = "",
        scopes: str = "",
        per_minute: int | None = TIER_3,
        reads_json: bool = True,
        for_app_token: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Names are separated by spaces."""

        def register(handler: Handler) -> Handler:
            self.methods.append(
                Method(
                    name,
                    handler,
                    tuple(required.split()),
                    frozenset(optional.split()),
                    tuple(scopes.split()),
                    per_minute,
                    reads_json,
                    for_app_token,
                )
            )
            return handler

        return register


def require_scope(world: World, scope: str) -> None:
    """For scopes that depend on what the call touches."""
    if world.manifest is not None and scope not in world.manifest.scopes:
        raise ApiError("missing_scope", needed=scope, provided=",".join(sorted(world.manifest.scopes)))


def known_channel(world: World, channel_id: str) -> Channel:
    """The channel, if the app can know of it: private ones only from the inside."""
    channel = world.channels.get(channel_id)
    if channel is None or (channel.is_private and world.bot_user_id not in channel.members):
        raise ApiError("channel_not_found")
    return channel


def kind_scope(channel: Channel, right: str) -> str:
    """`right` is read, history or write; the answer is e.g. `channels:read` or `im:history`."""
    kind = "im" if channel.is_im else "groups" if channel.is_private else "channels"
    return f"{kind}:{right}"


def page_of(entries: Sequence[Any], args: Arguments, default_limit: int = 100) -> tuple[list[Any], Json]:
    """One page of a cursor-paginated list and the `response_metadata` that leads to the next."""
    limit = args.number("limit", default_limit)
    if not 1 <= limit <= 1000:
        raise ApiError("invalid_limit")
    start = 0
    if cursor := args.text("cursor"):
        try:
            start = int(base64.b64decode(cursor, validate=True).decode().removeprefix("offset:"))
        except ValueError:
            raise ApiError("invalid_cursor") from None
    end = start + limit
    following = base64.b64encode(f"offset:{end}".encode()).decode() if end < len(entries) else ""
    return list(entries[start:end]), {"next_cursor": following}
