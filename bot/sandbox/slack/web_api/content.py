"""What Slack accepts as a message or a view, and how an app gets to see them.

Turns the complaints of `limits.py` into the error words of the Web API.
"""

from typing import Any

from bot.sandbox.slack.elements import fill_ids
from bot.sandbox.slack.limits import (
    BYTES_OF_A_VIEW,
    TEXT_OF_A_MESSAGE,
    WORDS_OF_A_MESSAGE,
    complaints_about_blocks,
    complaints_about_view,
    words_of,
)
from bot.sandbox.slack.web_api.call import ApiError, Arguments
from bot.sandbox.slack.world import Channel, Json, Message, Values, View, World


def checked_blocks(raw: Any) -> list[Json]:
    """The blocks with ids filled in. Raises ApiError."""
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise ApiError("invalid_blocks_format")
    if complaints := complaints_about_blocks(raw):
        raise ApiError("invalid_blocks", complaints, errors=complaints)
    if words_of(raw) > WORDS_OF_A_MESSAGE:
        raise ApiError("msg_blocks_too_long")
    return fill_ids(raw)


def checked_text(text: str, blocks: list[Json]) -> str:
    if len(text) > TEXT_OF_A_MESSAGE:
        raise ApiError("msg_too_long")
    if not text and not blocks:
        raise ApiError("no_text")
    return text


def checked_metadata(args: Arguments) -> Json | None:
    metadata = args.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise ApiError("invalid_metadata_schema")
    if not isinstance(metadata["event_payload"], dict):
        raise ApiError("invalid_metadata_schema")
    return metadata


def checked_view(raw: Any, kinds: tuple[str, ...]) -> Json:
    """The view with ids filled in. Raises ApiError."""
    complaints = complaints_about_view(raw)
    if not complaints and raw["type"] not in kinds:
        complaints = [f"must be one of {', '.join(kinds)} [json-pointer:/view/type]"]
    if complaints:
        raise ApiError("invalid_arguments", complaints)
    if len(repr(raw).encode()) > BYTES_OF_A_VIEW:
        raise ApiError("view_too_large")
    return {**raw, "blocks": fill_ids(raw["blocks"])}


def thread_of(channel: Channel, args: Arguments) -> str | None:
    """The `ts` of the thread that `thread_ts` asks for. Raises ApiError if there is no such message to reply to."""
    ts = args.optional("thread_ts")
    if ts is None:
        return None
    parent = channel.message(ts)
    if parent is None or parent.is_deleted or parent.ephemeral_to:
        raise ApiError("cannot_reply_to_message")
    return parent.thread_ts or parent.ts


def message_object(world: World, channel: Channel, message: Message, *, with_metadata: bool = False) -> Json:
    """A message as apps see it."""
    shown: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": world.team_of(message.user),
    }
    if message.user == world.bot_user_id:
        shown |= {"bot_id": world.bot_id, "app_id": world.app_id}
    if message.blocks:
        shown["blocks"] = message.blocks
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.is_broadcast:
        shown["subtype"] = "thread_broadcast"
    if message.edited:
        shown["edited"] = message.edited
    if message.files:
        shown["files"] = message.files
    if message.metadata and with_metadata:
        shown["metadata"] = message.metadata
    if message.reactions:
        shown["reactions"] = [
            {"name": name, "users": users, "count": len(users)} for name, users in message.reactions.items()
        ]
    replies = [one for one in channel.messages if one.thread_ts == message.ts and not one.is_deleted]
    if replies:
        shown |= {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
    return shown


def view_object(world: World, view: View, values: Values | None = None) -> Json:
    """A view as apps see it. `values` is what stands in its inputs; the Web API answers without."""
    content = view.content
    return {
        "id": view.id,
        "team_id": world.team_id,
        "type": content["type"],
        "blocks": content["blocks"],
        "private_metadata": content.get("private_metadata", ""),
        "callback_id": content.get("callback_id", ""),
        "state": {"values": values or {}},
        "hash": view.hash,
        "title": content.get("title"),
        "clear_on_close": content.get("clear_on_close", False),
        "notify_on_close": content.get("notify_on_close", False),
        "close": content.get("close"),
        "submit": content.get("submit"),
        "previous_view_id": view.previous_view_id,
        "root_view_id": view.root_view_id,
        "app_id": world.app_id,
        "external_id": content.get("external_id", ""),
        "app_installed_team_id": world.team_id,
        "bot_id": world.bot_id,
    }
