"""The whole outside of the bot, put together: Neon, Slack, a shop in Neon, and the configuration that joins them.

Decides who the people are and what the target's policy asks for. Starting a bot against it is the caller's business.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.sandbox.neon import SandboxNeon, sandbox_neon
from bot.sandbox.shop import ACCIDENTS, have_accident, shop
from bot.sandbox.slack import ChannelSpec, Person, SandboxSlack, sandbox_slack

TARGET = "prod"
DATABASE = "shop"
ROLE = "shop_owner"
INCIDENTS = ChannelSpec("C0INCIDENTS", "incidents")
GENERAL = ChannelSpec("C0GENERAL", "general")
PEOPLE = (
    Person("U0DANA", "Dana", tz="Europe/Berlin", role="operator"),
    Person("U0KOFI", "Kofi", tz="America/New_York", role="operator"),
    Person("U0MEI", "Mei", tz="Asia/Tokyo", role="approver"),
    Person("U0RAVI", "Ravi", tz="Asia/Kolkata", role="approver"),
    Person("U0SAM", "Sam", tz="UTC", role="outsider"),
)

_CONFIG = """\
# Made by `safepoint sandbox`; the variables beside it hold the keys.
[watch]
every = "2s"

[targets.{target}]
project = "{project}"
branch = "{branch}"
database = "{database}"
role = "{role}"
channel = "{channel}"
operators = [{operators}]
approvers = [{approvers}]
quorum = 2
max_age = "25h"
blind_grace = "10s"
"""


@dataclass(frozen=True, slots=True)
class Outside:
    neon: SandboxNeon
    slack: SandboxSlack
    env: Mapping[str, str]

    def description(self) -> dict[str, Any]:
        """What `safepoint sandbox --json` prints, without `pid`."""
        return {
            "slack_url": self.slack.url,
            "neon_url": self.neon.url,
            "neon_api_key": self.neon.api_key,
            "project_id": self.neon.project_id,
            "branch_id": self.neon.branch_id,
            "target": TARGET,
            "dsn": self.neon.dsn,
            "channel": INCIDENTS.id,
            "people": [
                {"id": person.id, "name": person.name, "tz": person.tz, "role": person.role}
                for person in PEOPLE
            ],
            "env": dict(self.env),
        }


@asynccontextmanager
async def outside(directory: Path, manifest: Mapping[str, object]) -> AsyncIterator[Outside]:
    """Run everything below `directory` (empty, private) until the block is left."""
    async with sandbox_neon(directory / "neon", database=DATABASE, role=ROLE) as neon, shop(neon.dsn):
        routes = [web.post("/sandbox/accident", _accidents(neon.dsn))]
        about = {
            "accidents": [{"id": id_, "label": accident.label} for id_, accident in ACCIDENTS.items()],
            "hints": [f"/restore {TARGET} to 30 seconds ago", f"/backup {TARGET}", "/restore help"],
        }
        async with sandbox_slack(
            PEOPLE, (INCIDENTS, GENERAL), manifest=manifest, extra_routes=routes, about=about
        ) as slack:
            yield Outside(neon, slack, _environment(directory, neon, slack))


def _environment(directory: Path, neon: SandboxNeon, slack: SandboxSlack) -> dict[str, str]:
    config = directory / "safepoint.toml"
    config.write_text(
        _CONFIG.format(
            target=TARGET,
            project=neon.project_id,
            branch=neon.branch_id,
            database=DATABASE,
            role=ROLE,
            channel=INCIDENTS.id,
            operators=_quoted("operator"),
            approvers=_quoted("approver"),
        ),
        encoding="utf-8",
    )
    return {
        "SAFEPOINT_CONFIG": str(config),
        "SAFEPOINT_STATE": str(directory / "state"),
        "NEON_API_KEY": neon.api_key,
        "NEON_API_URL": neon.url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.api_url,
    }


def _quoted(role: str) -> str:
    return ", ".join(f'"{person.id}"' for person in PEOPLE if person.role == role)


def _accidents(dsn: str) -> Any:
    async def accident(request: web.Request) -> web.Response:
        wanted = ACCIDENTS.get(str((await request.json()).get("id")))
        if wanted is None:
            return web.json_response({"ok": False, "message": "no such accident"}, status=404)
        before = await have_accident(dsn, wanted)
        moment = before.strftime("%Y-%m-%dT%H:%M:%S.") + f"{before.microsecond // 1000:03}Z"
        message = f"Done: {wanted.hint}. To go back: /restore {TARGET} to {moment}"
        return web.json_response({"ok": True, "message": message, "before": moment})

    return accident
