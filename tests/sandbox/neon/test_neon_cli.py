"""Neon's own command-line client against the sandbox: the calls it was seen to make on Neon (neon.md §11)."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.neon import SandboxNeon
from tests.sandbox.neon.driver import Driver, numbers, scalar, session, write

_PACKAGE = "neon@6.2.3"
_INSTALL_SECONDS, _COMMAND_SECONDS = 180, 60

pytestmark = pytest.mark.exhaustive


@dataclass(frozen=True)
class Cli:
    """The client, with a home of its own and no way to ask anybody anything."""

    program: Path
    home: Path
    url: str
    project: Driver
    key: str = field(repr=False)

    async def run(self, *command: str) -> tuple[int, str, str]:
        """Exit status and both outputs of a command."""
        return await _run(
            self.program,
            *command,
            *("--api-host", self.url, "--config-dir", str(self.home)),
            *("--no-analytics", "--no-color", "-o", "json"),
            cwd=self.home,
            environment={"HOME": str(self.home), "NEON_API_KEY": self.key, "CI": "1"},
            seconds=_COMMAND_SECONDS,
        )

    async def text(self, *command: str) -> str:
        """What a command that must succeed prints."""
        status, output, errors = await self.run(*command)
        assert status == 0, f"{command}: {errors}"
        return output

    async def account(self, *command: str) -> Any:
        """The answer of a command that concerns no project."""
        return json.loads(await self.text(*command))

    async def __call__(self, *command: str) -> Any:
        """The answer of a command on the project, once the operations it started have ended."""
        output = await self.text(*command, "--project-id", self.project.project_id)
        await self.project.quiet()
        return json.loads(output)

    async def refused(self, *command: str) -> str:
        """The words of a command that must fail."""
        status, _, errors = await self.run(*command, "--project-id", self.project.project_id)
        assert status == 1
        return errors


@pytest.fixture(scope="module")
async def program(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The client, installed for these tests alone; they are skipped where it cannot be had."""
    if not (node := shutil.which("node")) or not (npm := shutil.which("npm")):
        pytest.skip("Node and npm are not installed")
    home = tmp_path_factory.mktemp("neon-cli")
    version = (await _run(node, "--version", cwd=home, seconds=_COMMAND_SECONDS))[1].strip()
    if tuple(int(part) for part in version.lstrip("v").split(".")[:2]) < (20, 19):
        pytest.skip(f"Neon's client needs Node 20.19 or newer, this is {version}")
    install = ("install", "--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts")
    quick = ("--fetch-retries=1", "--fetch-timeout=20000")
    try:
        status, _, _ = await _run(
            *(npm, *install, *quick, "--prefix", home, _PACKAGE), cwd=home, seconds=_INSTALL_SECONDS
        )
    except TimeoutError:
        status = None
    if status != 0:
        pytest.skip(f"npm could not install {_PACKAGE}: exit status {status}")
    yield home / "node_modules" / ".bin" / "neon"
    shutil.rmtree(home)


@pytest.fixture
async def cli(program: Path, neon: SandboxNeon, project: Driver, tmp_path: Path) -> Cli:
    await project.settings(operation_seconds=0, detach_seconds=None, plan="unlimited")
    key = project.client.headers["Authorization"].removeprefix("Bearer ")
    return Cli(program, tmp_path, neon.url, project, key)


async def _run(
    *command: str | Path, cwd: Path, seconds: float, environment: dict[str, str] | None = None
) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=None if environment is None else {"PATH": os.environ["PATH"]} | environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, output.decode(), errors.decode()


async def test_the_client_tells_who_it_is_and_lists_projects(cli: Cli, neon: SandboxNeon) -> None:
    person = Cli(cli.program, cli.home, cli.url, cli.project, neon.new_api_key("personal"))
    assert (await person.account("me"))["login"] == "sandbox"
    (organization,) = await person.account("orgs", "list")
    listed = await cli.account("projects", "list")
    assert [one["id"] for one in listed["projects"]] == [cli.project.project_id]
    assert listed["shared_with_you"] == []
    mine = await person.account("projects", "list", "--org-id", organization["id"])
    assert cli.project.project_id in [one["id"] for one in mine]
    assert (await cli.account("projects", "get", cli.project.project_id))["name"] == "test"
    status, _, words = await Cli(cli.program, cli.home, cli.url, cli.project, "napi_wrong").run(
        "projects", "list"
    )
    assert status == 1 and words


async def test_the_client_makes_branches_and_puts_them_away(cli: Cli) -> None:
    instant = await write(cli.project.dsn, 1)
    await write(cli.project.dsn, 2)
    later = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    note = ("--annotation", '{"request": "R1"}')
    dev = await cli("branches", "create", "--name", "dev", "--parent", "main", *note)
    assert dev["branch"]["parent_id"] == cli.project.main and len(dev["endpoints"]) == 1
    at = instant.strftime("%Y-%m-%dT%H:%M:%S.999Z")
    while datetime.now(UTC) <= datetime.fromisoformat(at):
        await asyncio.sleep(0.01)
    past = await cli(
        *("branches", "create", "--name", "past", "--parent", at, "--no-compute", "--expires-at", later)
    )
    assert past["expires_at"] == later and past["parent_timestamp"] == at
    assert "branch already exists" in await cli.refused("branches", "create", "--name", "dev")

    assert {one["name"] for one in await cli("branches", "list")} == {"main", "dev", "past"}
    by_name = await cli("branches", "get", "dev")
    assert by_name["id"] == (await cli("branches", "get", dev["branch"]["id"]))["id"] == dev["branch"]["id"]
    assert (await cli("branches", "rename", "dev", "stage"))["name"] == "stage"
    assert (await cli("branches", "set-default", "stage"))["default"] is True
    assert (await cli("branches", "set-default", "main"))["default"] is True
    assert (await cli("branches", "delete", "past"))["name"] == "past"
    assert dev["branch"]["id"] not in await cli.refused("branches", "delete", "past")
    leaf = await cli("branches", "create", "--name", "leaf", "--parent", "stage", "--no-compute")
    words = await cli.refused("branches", "delete", "stage")
    assert f"cannot delete branch that has children: {leaf['id']}" in words


async def test_the_client_restores_and_resets_branches(cli: Cli) -> None:
    await write(cli.project.dsn, 1)
    dev = await cli("branches", "create", "--name", "dev", "--parent", "main")
    uri = await cli.project.uri(dev["branch"]["id"])
    await write(uri, 2)
    async with session(uri) as connection:
        lsn = await scalar(connection, "SELECT pg_current_wal_insert_lsn()::text")
    await write(uri, 3)

    self = await cli("branches", "restore", "dev", f"^self@{lsn}", "--preserve-under-name", "kept")
    assert self["restored_branch"]["id"] == dev["branch"]["id"]
    assert self["backup_branch"]["name"] == "kept"
    assert await numbers(uri) == [1, 2]
    words = await cli.refused("branches", "restore", "kept", "main")
    assert "Branch has children, preserve_under_name is required" in words
    await cli("branches", "restore", "dev", "main")
    assert await numbers(uri) == [1]
    await write(uri, 4)
    await cli("branches", "restore", "dev", "^parent")
    assert await numbers(uri) == [1]
    await write(uri, 5)
    await cli("branches", "reset", "dev", "--parent")
    assert await numbers(uri) == [1]


async def test_the_client_compares_schemas(cli: Cli) -> None:
    async with session(cli.project.dsn) as connection:
        lsn = await scalar(connection, "SELECT pg_current_wal_insert_lsn()::text")
        await connection.execute("CREATE TABLE pages (id int)")
    diff = ("branches", "schema-diff", "main", f"^self@{lsn}", "--project-id", cli.project.project_id)
    assert "-CREATE TABLE public.pages (" in await cli.text(*diff)


async def test_the_client_finds_computes_roles_databases_and_operations(cli: Cli) -> None:
    await write(cli.project.dsn, 1)
    assert [one["name"] for one in await cli("databases", "list", "--branch", "main")] == ["shop"]
    assert [one["name"] for one in await cli("roles", "list", "--branch", "main")] == ["shop_owner"]
    assert (await cli("operations", "list"))[0]["action"] == "start_compute"
    found = await cli.text("connection-string", "main", "--project-id", cli.project.project_id)
    assert await numbers(found.strip()) == [1]


async def test_the_client_makes_and_changes_snapshots(cli: Cli) -> None:
    later = (datetime.now(UTC) + timedelta(days=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = await cli("snapshots", "create", "--branch", "main", "--name", "pre", "--expires-at", later)
    assert made["name"] == "pre" and made["expires_at"] == later
    assert [one["id"] for one in await cli("snapshots", "list")] == [made["id"]]
    changed = await cli("snapshots", "update", "pre", "--name", "post", "--clear-expiration")
    assert changed["name"] == "post" and "expires_at" not in changed
    assert (await cli("snapshots", "delete", "post"))["id"] == made["id"]
    assert await cli("snapshots", "list") == []


async def test_the_client_waits_while_another_operation_is_under_way(cli: Cli) -> None:
    await cli.project.fault("423", method="POST", path_regex="/branches$")
    assert (await cli("branches", "create", "--name", "dev", "--no-compute"))["name"] == "dev"


async def test_the_client_finds_a_branch_beyond_the_first_pages(cli: Cli) -> None:
    first = await cli("branches", "create", "--name", "sought", "--no-compute")
    for number in range(205):
        answer = await cli.project.insist("POST", "/branches", {"branch": {"name": f"b{number}"}})
        assert answer.status_code == 201
    await cli.project.quiet()
    assert (await cli("branches", "get", "sought"))["id"] == first["id"]
