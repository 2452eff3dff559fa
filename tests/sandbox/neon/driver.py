"""A thin client for these tests: calls the API of one project, waits for operations, opens SQL sessions.

It knows nothing of what is expected, so that each test says that itself.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import psycopg

_DEADLINE_SECONDS = 20.0
_UNFINISHED = {"scheduling", "running", "cancelling"}


@dataclass(frozen=True)
class Driver:
    """One project, through its own key."""

    client: httpx.AsyncClient
    project_id: str
    main: str
    dsn: str = field(repr=False)

    def path(self, path: str) -> str:
        return f"/projects/{self.project_id}{path}"

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        return await self.client.request(method, self.path(path), json=body, params=query)

    async def insist(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Call again while another operation of the project is under way, as every client must."""
        async with asyncio.timeout(_DEADLINE_SECONDS):
            while (answer := await self.call(method, path, body)).status_code == 423:
                await asyncio.sleep(0.01)
        return answer

    async def get(self, path: str, **query: str) -> Any:
        return ok(await self.call("GET", path, **query))

    async def branch(self, branch_id: str) -> Any:
        return (await self.get(f"/branches/{branch_id}"))["branch"]

    async def branches(self) -> dict[str, Any]:
        """By name."""
        return {branch["name"]: branch for branch in (await self.get("/branches"))["branches"]}

    async def finished(self, answer: Any) -> list[Any]:
        """Wait for the answer's operations and give them as they ended."""
        ended = []
        async with asyncio.timeout(_DEADLINE_SECONDS):
            for operation in answer["operations"]:
                while operation["status"] in _UNFINISHED:
                    await asyncio.sleep(0.01)
                    operation = (await self.get(f"/operations/{operation['id']}"))["operation"]  # noqa: PLW2901
                ended.append(operation)
        return ended

    async def create(self, body: Any = None) -> Any:
        """Create a branch and wait for it."""
        answer = ok(await self.insist("POST", "/branches", body), 201)
        await self.finished(answer)
        return answer

    async def create_at(self, instant: datetime, **branch: Any) -> Any:
        """Create a branch with a compute from the head branch's past."""
        body = {
            "branch": {"parent_timestamp": instant.isoformat(), **branch},
            "endpoints": [{"type": "read_write"}],
        }
        return await self.create(body)

    async def restore(self, branch_id: str, body: Any) -> Any:
        """Restore a branch and wait for it."""
        answer = ok(await self.call("POST", f"/branches/{branch_id}/restore", body))
        await self.finished(answer)
        return answer

    async def uri(self, branch_id: str) -> str:
        query = {"branch_id": branch_id, "database_name": "shop", "role_name": "shop_owner"}
        uri: str = (await self.get("/connection_uri", **query))["uri"]
        return uri

    async def settings(self, **settings: Any) -> None:
        body = {"project_id": self.project_id, **settings}
        ok(await self.client.post(self.origin + "/sandbox/settings", json=body))

    async def fault(self, fault: str, **more: Any) -> Any:
        body = {"project_id": self.project_id, "fault": fault, **more}
        return ok(await self.client.post(self.origin + "/sandbox/faults", json=body))

    @property
    def origin(self) -> str:
        return str(self.client.base_url).removesuffix("/").removesuffix("/api/v2")

    async def quiet(self) -> None:
        """Wait until no operation is under way."""
        async with asyncio.timeout(_DEADLINE_SECONDS):
            while True:
                operations = (await self.get("/operations"))["operations"]
                if not any(operation["status"] in _UNFINISHED for operation in operations):
                    return
                await asyncio.sleep(0.01)


def ok(response: httpx.Response, status: int = 200) -> Any:
    """The JSON of an answer that must have this status."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    return response.json()


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of an error."""
    body = response.json()
    assert body["request_id"]
    return response.status_code, body["code"], body["message"]


@asynccontextmanager
async def session(dsn: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """An SQL session in which every statement is a transaction."""
    connection = await psycopg.AsyncConnection.connect(dsn, autocommit=True, connect_timeout=10)
    async with connection:
        yield connection


async def scalar(connection: psycopg.AsyncConnection, query: str) -> Any:
    """The one value of a query."""
    row = await (await connection.execute(query)).fetchone()
    assert row is not None
    return row[0]


async def numbers(dsn: str) -> list[int]:
    """What the table `events` holds behind a connection string."""
    async with session(dsn) as connection:
        return sorted(n for (n,) in await (await connection.execute("SELECT n FROM events")).fetchall())


async def write(dsn: str, *values: int) -> datetime:
    """Commit each value in a transaction of its own, and give the server's clock after the last."""
    async with session(dsn) as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS events (n int)")
        for value in values:
            await connection.execute("INSERT INTO events VALUES (%s)", [value])
        instant: datetime = await scalar(connection, "SELECT clock_timestamp()")
        return instant
