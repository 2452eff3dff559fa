"""Computes: started when connected to or asked for, suspended when idle, and what a proxy needs to know of them.

One PostgreSQL server serves every endpoint of a branch. An endpoint lets nobody in while its branch is being made
or restored, except that until a restore has suspended it, it still leads to the old data, as on Neon.
"""

import base64
from datetime import timedelta
from pathlib import Path

from bot.sandbox.neon.instants import now
from bot.sandbox.neon.operations import Step, carry_out_now
from bot.sandbox.neon.place import ProgramFailed
from bot.sandbox.neon.proxy import Behind, Refused, Verifier
from bot.sandbox.neon.rows import Endpoint, Project

DEFAULT_SUSPEND_SECONDS = 300
_NEVER = -1


def behind(project: Project, endpoint_id: str) -> Behind:
    """What the proxy of an endpoint asks."""

    def endpoint() -> Endpoint:
        found = project.endpoints.get(endpoint_id)
        if found is None:
            raise Refused("57P01", "the endpoint has been deleted")
        return found

    async def verifier(role: str) -> Verifier | None:
        return await _verifier(project, endpoint(), role)

    async def socket() -> Path:
        return await _socket(project, endpoint())

    return Behind(verifier, socket)


async def start_compute(project: Project, endpoint: Endpoint) -> None:
    """Have the server of the endpoint's branch running, and its port open."""
    await endpoint.proxy.listen()
    await project.branches[endpoint.branch_id].data.start()


def suspend_step(project: Project, endpoint: Endpoint) -> Step:
    """The operation that suspends one endpoint; the server stops with the last active one of its branch."""

    async def work() -> None:
        branch = project.branches[endpoint.branch_id]
        async with endpoint.lock:
            endpoint.enter("idle")
            others = [e for e in project.computes(branch.id) if e.current_state == "active"]
            if branch.store is not None and not others:
                await branch.store.stop()
            await endpoint.proxy.drop()

    return Step("suspend_compute", endpoint.branch_id, endpoint.id, work=work)


def start_step(project: Project, endpoint: Endpoint) -> Step:
    """The operation that starts one endpoint."""
    return Step(
        "start_compute",
        endpoint.branch_id,
        endpoint.id,
        work=lambda: start_compute(project, endpoint),
        done=lambda: _started(project, endpoint),
    )


def _started(project: Project, endpoint: Endpoint) -> None:
    """A compute brings an archived branch back."""
    branch = project.branches[endpoint.branch_id]
    endpoint.enter("active")
    if branch.current_state == "archived":
        branch.enter("ready")


async def is_idle(project: Project, endpoint: Endpoint) -> bool:
    """Whether nothing has gone through for so long that it is to be suspended."""
    allowed = endpoint.suspend_timeout_seconds or DEFAULT_SUSPEND_SECONDS
    if endpoint.current_state != "active" or allowed == _NEVER:
        return False
    if now() - endpoint.proxy.last_active < timedelta(seconds=allowed):
        return False
    server = project.branches[endpoint.branch_id].data.server
    if server is None:
        return True
    async with server.connect() as connection:
        cursor = await connection.execute(
            """SELECT count(*) FROM pg_stat_activity
               WHERE backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()"""
        )
        (working,) = await cursor.fetchone() or (0,)
    return not working


async def _socket(project: Project, endpoint: Endpoint) -> Path:
    branch = project.branches[endpoint.branch_id]
    async with endpoint.lock:
        if endpoint.current_state == "idle" and branch.current_state == "ready":
            try:
                await carry_out_now(project, start_step(project, endpoint))
            except ProgramFailed as error:
                raise Refused("57P03", "the compute could not be started") from error
        if endpoint.current_state != "active" or branch.store is None:
            raise Refused("57P03", "the database system is starting up")
        return (await branch.store.start()).socket


async def _verifier(project: Project, endpoint: Endpoint, role: str) -> Verifier | None:
    """The control plane's own, or for a role made in SQL what PostgreSQL keeps of its password."""
    branch = project.branches[endpoint.branch_id]
    known = branch.roles.get(role)
    if known and known.verifier:
        return known.verifier
    await _socket(project, endpoint)
    server = branch.data.server
    if server is None:
        return None
    async with server.connect() as connection:
        cursor = await connection.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = %s AND rolcanlogin", [role]
        )
        row = await cursor.fetchone()
    return _read_verifier(row[0]) if row and row[0] else None


def _read_verifier(text: str) -> Verifier | None:
    """`SCRAM-SHA-256$4096:salt$StoredKey:ServerKey`, the three in base64."""
    mechanism, _, rest = text.partition("$")
    if mechanism != "SCRAM-SHA-256":
        return None
    head, _, keys = rest.partition("$")
    iterations, _, salt = head.partition(":")
    stored, _, server = keys.partition(":")
    return base64.b64decode(salt), base64.b64decode(stored), base64.b64decode(server), int(iterations)
