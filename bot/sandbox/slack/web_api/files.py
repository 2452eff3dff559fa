"""files.*: the two calls around an upload. The bytes in between arrive in `uploads.py`."""

from bot.sandbox.slack.web_api.call import TIER_4, ApiError, Arguments, Family, known_channel
from bot.sandbox.slack.web_api.content import thread_of
from bot.sandbox.slack.world import Json, Message, Upload, World

files = Family()


@files.method(
    "files.getUploadURLExternal",
    required="filename length",
    optional="alt_txt snippet_type",
    scopes="files:write",
    per_minute=TIER_4,
    reads_json=False,
)
def get_upload_url(world: World, args: Arguments) -> Json:
    length = args.number("length", 0)
    if length < 1:
        raise ApiError("invalid_arguments", ["length must be greater than 0"])
    upload = Upload(world.new_id("F"), args.text("filename"), length)
    world.uploads[upload.file_id] = upload
    return {"upload_url": f"{world.url}/upload/v1/{upload.file_id}", "file_id": upload.file_id}


@files.method(
    "files.completeUploadExternal",
    required="files",
    optional="channel_id channels initial_comment thread_ts blocks",
    scopes="files:write",
    per_minute=TIER_4,
)
def complete_upload(world: World, args: Arguments) -> Json:
    asked = args.structure("files", "invalid_arguments")
    if not isinstance(asked, list) or not all(isinstance(one, dict) and "id" in one for one in asked):
        raise ApiError("invalid_arguments", ["files must be a list of objects with an id"])
    channels = [
        known_channel(world, channel_id)
        for channel_id in (args.text("channel_id") or args.text("channels")).split(",")
        if channel_id
    ]
    if any(channel.is_archived for channel in channels):
        raise ApiError("is_archived")
    if any(world.bot_user_id not in channel.members for channel in channels):
        raise ApiError("not_in_channel")
    shared = [_file_object(world, one) for one in asked]
    for channel in channels:
        message = Message(
            ts=world.next_ts(),
            user=world.bot_user_id,
            text=args.text("initial_comment"),
            blocks=[],
            thread_ts=thread_of(channel, args),
            files=shared,
        )
        world.post(channel, message)
    return {"files": shared}


def _file_object(world: World, asked: Json) -> Json:
    upload = world.uploads.get(asked["id"])
    if upload is None or upload.content is None:
        raise ApiError("file_not_found")
    link = f"{world.url}/files/{upload.file_id}/{upload.name}"
    return {
        "id": upload.file_id,
        "name": upload.name,
        "title": asked.get("title") or upload.name,
        "mimetype": upload.mimetype,
        "size": len(upload.content),
        "user": world.bot_user_id,
        "url_private": link,
        "permalink": link,
    }
