"""One call of the API: who makes it, what was sent with it, and how its operations are taken on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.sandbox.neon import checks
from bot.sandbox.neon.faults import OPERATIONS, trouble_of
from bot.sandbox.neon.operations import Step, schedule
from bot.sandbox.neon.refusals import bad_request, not_found
from bot.sandbox.neon.rows import Branch, Endpoint, Project
from bot.sandbox.neon.shapes import Json, operation_json
from bot.sandbox.neon.world import ApiKey, World

B = TypeVar("B", bound="Body")


class Body(BaseModel):
    """A request body. Fields the OpenAPI document does not name are refused: a typo must not pass for a choice."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose key is known."""

    world: World
    request: web.Request
    key: ApiKey
    path: str

    @property
    def project(self) -> Project:
        """The project of the path. 404 also for one that the key does not reach."""
        project = self.world.projects.get(self.request.match_info["project_id"])
        if project is None or self.key.project_id not in {None, project.id}:
            raise not_found("project")
        return project

    @property
    def branch(self) -> Branch:
        """The branch of the path."""
        return checks.branch_of(self.project, self.request.match_info["branch_id"])

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint of the path."""
        return checks.endpoint_of(self.project, self.request.match_info["endpoint_id"])

    def query(self, name: str) -> str | None:
        """A query parameter, None if absent or empty."""
        return self.request.query.get(name) or None

    def required_query(self, name: str) -> str:
        """400 without it."""
        value = self.query(name)
        if value is None:
            raise bad_request(f"{name} is required")
        return value

    def number(self, name: str, *, default: int, most: int) -> int:
        """A query parameter from 1 to `most`."""
        text = self.query(name)
        if text is None:
            return default
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise bad_request(f"{name} must be a number from 1 to {most}")
        return int(text)

    async def body(self, model: type[B]) -> B:
        """The body, an absent one counting as `{}`. 400 if it is no JSON or does not fit."""
        text = await self.request.read()
        try:
            return model.model_validate_json(text.strip() or b"{}")
        except ValidationError as error:
            raise bad_request(describe(error)) from error

    def schedule(
        self, project: Project, steps: list[Step], *, undo: Callable[[], Awaitable[None]] | None = None
    ) -> list[Json]:
        """Take on operations, with the faults waiting for them, and give them as JSON."""
        order = self.world.faults.strike(OPERATIONS, self.request.method, self.path) if steps else None
        operations = schedule(project, steps, trouble=trouble_of(order), undo=undo)
        return [operation_json(project, operation) for operation in operations]


Handler = Callable[[Call], Awaitable[web.Response]]
Route = tuple[str, str, Handler]


def answer(body: Any, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.json_response(body, status=status)


def describe(error: ValidationError) -> str:
    """The first thing wrong with a body, without the value that was sent."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
