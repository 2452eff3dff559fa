"""Computes: made for a branch, changed, started, suspended, deleted; and the connection string of one."""

from typing import Any, Literal

from aiohttp import web
from pydantic import Field, field_validator

from bot.sandbox.neon import checks
from bot.sandbox.neon.calls import Body, Call, Route, answer
from bot.sandbox.neon.computes import start_step, suspend_step
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.operations import Step
from bot.sandbox.neon.refusals import Refusal, already_exists, bad_request, not_found, unprocessable
from bot.sandbox.neon.rows import Endpoint, Project
from bot.sandbox.neon.shapes import connection_uri, endpoint_json
from bot.sandbox.neon.world import World

_SHORTEST_SUSPEND_SECONDS = 60


class EndpointSizing(Body):
    """What may be chosen at any time. Size and settings are taken and given back, not acted on."""

    autoscaling_limit_min_cu: float = Field(default=0.25, ge=0.25)
    autoscaling_limit_max_cu: float = Field(default=0.25, ge=0.25)
    suspend_timeout_seconds: int = Field(default=0, ge=-1, le=604_800)
    provisioner: str | None = None
    settings: dict[str, Any] | None = None

    @field_validator("suspend_timeout_seconds")
    @classmethod
    def _not_too_short(cls, value: int) -> int:
        if 0 < value < _SHORTEST_SUSPEND_SECONDS:
            raise ValueError(f"must be 0, -1 or at least {_SHORTEST_SUSPEND_SECONDS}")
        return value


class EndpointOptions(EndpointSizing):
    """`BranchCreateRequestEndpointOptions`."""

    type: Literal["read_write", "read_only"]


class _NewEndpoint(EndpointOptions):
    branch_id: str
    name: str | None = None
    region_id: str | None = None
    pooler_enabled: bool | None = None
    pooler_mode: str | None = None
    disabled: bool | None = None
    passwordless_access: bool | None = None


class EndpointCreate(Body):
    """`EndpointCreateRequest`."""

    endpoint: _NewEndpoint


class _EndpointFields(EndpointSizing):
    name: str | None = Field(default=None, min_length=1, max_length=64)


class EndpointUpdate(Body):
    """`EndpointUpdateRequest` without its deprecated fields, such as the move to another branch."""

    endpoint: _EndpointFields


async def create_endpoint(call: Call) -> web.Response:
    """A compute for a branch that has none of the kind."""
    project = call.project
    wanted = (await call.body(EndpointCreate)).endpoint
    branch = checks.branch_of(project, wanted.branch_id)
    check_suspend_timeout(project, wanted)
    checks.ready(branch)
    if wanted.type == "read_write" and any(e.type == "read_write" for e in project.computes(branch.id)):
        raise already_exists("read_write endpoint")
    checks.quiet(project)
    endpoint = add_endpoint(call.world, project, branch.id, wanted)
    endpoint.name = wanted.name
    shown = endpoint_json(project, endpoint)
    operations = call.schedule(project, [start_step(project, endpoint)])
    return answer({"endpoint": shown, "operations": operations}, 201)


async def list_endpoints(call: Call) -> web.Response:
    """The whole project's."""
    project = call.project
    return answer({"endpoints": [endpoint_json(project, e) for e in project.endpoints.values()]})


async def list_branch_endpoints(call: Call) -> web.Response:
    """One branch's."""
    project = call.project
    return answer({"endpoints": [endpoint_json(project, e) for e in project.computes(call.branch.id)]})


async def get_endpoint(call: Call) -> web.Response:
    """One of them."""
    return answer({"endpoint": endpoint_json(call.project, call.endpoint)})


async def update_endpoint(call: Call) -> web.Response:
    """Name, size and suspend timeout; what is left out stays. A running compute takes them on in an operation."""
    project, endpoint = call.project, call.endpoint
    wanted = (await call.body(EndpointUpdate)).endpoint
    check_suspend_timeout(project, wanted)
    sent = wanted.model_fields_set
    least = wanted.autoscaling_limit_min_cu if "autoscaling_limit_min_cu" in sent else endpoint.min_cu
    most = wanted.autoscaling_limit_max_cu if "autoscaling_limit_max_cu" in sent else endpoint.max_cu
    if most < least:
        raise bad_request("autoscaling_limit_max_cu must not be below autoscaling_limit_min_cu")
    checks.quiet(project)
    endpoint.min_cu, endpoint.max_cu, endpoint.name = least, most, wanted.name or endpoint.name
    if "suspend_timeout_seconds" in sent:
        endpoint.suspend_timeout_seconds = wanted.suspend_timeout_seconds
    endpoint.updated_at = now()
    applied = Step("apply_config", endpoint.branch_id, endpoint.id)
    return _changed(call, project, endpoint, [applied] if endpoint.current_state == "active" else [])


async def start_endpoint(call: Call) -> web.Response:
    """No operation if it is running."""
    project, endpoint = call.project, call.endpoint
    checks.ready(project.branches[endpoint.branch_id])
    checks.quiet(project)
    steps = [] if endpoint.current_state == "active" else [start_step(project, endpoint)]
    return _changed(call, project, endpoint, steps)


async def suspend_endpoint(call: Call) -> web.Response:
    """Its sessions end."""
    project, endpoint = call.project, call.endpoint
    checks.quiet(project)
    steps = [] if endpoint.current_state == "idle" else [suspend_step(project, endpoint)]
    return _changed(call, project, endpoint, steps)


async def restart_endpoint(call: Call) -> web.Response:
    """Suspend and start."""
    project, endpoint = call.project, call.endpoint
    checks.ready(project.branches[endpoint.branch_id])
    checks.quiet(project)
    return _changed(call, project, endpoint, [suspend_step(project, endpoint), start_step(project, endpoint)])


async def delete_endpoint(call: Call) -> web.Response:
    """204 without a body if it is not there (any more)."""
    project = call.project
    endpoint = project.endpoints.get(call.request.match_info["endpoint_id"])
    if endpoint is None:
        return web.Response(status=204)
    if project.branches[endpoint.branch_id].protected:
        raise unprocessable("cannot delete a compute of a protected branch")
    checks.quiet(project)

    async def work() -> None:
        suspend = suspend_step(project, endpoint).work
        assert suspend is not None
        await suspend()
        await remove_endpoint(project, endpoint)

    return _changed(
        call, project, endpoint, [Step("suspend_compute", endpoint.branch_id, endpoint.id, work=work)]
    )


async def get_connection_uri(call: Call) -> web.Response:
    """`pooled` changes nothing: there is no pooler to go through."""
    project = call.project
    endpoint_id, branch_id = call.query("endpoint_id"), call.query("branch_id")
    database, role_name = call.required_query("database_name"), call.required_query("role_name")
    branch = checks.branch_of(project, branch_id) if branch_id else project.default_branch
    if endpoint_id:
        endpoint = checks.endpoint_of(project, endpoint_id)
        branch = project.branches[endpoint.branch_id]
    else:
        endpoint = _read_write(project, branch.id)
    if branch.store is not None:
        branch.adopt(await branch.store.refresh_catalogue())
    role = branch.roles.get(role_name)
    if role is None:
        raise not_found("role")
    if database not in branch.databases:
        raise not_found("database")
    return answer({"uri": connection_uri(endpoint, role, database)})


def check_suspend_timeout(project: Project, options: EndpointSizing) -> None:
    """412 on the free plan, where it cannot be chosen."""
    if project.settings.plan == "free" and "suspend_timeout_seconds" in options.model_fields_set:
        raise Refusal(412, "the suspend timeout cannot be changed on the free plan")


def add_endpoint(world: World, project: Project, branch_id: str, options: EndpointOptions) -> Endpoint:
    """A new endpoint that is yet to be started."""
    endpoint = world.new_endpoint(project, branch_id, options.type)
    endpoint.suspend_timeout_seconds = options.suspend_timeout_seconds
    endpoint.min_cu = options.autoscaling_limit_min_cu
    endpoint.max_cu = max(options.autoscaling_limit_min_cu, options.autoscaling_limit_max_cu)
    return endpoint


async def remove_endpoint(project: Project, endpoint: Endpoint) -> None:
    """Give its port back and forget it."""
    project.endpoints.pop(endpoint.id, None)
    await endpoint.proxy.close()


def _read_write(project: Project, branch_id: str) -> Endpoint:
    for endpoint in project.computes(branch_id):
        if endpoint.type == "read_write":
            return endpoint
    raise not_found("endpoint")


def _changed(call: Call, project: Project, endpoint: Endpoint, steps: list[Step]) -> web.Response:
    operations = call.schedule(project, steps)
    return answer({"endpoint": endpoint_json(project, endpoint), "operations": operations})


_ENDPOINTS = "/projects/{project_id}/endpoints"
ROUTES: tuple[Route, ...] = (
    ("GET", _ENDPOINTS, list_endpoints),
    ("POST", _ENDPOINTS, create_endpoint),
    ("GET", _ENDPOINTS + "/{endpoint_id}", get_endpoint),
    ("PATCH", _ENDPOINTS + "/{endpoint_id}", update_endpoint),
    ("DELETE", _ENDPOINTS + "/{endpoint_id}", delete_endpoint),
    ("POST", _ENDPOINTS + "/{endpoint_id}/start", start_endpoint),
    ("POST", _ENDPOINTS + "/{endpoint_id}/suspend", suspend_endpoint),
    ("POST", _ENDPOINTS + "/{endpoint_id}/restart", restart_endpoint),
    ("GET", "/projects/{project_id}/branches/{branch_id}/endpoints", list_branch_endpoints),
    ("GET", "/projects/{project_id}/connection_uri", get_connection_uri),
)
