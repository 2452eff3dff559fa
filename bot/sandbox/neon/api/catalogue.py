"""Roles and databases made and dropped through the API: SQL that the control plane has a compute execute.

Reading them is `roles.py`'s. A branch without a read_write compute has nobody to execute it and is refused.
"""

from aiohttp import web
from pydantic import Field

from bot.sandbox.neon import checks, identifiers
from bot.sandbox.neon.calls import Body, Call, Route, answer
from bot.sandbox.neon.computes import start_step
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.operations import Step
from bot.sandbox.neon.refusals import already_exists, not_found, unprocessable
from bot.sandbox.neon.rows import Branch, Database, Endpoint, Project, Role
from bot.sandbox.neon.shapes import database_json, role_json
from bot.sandbox.neon.stores import create_role as role_statement
from bot.sandbox.neon.stores import quoted

_MOST = 500  # of each, on a branch


class _NewRole(Body):
    name: str = Field(min_length=1, max_length=63)


class RoleCreate(Body):
    """`RoleCreateRequest`."""

    role: _NewRole


class _NewDatabase(Body):
    name: str = Field(min_length=1, max_length=63)
    owner_name: str


class DatabaseCreate(Body):
    """`DatabaseCreateRequest`."""

    database: _NewDatabase


async def create_role(call: Call) -> web.Response:
    """201 with its password. Sessions of the branch end when it is made, as on Neon."""
    project, branch, name = call.project, call.branch, (await call.body(RoleCreate)).role.name
    endpoint = await _compute_of(project, branch)
    if name in branch.roles:
        raise already_exists("role")
    if len(branch.roles) >= _MOST:
        raise unprocessable(f"roles limit exceeded: {_MOST}", "ROLES_LIMIT_EXCEEDED")
    checks.quiet(project)
    role = Role.with_password(name, created_at=now())

    async def work() -> None:
        await _execute(branch, role_statement(name))
        for compute in project.computes(branch.id):
            await compute.proxy.drop()

    def done() -> None:
        branch.roles[name] = role

    steps = _steps(project, endpoint, Step("apply_config", branch.id, endpoint.id, work=work, done=done))
    shown = role_json(branch, role, with_password=True)
    return answer({"role": shown, "operations": call.schedule(project, steps)}, 201)


async def delete_role(call: Call) -> web.Response:
    """What it owned goes to each database's owner. 204 without a body if it is not there (any more)."""
    project, branch, name = call.project, call.branch, call.request.match_info["role_name"]
    endpoint = await _compute_of(project, branch)
    if (role := branch.roles.get(name)) is None:
        return web.Response(status=204)
    if any(database.owner == name for database in branch.databases.values()):
        raise unprocessable("cannot delete a role that owns a database")
    checks.quiet(project)
    databases = list(branch.databases.values())

    async def work() -> None:
        for database in databases:
            given = f"REASSIGN OWNED BY {quoted(name)} TO {quoted(database.owner)}"
            await _execute(branch, given, f"DROP OWNED BY {quoted(name)}", database=database.name)
        await _execute(branch, f"DROP ROLE {quoted(name)}")

    def done() -> None:
        branch.roles.pop(name, None)

    steps = _steps(project, endpoint, Step("apply_config", branch.id, endpoint.id, work=work, done=done))
    return answer({"role": role_json(branch, role), "operations": call.schedule(project, steps)})


async def create_database(call: Call) -> web.Response:
    """201; it can be connected to once its operations have ended."""
    project, branch, wanted = call.project, call.branch, (await call.body(DatabaseCreate)).database
    endpoint = await _compute_of(project, branch)
    if wanted.owner_name not in branch.roles:
        raise not_found("role")
    if wanted.name in {*branch.databases, "postgres", "template0", "template1"}:
        raise already_exists("database")
    if len(branch.databases) >= _MOST:
        raise unprocessable(f"databases limit exceeded: {_MOST}", "DATABASES_LIMIT_EXCEEDED")
    checks.quiet(project)
    database = Database(identifiers.database_id(), wanted.name, wanted.owner_name, now())

    async def work() -> None:
        await _execute(branch, f"CREATE DATABASE {quoted(database.name)} OWNER {quoted(database.owner)}")

    def done() -> None:
        branch.databases[database.name] = database

    steps = _steps(project, endpoint, Step("apply_config", branch.id, endpoint.id, work=work, done=done))
    shown = database_json(branch, database)
    return answer({"database": shown, "operations": call.schedule(project, steps)}, 201)


async def delete_database(call: Call) -> web.Response:
    """With the sessions in it. 204 without a body if it is not there (any more)."""
    project, branch, name = call.project, call.branch, call.request.match_info["database_name"]
    endpoint = await _compute_of(project, branch)
    if (database := branch.databases.get(name)) is None:
        return web.Response(status=204)
    checks.quiet(project)

    async def work() -> None:
        await _execute(branch, f"DROP DATABASE {quoted(name)} WITH (FORCE)")

    def done() -> None:
        branch.databases.pop(name, None)

    steps = _steps(project, endpoint, Step("apply_config", branch.id, endpoint.id, work=work, done=done))
    shown = database_json(branch, database)
    return answer({"database": shown, "operations": call.schedule(project, steps)})


async def _compute_of(project: Project, branch: Branch) -> Endpoint:
    """The read_write compute of a branch whose roles and databases are then up to date."""
    checks.ready(branch)
    branch.adopt(await branch.data.refresh_catalogue())
    checks.ready(branch)
    for endpoint in project.computes(branch.id):
        if endpoint.type == "read_write":
            return endpoint
    raise unprocessable("the branch has no read_write compute")


def _steps(project: Project, endpoint: Endpoint, apply: Step) -> list[Step]:
    return [apply] if endpoint.current_state == "active" else [start_step(project, endpoint), apply]


async def _execute(branch: Branch, *statements: str, database: str = "postgres") -> None:
    server = await branch.data.start()
    async with server.connect(database) as connection:
        for statement in statements:
            await connection.execute(statement.encode())


_BRANCH = "/projects/{project_id}/branches/{branch_id}"
ROUTES: tuple[Route, ...] = (
    ("POST", _BRANCH + "/roles", create_role),
    ("DELETE", _BRANCH + "/roles/{role_name}", delete_role),
    ("POST", _BRANCH + "/databases", create_database),
    ("DELETE", _BRANCH + "/databases/{database_name}", delete_database),
)
