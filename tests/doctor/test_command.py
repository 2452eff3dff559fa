"""`safepoint doctor` as a process: what it prints, and what it ends with."""

import asyncio
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.doctor import Finding, State
from bot.sandbox.slack import SandboxSlack
from tests.doctor.worlds import POLICY, WARNING, Findings, World


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def findings(self) -> Findings:
        return Findings(
            [Finding(**{**one, "state": State(one["state"])}) for one in json.loads(self.out)], []
        )


async def safepoint_doctor(*arguments: str, **environ: str) -> Ended:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot.cli", "doctor", *arguments),
        env={**kept, "PYTHONUTF8": "1", "COLUMNS": "100", **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


@pytest.fixture
def environ(tmp_path: Path, world: World, slack: SandboxSlack) -> dict[str, str]:
    lines = [
        "[targets.prod]",
        *(
            f'{key} = "{getattr(world.target, key)}"'
            for key in ("project", "branch", "database", "role", "channel")
        ),
        f"operators = {json.dumps(sorted(POLICY.operators))}",
        f"approvers = {json.dumps(sorted(POLICY.approvers))}",
    ]
    file = tmp_path / "safepoint.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return {
        "SAFEPOINT_CONFIG": str(file),
        "SAFEPOINT_STATE": str(tmp_path / "state"),
        "NEON_API_KEY": world.key,
        "NEON_API_URL": world.neon.url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
    }


async def test_the_command_prints_every_check_and_ends_well(environ: dict[str, str], tmp_path: Path) -> None:
    ended = await safepoint_doctor("--json", **environ)
    assert (ended.code, ended.err) == (0, "")
    assert {"configuration", "Slack bot token", "prod: channel", "Neon key", "prod: row counts"} <= set(
        ended.findings.names
    )
    assert set(ended.findings.not_ok()) <= {"clock"}, "a slow machine may make the clock look off"
    assert not (tmp_path / "state").exists(), "looking changes nothing"


async def test_one_failure_makes_the_command_end_in_one_and_shows_its_hint(environ: dict[str, str]) -> None:
    ended = await safepoint_doctor(**{**environ, "NEON_API_KEY": "napi_wrong"})
    assert (ended.code, ended.err) == (1, "")
    [line] = [number for number, line in enumerate(ended.out.splitlines()) if line.startswith("FAILED")]
    told, hint = ended.out.splitlines()[line : line + 2]
    assert "Neon key" in told and "NEON_API_KEY" in hint
    assert re.search(r"^OK +prod: channel +#ops", ended.out, re.MULTILINE)
    assert ended.out.rstrip().endswith("1 FAILED")


async def test_a_warning_alone_does_not_make_the_command_fail(
    changing: World, environ: dict[str, str]
) -> None:
    await changing.order("settings", history_seconds=6 * 3600)
    ended = await safepoint_doctor("--json", **environ)
    assert (ended.code, ended.findings["prod: history window"].state) == (0, WARNING)


async def test_mistakes_in_the_configuration_are_findings(tmp_path: Path) -> None:
    file = tmp_path / "safepoint.toml"
    file.write_text('[targets.prod]\nproject = "p"\nbranch = "main"\n', encoding="utf-8")
    ended = await safepoint_doctor("--json", SAFEPOINT_CONFIG=str(file), SLACK_BOT_TOKEN="xoxb-do-not-show")
    told = json.loads(ended.out)
    assert (ended.code, ended.err, "xoxb-do-not-show" in ended.out) == (1, "", False)
    assert {one["state"] for one in told} == {"FAILED"} and all(one["hint"] for one in told)
    details = "\n".join(one["detail"] for one in told)
    for word in ("NEON_API_KEY", "targets.prod.branch = 'main'", "targets.prod.database: missing"):
        assert word in details
