"""Everything one sandbox holds: keys, projects, their data and their computes' proxies.

`World.new_project` and `World.new_endpoint` are the only places that put those parts together.
"""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.sandbox.neon import identifiers
from bot.sandbox.neon.computes import behind
from bot.sandbox.neon.faults import Faults, SettingsOrder
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.operations import abandon
from bot.sandbox.neon.plans import PLANS, PlanName, Settings
from bot.sandbox.neon.proxy import Certificate, Proxy, reserve_port
from bot.sandbox.neon.rates import RateLimits
from bot.sandbox.neon.rows import Branch, Endpoint, Project, Role
from bot.sandbox.neon.stores import Stores

KeyKind = Literal["personal", "organization", "project"]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What a bearer token may do (neon.md §10): a project key reaches `project_id` alone."""

    token: str = field(repr=False)
    kind: KeyKind
    project_id: str | None = None


@dataclass(slots=True)
class World:
    """The sandbox's state. All of it is touched from one event loop."""

    stores: Stores
    certificate: Certificate
    settings: Settings = field(default_factory=Settings)
    history_seconds: int | None = None
    keys: dict[str, ApiKey] = field(default_factory=dict, repr=False)
    projects: dict[str, Project] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    rates: RateLimits = field(default_factory=RateLimits)

    def new_key(self, kind: KeyKind, project_id: str | None = None) -> ApiKey:
        """A key that works from now on."""
        key = ApiKey(identifiers.api_key(), kind, project_id)
        self.keys[key.token] = key
        return key

    async def new_project(
        self, *, name: str, database: str, role: str, plan: PlanName | None = None, port: int = 0
    ) -> Project:
        """A project with its default branch `main`, one role, one database, and a compute that starts when needed."""
        store = await self.stores.create(database=database, role=role)
        at = now()
        settings = replace(self.settings, plan=plan or self.settings.plan)
        history = (
            settings.limits.history_default_seconds if self.history_seconds is None else self.history_seconds
        )
        project = Project(identifiers.project_id(), name, settings, history, at, at)
        branch = Branch(
            identifiers.branch_id(),
            "main",
            at,
            at,
            history_from=at,
            state_changed_at=at,
            default=True,
            store=store,
        )
        branch.roles[role] = Role.with_password(role, created_at=at)
        branch.adopt(store.catalogue)
        branch.enter("ready")
        project.branches[branch.id] = branch
        self.projects[project.id] = project
        endpoint = self.new_endpoint(project, branch.id, "read_write", port=port)
        await endpoint.proxy.listen()
        endpoint.enter("idle")
        return project

    async def remove_project(self, project: Project) -> None:
        """Stop and remove everything of a project, for good."""
        del self.projects[project.id]
        await abandon(project)
        await asyncio.gather(*(endpoint.proxy.close() for endpoint in project.endpoints.values()))
        branches = [*project.branches.values(), *project.deleted.values()]
        stores = [branch.store for branch in branches] + [shot.store for shot in project.snapshots.values()]
        await asyncio.gather(*(self.stores.remove(store) for store in stores if store is not None))

    def new_endpoint(self, project: Project, branch_id: str, kind: str, *, port: int = 0) -> Endpoint:
        """An endpoint with a port of its own. It lets nobody in before its compute was started once."""
        endpoint_id, at = identifiers.endpoint_id(), now()
        proxy = Proxy(self.certificate, behind(project, endpoint_id), reserve_port(port), kind == "read_only")
        endpoint = Endpoint(endpoint_id, branch_id, kind, proxy, at, at)
        project.endpoints[endpoint_id] = endpoint
        return endpoint

    def apply(self, order: SettingsOrder) -> None:
        """Change the settings of one project, or of all there are and will be."""
        if order.project_id is None:
            _change(self.settings, order)
            self.history_seconds = (
                order.history_seconds if order.history_seconds is not None else self.history_seconds
            )
        for project in self.projects.values():
            if order.project_id in {None, project.id}:
                _change(project.settings, order)
                if order.history_seconds is not None:
                    project.history_seconds = order.history_seconds
                elif order.plan is not None:
                    project.history_seconds = min(
                        project.history_seconds, PLANS[order.plan].history_max_seconds
                    )

    async def close(self) -> None:
        """Stop every process and give every port back."""
        for project in self.projects.values():
            await abandon(project)
        endpoints = [e for project in self.projects.values() for e in project.endpoints.values()]
        await asyncio.gather(*(endpoint.proxy.close() for endpoint in endpoints))
        await self.stores.kill_all()


def _change(settings: Settings, order: SettingsOrder) -> None:
    if order.plan is not None:
        settings.plan = order.plan
    if order.operation_seconds is not None:
        settings.operation_seconds = order.operation_seconds
    if order.ahead_seconds is not None:
        settings.ahead_seconds = order.ahead_seconds
    if order.rate_limits is not None:
        settings.rate_limits = order.rate_limits
    if "detach_seconds" in order.model_fields_set:
        settings.detach_seconds = order.detach_seconds
