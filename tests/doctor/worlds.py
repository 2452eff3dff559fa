"""Sandbox worlds for the doctor, and what it found in one."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import psycopg
import yaml
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from bot.doctor import Finding, State, examine_neon, examine_slack
from bot.neon.client import NeonClient
from bot.neon.http import PATIENCE
from bot.rules.clock import Clock, system_clock
from bot.rules.ids import BranchId, ChannelId, PersonId, ProjectId, TargetName
from bot.rules.target import Policy, Target
from bot.sandbox.neon import SandboxNeon
from bot.sandbox.slack import ChannelSpec, Person, SandboxSlack, sandbox_slack

OK, WARNING, FAILED = State.OK, State.WARNING, State.FAILED
MANIFEST = yaml.safe_load((Path(__file__).parents[2] / "manifest.yml").read_text(encoding="utf-8"))
HASTY = replace(PATIENCE, unreachable=0.05, rate_limited=0.05, busy=0.05, first_pause=0.01)

OLGA, OMAR, ANNA, ALI = (PersonId(id_) for id_ in ("U0OLGA", "U0OMAR", "U0ANNA", "U0ALI"))
GUEST, STRANGER, GONE, ROBOT = (PersonId(id_) for id_ in ("U0GUEST", "U0STRANGER", "U0GONE", "U0ROBOT"))
NOBODY = PersonId("U0NOBODY")
PEOPLE = (
    Person(OLGA, "Olga"),
    Person(OMAR, "Omar"),
    Person(ANNA, "Anna"),
    Person(ALI, "Ali"),
    Person(GUEST, "Gus", is_restricted=True),
    Person(STRANGER, "Sten", is_stranger=True),
    Person(GONE, "Gerd", deleted=True),
    Person(ROBOT, "Robby", is_bot=True),
)
TELLER = "teller"
OPS = ChannelId("C0OPS")
CHANNELS = (
    ChannelSpec(OPS, "ops"),
    ChannelSpec("C0OLD", "old", is_archived=True),
    ChannelSpec("C0ELSEWHERE", "elsewhere", bot_is_member=False),
    ChannelSpec("C0SECRET", "secret", is_private=True, bot_is_member=False),
    ChannelSpec("C0VAULT", "vault", is_private=True),
    ChannelSpec("C0SHARED", "shared", is_ext_shared=True),
)
POLICY = Policy(operators=frozenset({OLGA, OMAR}), approvers=frozenset({ANNA, ALI}), quorum=2)
TARGET = Target(
    name=TargetName("prod"),
    project=ProjectId("shiny-wind-028834"),
    branch=BranchId("br-wild-boat-648259"),
    database="shop",
    role="shop_owner",
    channel=OPS,
    policy=POLICY,
)


class Findings:
    """What the doctor found, by name, and never with one of the secrets in it."""

    def __init__(self, findings: Sequence[Finding], secrets: Sequence[str]) -> None:
        shown = repr(findings)
        assert [secret for secret in secrets if secret and secret in shown] == []
        assert len({finding.name for finding in findings}) == len(findings)
        assert all(bool(finding.hint) is (finding.state is not OK) for finding in findings)
        assert all(finding.detail for finding in findings)
        self._by_name = {finding.name: finding for finding in findings}

    def __getitem__(self, name: str) -> Finding:
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @property
    def names(self) -> list[str]:
        return list(self._by_name)

    def not_ok(self) -> dict[str, State]:
        return {name: found.state for name, found in self._by_name.items() if found.state is not OK}


@asynccontextmanager
async def workspace(without: frozenset[str] = frozenset()) -> AsyncIterator[SandboxSlack]:
    """A workspace whose app has the manifest's scopes but these."""
    kept = [scope for scope in MANIFEST["oauth_config"]["scopes"]["bot"] if scope not in without]
    manifest = {**MANIFEST, "oauth_config": {"scopes": {"bot": kept}}}
    async with sandbox_slack(PEOPLE, CHANNELS, manifest=manifest) as slack:
        yield slack


async def slack_findings(
    slack: SandboxSlack,
    *targets: Target,
    bot_token: str | None = None,
    app_token: str | None = None,
    signing_secret: str | None = None,
    mode: Any = "socket",
) -> Findings:
    bot_token = slack.bot_token if bot_token is None else bot_token
    app_token = slack.app_token if app_token is None else app_token
    signing_secret = slack.signing_secret if signing_secret is None else signing_secret
    found = await examine_slack(
        AsyncWebClient(bot_token, base_url=slack.api_url, retry_handlers=[]),
        by_name(*(targets or [TARGET])),
        mode=mode,
        app_token=SecretStr(app_token),
        signing_secret=SecretStr(signing_secret),
    )
    return Findings(found, [bot_token, app_token, signing_secret, "ticket"])


def by_name(*targets: Target) -> Mapping[TargetName, Target]:
    return {target.name: target for target in targets}


def with_policy(**changes: Any) -> Target:
    return replace(TARGET, policy=replace(POLICY, **changes))


async def fault(slack: SandboxSlack, name: str, method: str) -> None:
    async with httpx.AsyncClient() as http:
        order = {"fault": name, "times": 2, "method": method}  # a GET that is cut off is asked twice
        (await http.post(f"{slack.url}/sandbox/faults", json=order)).raise_for_status()


@dataclass(frozen=True)
class World:
    """A project of its own in the sandbox, with two tables, and the target that leads there.

    Neon's own roles may read everything and see every row; TELLER was made in SQL and may not.
    """

    neon: SandboxNeon
    target: Target
    dsn: str
    key: str

    async def findings(
        self,
        target: Target | None = None,
        *,
        key: str | None = None,
        url: str | None = None,
        clock: Clock = system_clock,
    ) -> Findings:
        key = self.key if key is None else key
        client = NeonClient(
            api_key=SecretStr(key), base_url=url or self.neon.url, patience=HASTY, clock=clock
        )
        async with client:
            found = await examine_neon(client, by_name(target or self.target))
        password = psycopg.conninfo.conninfo_to_dict(self.dsn)["password"]
        return Findings(found, [key, str(password), self.dsn, "postgresql://"])

    @property
    def as_teller(self) -> Target:
        """The same target looked at with the role that may do little."""
        return replace(self.target, role=TELLER)

    async def order(self, path: str, **order: Any) -> None:
        async with httpx.AsyncClient(base_url=self.neon.origin) as http:
            answer = await http.post(f"/sandbox/{path}", json={**order, "project_id": self.target.project})
            answer.raise_for_status()

    async def sql(self, *statements: str) -> None:
        async with await psycopg.AsyncConnection.connect(self.dsn, autocommit=True) as connection:
            for statement in statements:
                await connection.execute(statement.encode())

    @asynccontextmanager
    async def client(self) -> AsyncIterator[NeonClient]:
        async with NeonClient(api_key=SecretStr(self.key), base_url=self.neon.url) as client:
            yield client


AT_FIRST = (
    "drop schema public cascade",
    "create schema public",
    "create table orders (id int)",
    f"grant usage on schema public, shelf to {TELLER}",
    f"grant select on public.orders, shelf.goods to {TELLER}",
)
