"""conversations.*: which channels there are, who is in them, what was said."""

from bot.sandbox.slack.web_api.call import (
    TIER_2,
    TIER_4,
    ApiError,
    Arguments,
    Family,
    kind_scope,
    known_channel,
    page_of,
    require_scope,
)
from bot.sandbox.slack.web_api.content import message_object
from bot.sandbox.slack.world import Channel, Json, Message, World

conversations = Family()
_READING = "cursor limit oldest latest inclusive include_all_metadata"


@conversations.method(
    "conversations.info",
    required="channel",
    optional="include_locale include_num_members",
    reads_json=False,
)
def info(world: World, args: Arguments) -> Json:
    channel = _readable(world, args, "read")
    return {"channel": channel_object(world, channel)}


@conversations.method(
    "conversations.list",
    optional="cursor exclude_archived limit team_id types",
    per_minute=TIER_2,
    reads_json=False,
)
def everything(world: World, args: Arguments) -> Json:
    kinds = args.text("types", "public_channel").replace(" ", "").split(",")
    scopes = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}
    for kind in kinds:
        if kind not in scopes:
            raise ApiError("invalid_types")
        require_scope(world, f"{scopes[kind]}:read")
    shown = [
        channel_object(world, channel)
        for channel in world.channels.values()
        if _kind(channel) in kinds
        and not (args.flag("exclude_archived") and channel.is_archived)
        and (world.bot_user_id in channel.members or not channel.is_private)
    ]
    page, metadata = page_of(shown, args)
    return {"channels": page, "response_metadata": metadata}


@conversations.method(
    "conversations.members",
    required="channel",
    optional="cursor limit",
    per_minute=TIER_4,
    reads_json=False,
)
def members(world: World, args: Arguments) -> Json:
    channel = _readable(world, args, "read")
    page, metadata = page_of(sorted(channel.members), args)
    return {"members": page, "response_metadata": metadata}


@conversations.method("conversations.join", required="channel", scopes="channels:join")
def join(world: World, args: Arguments) -> Json:
    channel = known_channel(world, args.text("channel"))
    if channel.is_private or channel.is_im:
        raise ApiError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise ApiError("is_archived")
    already = {"warning": "already_in_channel"} if world.bot_user_id in channel.members else {}
    channel.members.add(world.bot_user_id)
    world.changed()
    return {"channel": channel_object(world, channel), **already}


@conversations.method(
    "conversations.open", optional="channel users return_im prevent_creation", scopes="im:write"
)
def open_direct(world: World, args: Arguments) -> Json:
    """Direct messages with one person; group direct messages are not part of this workspace."""
    if "channel" in args:
        channel = known_channel(world, args.text("channel"))
    else:
        channel = world.direct_channel(_one_person(world, args))
    shown = channel_object(world, channel) if args.flag("return_im") else {"id": channel.id}
    return {"channel": shown}


def _one_person(world: World, args: Arguments) -> str:
    users = [user for user in args.text("users").split(",") if user]
    if not users:
        raise ApiError("users_list_not_supplied")
    if len(users) > 1:
        raise ApiError("invalid_arguments", ["the sandbox has no group direct messages"])
    person = world.people.get(users[0])
    if person is None:
        raise ApiError("user_not_found")
    if person.is_bot:
        raise ApiError("cannot_dm_bot")
    if person.deleted:
        raise ApiError("user_disabled")
    return person.id


@conversations.method("conversations.history", required="channel", optional=_READING, reads_json=False)
def history(world: World, args: Arguments) -> Json:
    """Newest first; replies show only where they were broadcast."""
    channel = _from_inside(world, args)
    said = [m for m in _between(channel, args) if m.thread_ts is None or m.is_broadcast]
    return _page_of_messages(world, channel, said[::-1], args)


@conversations.method("conversations.replies", required="channel ts", optional=_READING, reads_json=False)
def replies(world: World, args: Arguments) -> Json:
    """Oldest first, the message that started the thread at the top."""
    channel = _from_inside(world, args)
    started = channel.message(args.text("ts"))
    if started is None or started.ephemeral_to or started.is_deleted:
        raise ApiError("thread_not_found")
    root = started.thread_ts or started.ts
    said = [m for m in _between(channel, args) if root in (m.ts, m.thread_ts)]
    return _page_of_messages(world, channel, said, args)


def _page_of_messages(world: World, channel: Channel, said: list[Message], args: Arguments) -> Json:
    page, metadata = page_of(said, args)
    with_metadata = args.flag("include_all_metadata")
    shown = [message_object(world, channel, message, with_metadata=with_metadata) for message in page]
    return {"messages": shown, "has_more": bool(metadata["next_cursor"]), "response_metadata": metadata}


def _between(channel: Channel, args: Arguments) -> list[Message]:
    oldest, latest = float(args.text("oldest", "0")), float(args.text("latest", "inf"))
    if args.flag("inclusive"):
        inside = [m for m in channel.messages if oldest <= float(m.ts) <= latest]
    else:
        inside = [m for m in channel.messages if oldest < float(m.ts) < latest]
    return [message for message in inside if not message.ephemeral_to and not message.is_deleted]


def _from_inside(world: World, args: Arguments) -> Channel:
    channel = _readable(world, args, "history")
    if world.bot_user_id not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _readable(world: World, args: Arguments, right: str) -> Channel:
    channel = known_channel(world, args.text("channel"))
    require_scope(world, kind_scope(channel, right))
    return channel


def _kind(channel: Channel) -> str:
    return "im" if channel.is_im else "private_channel" if channel.is_private else "public_channel"


def channel_object(world: World, channel: Channel) -> Json:
    """A conversation as apps see it."""
    shown: Json = {
        "id": channel.id,
        "is_im": channel.is_im,
        "is_archived": channel.is_archived,
        "is_ext_shared": channel.is_ext_shared,
        "is_shared": channel.is_ext_shared,
        "is_org_shared": False,
        "context_team_id": world.team_id,
    }
    if channel.is_im:
        return {**shown, "user": next(user for user in channel.members if user != world.bot_user_id)}
    return {
        **shown,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_private": channel.is_private,
        "is_mpim": False,
        "is_general": False,
        "is_member": world.bot_user_id in channel.members,
        "num_members": len(channel.members),
    }
