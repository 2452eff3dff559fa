"""Operations: listed newest first, paged by the instant they were made, and read one by one."""

from datetime import datetime

from aiohttp import web

from bot.sandbox.neon.calls import Call, Route, answer
from bot.sandbox.neon.instants import read_rfc3339, rfc3339_exact
from bot.sandbox.neon.refusals import bad_request, not_found
from bot.sandbox.neon.shapes import operation_json


async def list_operations(call: Call) -> web.Response:
    """A page of them."""
    project, before = call.project, _cursor(call)
    older = [o for o in reversed(project.operations) if before is None or o.created_at < before]
    page = older[: call.number("limit", default=1000, most=1000)]
    return answer(
        {"operations": [operation_json(project, operation) for operation in page]}
        | ({"pagination": {"cursor": rfc3339_exact(page[-1].created_at)}} if page else {})
    )


async def get_operation(call: Call) -> web.Response:
    """One of them, wrapped in `operation`."""
    project = call.project
    for operation in project.operations:
        if operation.id == call.request.match_info["operation_id"]:
            return answer({"operation": operation_json(project, operation)})
    raise not_found("operation")


def _cursor(call: Call) -> datetime | None:
    text = call.query("cursor")
    try:
        return read_rfc3339(text) if text else None
    except ValueError as error:
        raise bad_request("invalid cursor") from error


ROUTES: tuple[Route, ...] = (
    ("GET", "/projects/{project_id}/operations", list_operations),
    ("GET", "/projects/{project_id}/operations/{operation_id}", get_operation),
)
