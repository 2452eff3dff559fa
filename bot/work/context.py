"""What every workflow may use, and what they all do: move a request on, and end it when something is wrong."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime

from bot.errors import Kind, Refused, SafepointError, as_ours
from bot.neon.client import NeonClient
from bot.postgres.session import Connection, session
from bot.rules.clock import Clock
from bot.rules.ids import BranchId, RequestId, TargetName
from bot.rules.request import Request, Stage, begin_phase, fail
from bot.rules.target import Target
from bot.rules.trouble import trouble_of
from store.memory import Store

COUNT_SECONDS = 60.0
"""The time one side of a comparison may take; tables that do not fit are "cannot tell"."""

_LOG = logging.getLogger("safepoint.work")


@dataclass(frozen=True, slots=True)
class Context:
    store: Store
    neon: NeonClient
    targets: Mapping[TargetName, Target]
    clock: Clock
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while freshness is looked at: an older look must not be written down after a newer one."""

    async def request(self, id_: str) -> Request:
        request = await self.store.requests.get(id_)
        assert request is not None, "a workflow is only started for a stored request"
        return request

    async def phase(self, id_: RequestId, name: str) -> None:
        now = self.clock()
        await self.store.requests.change(id_, lambda request: begin_phase(request, name, now))

    async def fail(self, id_: RequestId, stage: Stage, error: Exception) -> None:
        """End the request with what went wrong; the card tells people, the log tells us."""
        ours = as_ours(error)
        _LOG.warning("request %s: %s (%s %s %s)", id_, stage.value, ours.ref, ours.kind, dict(ours.facts))
        now = self.clock()
        trouble = trouble_of(ours)
        await self.store.requests.change(id_, lambda request: fail(request, stage, trouble, now))

    async def database(self, request: Request, branch: BranchId) -> AbstractAsyncContextManager[Connection]:
        """A fresh session in the target's database as `branch` holds it; the password is asked for each time.

        The project is the request's: the target may stand for a branch of another by now. Raises Refused if the
        target has gone from the configuration.
        """
        target = self.targets.get(request.target)
        if target is None:
            raise Refused(Kind.UNKNOWN_TARGET, name=request.target, known=", ".join(sorted(self.targets)))
        uri = await self.neon.connection_uri(
            request.project, branch, database=target.database, role=target.role
        )
        return session(uri, statement_seconds=COUNT_SECONDS)

    def now(self) -> datetime:
        return self.clock()


def name_for(purpose: str, request: RequestId) -> str:
    """The name of a branch a request makes: the same after a crash, so that looking for it tells if it is there."""
    return f"{PREFIX}{purpose}-{request}"


PREFIX = "safepoint-"


def log_trouble(what: str, error: SafepointError) -> None:
    _LOG.warning("%s: %s %s %s", what, error.ref, error.kind, dict(error.facts))
