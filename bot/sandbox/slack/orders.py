"""Reading the JSON bodies of `/sandbox/…` calls: unknown keys and wrong types get HTTP 400 and the reason."""

import json
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


O = TypeVar("O", bound=Order)  # noqa: E741 - the letter of its bound


async def read_order(kind: type[O], request: web.Request) -> O:
    """Raises aiohttp's HTTPBadRequest."""
    try:
        return kind.model_validate_json(await request.text())
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise bad_request(f"{where}: {first['msg']}") from None


def bad_request(why: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(
        text=json.dumps({"ok": False, "error": "bad_request", "detail": why}), content_type="application/json"
    )
