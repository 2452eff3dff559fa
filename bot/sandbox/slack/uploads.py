"""The bytes of files: in through the URL that files.getUploadURLExternal gave, out for the page to show."""

from aiohttp import web

from bot.sandbox.slack.world import World

MOST_BYTES = 64 * 1024 * 1024


class Uploads:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/upload/v1/{file_id}", self.receive),
            web.get("/files/{file_id}/{name}", self.send),
        ]

    async def receive(self, request: web.Request) -> web.Response:
        """Raw bytes, or one file of a multipart form. Their number must be the one that was announced."""
        upload = self._world.uploads.get(request.match_info["file_id"])
        if upload is None:
            return web.Response(status=404, text="file_not_found")
        content = await _content(request)
        if len(content) != upload.length:
            return web.Response(status=400, text="length_mismatch")
        upload.content = content
        return web.Response(text=f"OK - {len(content)}")

    async def send(self, request: web.Request) -> web.Response:
        upload = self._world.uploads.get(request.match_info["file_id"])
        if upload is None or upload.content is None:
            return web.Response(status=404, text="file_not_found")
        return web.Response(body=upload.content, content_type=upload.mimetype)


async def _content(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    fields = (await request.post()).values()
    return next((field.file.read() for field in fields if isinstance(field, web.FileField)), b"")
