"""Projects: made, listed, read, deleted, and their history window set."""

from aiohttp import web
from pydantic import Field

from bot.sandbox.neon import checks
from bot.sandbox.neon.calls import Body, Call, Route, answer
from bot.sandbox.neon.computes import start_step
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.operations import Step
from bot.sandbox.neon.refusals import Refusal, bad_request, unprocessable
from bot.sandbox.neon.rows import Project
from bot.sandbox.neon.shapes import (
    ORGANIZATION_ID,
    Json,
    branch_json,
    connection_json,
    database_json,
    endpoint_json,
    project_item_json,
    project_json,
    role_json,
)

_ORGANIZATION_WANTED = "org_id is required, you can find it on your organization settings page"


class _ProjectFields(Body):
    name: str | None = Field(default=None, min_length=1, max_length=256)
    history_retention_seconds: int | None = Field(default=None, ge=0, le=2_592_000)


class ProjectUpdate(Body):
    """`ProjectUpdateRequest`, as far as the sandbox can follow it."""

    project: _ProjectFields


class _FirstBranch(Body):
    name: str = Field(default="main", min_length=1, max_length=256)
    role_name: str | None = Field(default=None, min_length=1, max_length=63)
    database_name: str = Field(default="neondb", min_length=1, max_length=63)


class _NewProject(Body):
    name: str | None = Field(default=None, min_length=1, max_length=256)
    org_id: str | None = None
    branch: _FirstBranch = _FirstBranch()
    history_retention_seconds: int | None = Field(default=None, ge=0, le=2_592_000)


class ProjectCreate(Body):
    """`ProjectCreateRequest`, as far as the sandbox can follow it."""

    project: _NewProject


async def create_project(call: Call) -> web.Response:
    """201 with the default branch, its compute, role and database. Not for a key of one project (neon.md §10)."""
    _require_account(call)
    wanted = (await call.body(ProjectCreate)).project
    if call.key.kind == "personal" and wanted.org_id != ORGANIZATION_ID:
        raise bad_request(_ORGANIZATION_WANTED)
    if wanted.org_id not in {None, ORGANIZATION_ID}:
        raise bad_request("org_id is not that of the key's organization")
    history = wanted.history_retention_seconds
    most = call.world.settings.limits.history_max_seconds
    if (history or 0) > most:
        raise unprocessable(_too_long(most))
    database = wanted.branch.database_name
    role = wanted.branch.role_name or f"{database}_owner"
    project = await call.world.new_project(name=wanted.name or "", database=database, role=role)
    project.name = wanted.name or project.id
    project.default_branch.name = wanted.branch.name
    project.history_seconds = project.history_seconds if history is None else history
    return answer(_created(call, project), 201)


def _created(call: Call, project: Project) -> Json:
    branch = project.default_branch
    (endpoint,), (role,) = project.computes(branch.id), branch.roles.values()
    databases = list(branch.databases.values())
    shown = {
        "project": project_json(project),
        "branch": branch_json(project, branch),
        "endpoints": [endpoint_json(project, endpoint)],
        "roles": [role_json(branch, role, with_password=True)],
        "databases": [database_json(branch, database) for database in databases],
        "connection_uris": [connection_json(endpoint, role, databases[0].name)],
    }
    steps = [Step("create_timeline", branch.id), start_step(project, endpoint)]
    return shown | {"operations": call.schedule(project, steps)}


async def list_projects(call: Call) -> web.Response:
    """Those the key reaches, newest first. The cursor is given on the last page too (neon.md §8.2)."""
    if call.key.kind == "personal" and call.query("org_id") != ORGANIZATION_ID:
        raise bad_request(_ORGANIZATION_WANTED)
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
        raise unprocessable(_too_long(most))
    checks.quiet(project)
    steps = []
    if wanted.history_retention_seconds is not None:
        project.history_seconds = wanted.history_retention_seconds
        steps.append(Step("apply_storage_config"))
    project.name = wanted.name or project.name
    project.updated_at = now()
    return answer({"project": project_json(project), "operations": call.schedule(project, steps)})


async def delete_project(call: Call) -> web.Response:
    """With everything in it. Not for a key of one project, and not while a branch is protected."""
    project = call.project
    _require_account(call)
    if any(branch.protected for branch in project.branches.values()):
        raise unprocessable("cannot delete a project with protected branches")
    checks.quiet(project)
    shown = project_json(project)
    await call.world.remove_project(project)
    return answer({"project": shown})


def _require_account(call: Call) -> None:
    if call.key.kind == "project":
        raise Refusal(403, "a project-scoped API key cannot create or delete projects")


def _too_long(most: int) -> str:
    return f"history_retention_seconds must be at most {most} on this plan"


ROUTES: tuple[Route, ...] = (
    ("GET", "/projects", list_projects),
    ("POST", "/projects", create_project),
    ("GET", "/projects/shared", list_shared_projects),
    ("GET", "/projects/{project_id}", get_project),
    ("PATCH", "/projects/{project_id}", update_project),
    ("DELETE", "/projects/{project_id}", delete_project),
)
