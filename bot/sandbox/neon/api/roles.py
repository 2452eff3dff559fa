"""Roles and databases of a branch, read from the data where a compute runs, and a role's password."""

from aiohttp import web

from bot.sandbox.neon import checks, identifiers
from bot.sandbox.neon.calls import Call, Route, answer
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.operations import Step
from bot.sandbox.neon.proxy import verifier_of
from bot.sandbox.neon.refusals import not_found
from bot.sandbox.neon.rows import Branch, Role
from bot.sandbox.neon.shapes import database_json, role_json


async def list_roles(call: Call) -> web.Response:
    """Those people made; not Neon's own."""
    branch = await _up_to_date(call)
    return answer({"roles": [role_json(branch, role) for role in branch.roles.values()]})


async def get_role(call: Call) -> web.Response:
    """One of them."""
    branch = await _up_to_date(call)
    return answer({"role": role_json(branch, _role(call, branch))})


async def reveal_password(call: Call) -> web.Response:
    """404 also for a role made in SQL, whose password nobody but its maker knows."""
    password = _role(call, await _up_to_date(call)).password
    if password is None:
        raise not_found("role password")
    return answer({"password": password})


async def reset_password(call: Call) -> web.Response:
    """A new one, good at once for new sessions."""
    project, branch = call.project, await _up_to_date(call)
    old = _role(call, branch)
    checks.ready(branch)
    checks.quiet(project)
    password = identifiers.password()
    role = Role(old.name, password, old.created_at, now(), verifier_of(password))
    branch.roles[role.name] = role
    operations = call.schedule(project, [Step("apply_config", branch.id)])
    return answer({"role": role_json(branch, role, with_password=True), "operations": operations})


async def list_databases(call: Call) -> web.Response:
    """Those people made; not `postgres`."""
    branch = await _up_to_date(call)
    return answer({"databases": [database_json(branch, database) for database in branch.databases.values()]})


async def get_database(call: Call) -> web.Response:
    """One of them."""
    branch = await _up_to_date(call)
    database = branch.databases.get(call.request.match_info["database_name"])
    if database is None:
        raise not_found("database")
    return answer({"database": database_json(branch, database)})


async def _up_to_date(call: Call) -> Branch:
    branch = call.branch
    if branch.store is not None:
        branch.adopt(await branch.store.refresh_catalogue())
    return branch


def _role(call: Call, branch: Branch) -> Role:
    role = branch.roles.get(call.request.match_info["role_name"])
    if role is None:
        raise not_found("role")
    return role


_BRANCH = "/projects/{project_id}/branches/{branch_id}"
ROUTES: tuple[Route, ...] = (
    ("GET", _BRANCH + "/roles", list_roles),
    ("GET", _BRANCH + "/roles/{role_name}", get_role),
    ("GET", _BRANCH + "/roles/{role_name}/reveal_password", reveal_password),
    ("POST", _BRANCH + "/roles/{role_name}/reset_password", reset_password),
    ("GET", _BRANCH + "/databases", list_databases),
    ("GET", _BRANCH + "/databases/{database_name}", get_database),
)
