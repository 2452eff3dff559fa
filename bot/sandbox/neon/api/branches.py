"""Branches: made from another one's head or past, listed, changed, deleted."""

import asyncio
import base64
import binascii
from datetime import datetime
from operator import attrgetter
from typing import Literal

from aiohttp import web
from pydantic import Field

from bot.sandbox.neon import checks, identifiers
from bot.sandbox.neon.api.endpoints import (
    EndpointOptions,
    add_endpoint,
    check_suspend_timeout,
    remove_endpoint,
)
from bot.sandbox.neon.calls import Body, Call, Route, answer
from bot.sandbox.neon.computes import start_step
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.operations import Step
from bot.sandbox.neon.refusals import bad_request, unprocessable
from bot.sandbox.neon.rows import Branch, Endpoint, Project, Recovery, Role
from bot.sandbox.neon.shapes import (
    Json,
    annotation_json,
    branch_json,
    connection_json,
    database_json,
    endpoint_json,
    role_json,
)
from bot.sandbox.neon.wal import Point
from bot.sandbox.neon.world import World

_Name = Field(default=None, min_length=1, max_length=256)


class _NewBranch(Body):
    name: str | None = _Name
    parent_id: str | None = None
    parent_lsn: str | None = None
    parent_timestamp: str | None = None
    protected: bool = False
    archived: bool = False
    init_source: Literal["parent-data", "schema-only"] = "parent-data"
    expires_at: str | None = None


class BranchCreate(Body):
    """`BranchCreateRequest` and `AnnotationCreateValueRequest`."""

    branch: _NewBranch = _NewBranch()
    endpoints: list[EndpointOptions] = Field(default=[])
    annotation_value: dict[str, str] = Field(default={}, max_length=50)


class _BranchFields(Body):
    name: str | None = _Name
    protected: bool | None = None
    expires_at: str | None = None


class BranchUpdate(Body):
    """`BranchUpdateRequest`; `expires_at: null` takes an expiry away."""

    branch: _BranchFields


async def create_branch(call: Call) -> web.Response:
    """201 is a receipt: the branch is `init` until its operations have ended."""
    project = call.project
    order = await call.body(BranchCreate)
    wanted = order.branch
    parent = checks.branch_of(project, wanted.parent_id) if wanted.parent_id else project.default_branch
    point = checks.read_point(wanted.parent_timestamp, wanted.parent_lsn)
    expires_at = checks.read_expiry(wanted.expires_at) if wanted.expires_at else None
    for options in order.endpoints:
        check_suspend_timeout(project, options)
    if sum(endpoint.type == "read_write" for endpoint in order.endpoints) > 1:
        raise bad_request("a branch can have only one read_write endpoint")
    if wanted.archived and (order.endpoints or wanted.protected):
        raise bad_request("an archived branch can neither have a compute nor be protected")
    await checks.reach(project, parent, point)
    if parent.store is not None:
        parent.adopt(await parent.store.refresh_catalogue())
    checks.ready(parent)
    if parent.expires_at:
        raise unprocessable("cannot create a branch from a branch that expires")
    if wanted.protected and expires_at:
        raise unprocessable("a protected branch cannot expire")
    checks.name_is_free(project, wanted.name)
    checks.room_for_branch(project, root=wanted.init_source == "schema-only")
    if wanted.protected:
        checks.room_for_protected(project)
    checks.quiet(project)

    branch = _new_branch(parent, wanted.name, point)
    branch.protected, branch.annotation = wanted.protected, order.annotation_value
    if wanted.archived:
        branch.pending_state = "archived"
    if wanted.init_source == "schema-only":
        branch.init_source, branch.parent_id, branch.parent_timestamp = "schema-only", None, None
    set_expiry(branch, expires_at)
    project.branches[branch.id] = branch
    endpoints = [add_endpoint(call.world, project, branch.id, options) for options in order.endpoints]
    steps = [
        create_step(call.world, branch, parent, point, running=bool(endpoints)),
        *(start_step(project, endpoint) for endpoint in endpoints),
    ]

    async def undo() -> None:
        await forget(call.world, project, branch)

    operations = call.schedule(project, steps, undo=undo)
    return answer(_created(project, branch, endpoints) | {"operations": operations}, 201)


async def list_branches(call: Call) -> web.Response:
    """A page, newest change first unless asked otherwise; without `next` it is the last one."""
    project, search = call.project, call.query("search") or ""
    sort_by, order = call.query("sort_by") or "updated_at", call.query("sort_order") or "desc"
    if sort_by not in {"name", "created_at", "updated_at"} or order not in {"asc", "desc"}:
        raise bad_request("invalid sort_by or sort_order")
    found = _matching(project, search, deleted=call.query("include_deleted") == "true")
    found.sort(key=attrgetter(sort_by, "id"), reverse=order == "desc")
    start, limit = _offset(call.query("cursor")), call.number("limit", default=10_000, most=10_000)
    page = found[start : start + limit]
    pagination = {"sort_by": sort_by, "sort_order": order}
    if start + limit < len(found):
        pagination["next"] = _cursor(start + limit)
    return answer(
        {
            "branches": [branch_json(project, branch) for branch in page],
            "annotations": {branch.id: annotation_json(branch) for branch in page if branch.annotation},
            "pagination": pagination,
        }
    )


async def count_branches(call: Call) -> web.Response:
    """How many a search would find."""
    return answer({"count": len(_matching(call.project, call.query("search") or "", deleted=False))})


async def get_branch(call: Call) -> web.Response:
    """One branch with its annotation."""
    return answer(
        {"branch": branch_json(call.project, call.branch), "annotation": annotation_json(call.branch)}
    )


async def update_branch(call: Call) -> web.Response:
    """Name, protection and expiry; no operations."""
    project, branch = call.project, call.branch
    wanted = (await call.body(BranchUpdate)).branch
    sent = wanted.model_fields_set
    expires_at = checks.read_expiry(wanted.expires_at) if wanted.expires_at else None
    protected = branch.protected if wanted.protected is None else wanted.protected
    if (expires_at or (branch.expires_at and "expires_at" not in sent)) and protected:
        raise unprocessable("a protected branch cannot expire")
    if expires_at and (branch.default or project.children(branch.id)):
        raise unprocessable("the default branch and branches with children cannot expire")
    if wanted.name and wanted.name != branch.name:
        checks.name_is_free(project, wanted.name)
    if protected and not branch.protected:
        checks.room_for_protected(project)
    checks.quiet(project)
    branch.name, branch.protected, branch.updated_at = wanted.name or branch.name, protected, now()
    if "expires_at" in sent:
        set_expiry(branch, expires_at)
    return answer({"branch": branch_json(project, branch), "operations": []})


async def set_as_default(call: Call) -> web.Response:
    """Move the default flag here."""
    project, branch = call.project, call.branch
    if branch.expires_at:
        raise unprocessable("a branch that expires cannot become the default branch")
    checks.quiet(project)
    for other in project.branches.values():
        other.default = other is branch
    branch.updated_at = now()
    return answer({"branch": branch_json(project, branch), "operations": []})


async def delete_branch(call: Call) -> web.Response:
    """204 without a body if it is not there (any more)."""
    project = call.project
    branch = project.branches.get(call.request.match_info["branch_id"])
    if branch is None:
        return web.Response(status=204)
    may_delete(project, branch)
    checks.quiet(project)
    hard = call.query("hard_delete") == "true"
    computes = project.computes(branch.id)
    steps = delete_steps(call.world, project, branch, None if hard else "user")

    async def undo() -> None:
        project.branches[branch.id], branch.recovery = branch, None
        project.deleted.pop(branch.id, None)
        project.endpoints.update({endpoint.id: endpoint for endpoint in computes})

    operations = call.schedule(project, steps, undo=undo)
    return answer({"branch": branch_json(project, branch), "operations": operations})


def may_delete(project: Project, branch: Branch) -> None:
    """422 for the default branch, one with children, a protected one, and roots that are not spare."""
    children = project.children(branch.id)
    if children:
        raise unprocessable(f"cannot delete branch that has children: {children[0].id}")
    if branch.default:
        raise unprocessable("cannot delete the default branch")
    if branch.protected:
        raise unprocessable("cannot delete a protected branch")
    if branch.parent_id is None and not branch.is_spare:
        raise unprocessable("cannot delete a root branch")


def delete_steps(
    world: World, project: Project, branch: Branch, method: Literal["user", "ttl"] | None
) -> list[Step]:
    """Take the branch out of sight now, its computes and data away with the operations."""
    del project.branches[branch.id]
    if method is not None:
        branch.recovery = Recovery(now(), method)
        project.deleted[branch.id] = branch
    computes = project.computes(branch.id)
    for endpoint in computes:
        del project.endpoints[endpoint.id]

    async def remove() -> None:
        await asyncio.gather(*(endpoint.proxy.close() for endpoint in computes))
        if branch.store is not None:
            await world.stores.remove(branch.store)
            branch.store = None

    suspended = [Step("suspend_compute", branch.id, e.id, work=e.proxy.drop) for e in computes]
    return [*suspended, Step("delete_timeline", branch.id, work=remove)]


def create_step(world: World, branch: Branch, source: Branch, point: Point, *, running: bool) -> Step:
    """The operation that makes a branch's data, with its server left `running` for the computes to come."""
    data = source.data

    async def work() -> None:
        if branch.init_source == "schema-only":
            branch.store = await world.stores.schema_of(data, point, running=running)
            branch.history_from = now()
        else:
            branch.store = await world.stores.branch(data, point, running=running)

    def done() -> None:
        if branch.parent_id is not None:
            branch.parent_lsn = branch.data.begins
        branch.adopt(branch.data.catalogue)
        branch.enter(branch.pending_state or "ready")

    return Step("create_branch", branch.id, work=work, done=done)


async def forget(world: World, project: Project, branch: Branch) -> None:
    """Undo the making of a branch."""
    project.branches.pop(branch.id, None)
    for endpoint in project.computes(branch.id):
        await remove_endpoint(project, endpoint)
    if branch.store is not None:
        await world.stores.remove(branch.store)


def set_expiry(branch: Branch, expires_at: datetime | None) -> None:
    """Set or take away an expiry, and remember how long the branch was to live."""
    branch.expires_at = expires_at
    branch.ttl_interval_seconds = round((expires_at - now()).total_seconds()) if expires_at else None


def inherit_roles(source: Branch, *, at: datetime) -> dict[str, Role]:
    """A child has its parent's roles with their passwords, but new passwords if the parent is protected."""
    if not source.protected:
        return dict(source.roles)
    return {name: Role.with_password(name, created_at=at) for name in source.roles}


def _new_branch(parent: Branch, name: str | None, point: Point) -> Branch:
    branch_id, at = identifiers.branch_id(), now()
    return Branch(
        branch_id,
        name or branch_id,
        at,
        at,
        history_from=at,
        state_changed_at=at,
        parent_id=parent.id,
        parent_timestamp=at if point is None else point if isinstance(point, datetime) else None,
        roles=inherit_roles(parent, at=at),
        databases=dict(parent.databases),
    )


def _created(project: Project, branch: Branch, endpoints: list[Endpoint]) -> Json:
    roles, databases = list(branch.roles.values()), list(branch.databases.values())
    shown: Json = {
        "branch": branch_json(project, branch),
        "endpoints": [endpoint_json(project, endpoint) for endpoint in endpoints],
        "roles": [role_json(branch, role) for role in roles],
        "databases": [database_json(branch, database) for database in databases],
    }
    if endpoints and len(roles) == len(databases) == 1 and roles[0].password:
        shown["connection_uris"] = [connection_json(endpoints[0], roles[0], databases[0].name)]
    return shown


def _matching(project: Project, search: str, *, deleted: bool) -> list[Branch]:
    branches = [*project.branches.values(), *(project.deleted.values() if deleted else ())]
    return [branch for branch in branches if search in branch.name or search in branch.id]


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode()


def _offset(cursor: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor)) if cursor else 0
    except (ValueError, binascii.Error) as error:
        raise bad_request("invalid cursor") from error


_BRANCHES = "/projects/{project_id}/branches"
ROUTES: tuple[Route, ...] = (
    ("GET", _BRANCHES, list_branches),
    ("POST", _BRANCHES, create_branch),
    ("GET", _BRANCHES + "/count", count_branches),
    ("GET", _BRANCHES + "/{branch_id}", get_branch),
    ("PATCH", _BRANCHES + "/{branch_id}", update_branch),
    ("DELETE", _BRANCHES + "/{branch_id}", delete_branch),
    ("POST", _BRANCHES + "/{branch_id}/set_as_default", set_as_default),
)
