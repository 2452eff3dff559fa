"""chat.* and reactions.add: what the app says in channels, and where it may not."""

from bot.sandbox.slack.web_api.call import TIER_4, ApiError, Arguments, Family, known_channel
from bot.sandbox.slack.web_api.content import (
    checked_blocks,
    checked_metadata,
    checked_text,
    message_object,
    thread_of,
)
from bot.sandbox.slack.world import Channel, Json, Message, World

chat = Family()
_SAYING = "text blocks thread_ts link_names parse unfurl_links unfurl_media mrkdwn"


@chat.method(
    "chat.postMessage",
    required="channel",
    optional=f"{_SAYING} reply_broadcast metadata",
    scopes="chat:write",
    per_minute=None,
)
def post_message(world: World, args: Arguments) -> Json:
    channel = _channel_to_post_in(world, args.text("channel"))
    blocks = checked_blocks(args.structure("blocks", "invalid_blocks_format"))
    thread_ts = thread_of(channel, args)
    message = Message(
        ts=world.next_ts(),
        user=world.bot_user_id,
        text=checked_text(args.text("text"), blocks),
        blocks=blocks,
        thread_ts=thread_ts,
        is_broadcast=thread_ts is not None and args.flag("reply_broadcast"),
        metadata=checked_metadata(args),
    )
    world.post(channel, message)
    shown = message_object(world, channel, message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


@chat.method(
    "chat.postEphemeral",
    required="channel user",
    optional=_SAYING,
    scopes="chat:write",
    per_minute=TIER_4,
)
def post_ephemeral(world: World, args: Arguments) -> Json:
    channel, user = _channel_to_post_in(world, args.text("channel")), args.text("user")
    if world.person(user) is None:
        raise ApiError("user_not_found")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    blocks = checked_blocks(args.structure("blocks", "invalid_blocks_format"))
    message = Message(
        ts=world.next_ts(),
        user=world.bot_user_id,
        text=checked_text(args.text("text"), blocks),
        blocks=blocks,
        thread_ts=thread_of(channel, args),
        ephemeral_to=user,
    )
    world.post(channel, message)
    return {"message_ts": message.ts}


@chat.method(
    "chat.update",
    required="channel ts",
    optional="text blocks metadata link_names parse reply_broadcast file_ids",
    scopes="chat:write",
)
def update(world: World, args: Arguments) -> Json:
    """Only the app's own, lasting messages. New `text` without `blocks` drops the blocks."""
    channel, message = _own_message(world, args, "cant_update_message")
    blocks = checked_blocks(args.structure("blocks", "invalid_blocks_format"))
    message.text = checked_text(args.text("text"), blocks)
    message.blocks = blocks
    message.edited = {"user": world.bot_user_id, "ts": world.next_ts()}
    if "metadata" in args:
        message.metadata = checked_metadata(args)
    world.changed()
    shown = message_object(world, channel, message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


@chat.method("chat.delete", required="channel ts", scopes="chat:write")
def delete(world: World, args: Arguments) -> Json:
    channel, message = _own_message(world, args, "cant_delete_message")
    message.is_deleted = True
    world.changed()
    return {"channel": channel.id, "ts": message.ts}


@chat.method("chat.getPermalink", required="channel message_ts", per_minute=None, reads_json=False)
def get_permalink(world: World, args: Arguments) -> Json:
    channel = known_channel(world, args.text("channel"))
    message = _lasting_message(channel, args.text("message_ts"))
    thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.thread_ts else ""
    link = f"{world.url}/archives/{channel.id}/p{message.ts.replace('.', '')}{thread}"
    return {"channel": channel.id, "permalink": link}


@chat.method("reactions.add", required="channel name timestamp", scopes="reactions:write")
def add_reaction(world: World, args: Arguments) -> Json:
    message = _lasting_message(known_channel(world, args.text("channel")), args.text("timestamp"))
    users = message.reactions.setdefault(args.text("name"), [])
    if world.bot_user_id in users:
        raise ApiError("already_reacted")
    users.append(world.bot_user_id)
    world.changed()
    return {}


def _channel_to_post_in(world: World, channel_id: str) -> Channel:
    if channel_id in world.people:
        return _direct_channel(world, channel_id)
    channel = known_channel(world, channel_id)
    if channel.is_archived:
        raise ApiError("is_archived")
    speaks_anywhere = world.manifest is not None and "chat:write.public" in world.manifest.scopes
    if world.bot_user_id not in channel.members and not speaks_anywhere:
        raise ApiError("not_in_channel")
    return channel


def _direct_channel(world: World, user: str) -> Channel:
    if world.people[user].deleted or world.people[user].is_bot:
        raise ApiError("channel_not_found")
    return world.direct_channel(user)


def _own_message(world: World, args: Arguments, refusal: str) -> tuple[Channel, Message]:
    channel = known_channel(world, args.text("channel"))
    message = _lasting_message(channel, args.text("ts"))
    if message.user != world.bot_user_id:
        raise ApiError(refusal)
    if channel.is_archived:
        raise ApiError("is_inactive")
    return channel, message


def _lasting_message(channel: Channel, ts: str) -> Message:
    """Ephemeral messages exist on one screen only: no method finds them again."""
    message = channel.message(ts)
    if message is None or message.is_deleted or message.ephemeral_to:
        raise ApiError("message_not_found")
    return message
