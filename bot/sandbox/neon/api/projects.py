"""Projects: listed, read, and their history window set."""

from aiohttp import web
from pydantic import Field

from bot.sandbox.neon import checks
from bot.sandbox.neon.calls import Body, Call, Route, answer
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.operations import Step
from bot.sandbox.neon.refusals import bad_request, unprocessable
from bot.sandbox.neon.shapes import ORGANIZATION_ID, project_item_json, project_json


class _ProjectFields(Body):
    name: str | None = Field(default=None, min_length=1, max_length=256)
    history_retention_seconds: int | None = Field(default=None, ge=0, le=2_592_000)


class ProjectUpdate(Body):
    """`ProjectUpdateRequest`, as far as the sandbox can follow it."""

    project: _ProjectFields


async def list_projects(call: Call) -> web.Response:
    """Those the key reaches, newest first. The cursor is given on the last page too (neon.md §8.2)."""
    if call.key.kind == "personal" and call.query("org_id") != ORGANIZATION_ID:
        raise bad_request("org_id is required, you can find it on your organization settings page")
    search, cursor = call.query("search") or "", call.query("cursor")
    found = [
        project
        for project in reversed(call.world.projects.values())
        if call.key.project_id in {None, project.id} and (search in project.id or search in project.name)
    ]
    ids = [project.id for project in found]
    start = ids.index(cursor) + 1 if cursor in ids else 0
    page = found[start : start + call.number("limit", default=10, most=400)]
    last = page[-1].id if page else cursor
    return answer(
        {
            "projects": [project_item_json(project) for project in page],
            "applications": {},
            "integrations": {},
            "unavailable_project_ids": [],
        }
        | ({"pagination": {"cursor": last}} if last else {})
    )


async def list_shared_projects(_: Call) -> web.Response:
    """None: nobody else shares anything in a sandbox."""
    return answer({"projects": []})


async def get_project(call: Call) -> web.Response:
    """One project."""
    return answer({"project": project_json(call.project)})


async def update_project(call: Call) -> web.Response:
    """Name and history window; the latter is work for the storage."""
    project = call.project
    wanted = (await call.body(ProjectUpdate)).project
    most = project.settings.limits.history_max_seconds
    if (wanted.history_retention_seconds or 0) > most:
        raise unprocessable(f"history_retention_seconds must be at most {most} on this plan")
    checks.quiet(project)
    steps = []
    if wanted.history_retention_seconds is not None:
        project.history_seconds = wanted.history_retention_seconds
        steps.append(Step("apply_storage_config"))
    project.name = wanted.name or project.name
    project.updated_at = now()
    return answer({"project": project_json(project), "operations": call.schedule(project, steps)})


ROUTES: tuple[Route, ...] = (
    ("GET", "/projects", list_projects),
    ("GET", "/projects/shared", list_shared_projects),
    ("GET", "/projects/{project_id}", get_project),
    ("PATCH", "/projects/{project_id}", update_project),
)
