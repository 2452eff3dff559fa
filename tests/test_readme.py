"""The README tells the truth: its examples run, its tables are complete, and it stays short."""

import asyncio
import os
import re
import shutil
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from bot.cards import backup, restore
from bot.cli import cli
from bot.config import Environment, File, SlackTable, TargetTable, WatchTable, load
from bot.rules.moment import Ask, Read, Reading, Refuse
from bot.sandbox.neon import SandboxNeon
from commands.when import read

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def block(language: str, containing: str = "") -> str:
    return next(str(text) for kind, text in BLOCKS if kind == language and containing in text)


def shown_as(word: str) -> list[tuple[str, type[Reading]]]:
    """The phrases the README shows in the point about what is read, asked or refused."""
    outcome = {"read": Read, "asked": Ask, "refused": Refuse}[word]
    [point] = re.findall(rf"^- \*\*{word}\*\*(.*?)(?=^- |^$)", README, re.DOTALL | re.MULTILINE)
    return [(phrase, outcome) for phrase in re.findall(r"`([^`]+)`", point)]


def test_it_stays_under_three_hundred_lines() -> None:
    assert len(README.splitlines()) < 300


def test_its_two_commands_are_the_ones_that_ci_and_people_copy() -> None:
    assert block("sh", "sandbox").strip() == "pip install uv && uv run safepoint sandbox"
    assert block("sh", "pytest").strip() == "pip install uv && uv run pytest"
    assert block("sh", "pytest").strip() in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_its_configuration_loads(tmp_path: Path) -> None:
    file = tmp_path / "safepoint.toml"
    file.write_text(block("toml"), encoding="utf-8")
    keys = {"NEON_API_KEY": "napi_x", "SLACK_BOT_TOKEN": "xoxb-x", "SLACK_APP_TOKEN": "xapp-x"}
    settings = load({"SAFEPOINT_CONFIG": str(file), **keys})
    assert settings.targets["prod"].policy.quorum == tomllib.loads(block("toml"))["targets"]["prod"]["quorum"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("phrase", "outcome"),
    [
        *shown_as("read"),
        *shown_as("asked"),
        *shown_as("refused"),
    ],
)
def test_every_moment_it_shows_comes_to_what_it_says(phrase: str, outcome: type[Reading]) -> None:
    assert isinstance(read(phrase, NOW, UTC), outcome), phrase


def test_it_shows_moments_of_every_kind() -> None:
    assert (len(shown_as("read")), len(shown_as("asked")), len(shown_as("refused"))) == (14, 6, 3)


def test_every_button_it_names_is_a_label_of_a_card_and_the_other_way_round() -> None:
    source = "".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in (restore, backup))
    labels = set(re.findall(r'button\(\s*"([^"]+)"', source))
    assert labels == {label for label in labels if f"*{label}*" in README}


def test_every_key_and_variable_is_in_its_tables() -> None:
    keys = {f"slack.{name}" for name in SlackTable.model_fields}
    keys |= {f"watch.{name}" for name in WatchTable.model_fields}
    missing = [key for key in keys if f"`{key}`" not in README]
    missing += [name for name in TargetTable.model_fields if not re.search(rf"\b{name}\b", README)]
    missing += [name for name in Environment.model_fields if f"`{name}`" not in README]
    assert not missing
    assert set(File.model_fields) == {"slack", "watch", "targets"}


def test_every_terminal_command_is_in_it() -> None:
    names = {info.name or str(getattr(info.callback, "__name__", "")) for info in cli.registered_commands}
    names |= {str(info.name) for info in cli.registered_groups}
    assert names
    assert not [name for name in names if not re.search(rf"`(?:uv run |safepoint )*{name}\b", README)]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands by hand need curl")
async def test_the_commands_by_hand_restore_and_keep_the_state_from_before(neon: SandboxNeon) -> None:
    project = await neon.new_project(name="by-hand")
    async with await psycopg.AsyncConnection.connect(project.dsn, autocommit=True) as connection:
        await connection.execute("create table kept (id int)")
        await asyncio.sleep(1.1)
        row = await (await connection.execute("select clock_timestamp()")).fetchone()
        assert row is not None
        moment: datetime = row[0]
        await asyncio.sleep(1.1)
        await connection.execute("drop table kept")
    stamp = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    script = block("sh", "curl").replace("2026-11-20T10:25:00.000Z", stamp)
    variables = {
        **os.environ,
        "PROJECT": project.project_id,
        "BRANCH": project.branch_id,
        "NEON_API_URL": neon.url,
        "NEON_API_KEY": neon.api_key,
        "NO_PROXY": "127.0.0.1",
    }
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script), env=variables, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asyncio.wait_for(shell.communicate(), 30)
    assert shell.returncode == 0
    assert b"by-hand-before" in told
    deadline = asyncio.get_running_loop().time() + 20
    while not await _has_table(project.dsn):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.1)


async def _has_table(dsn: str) -> bool:
    try:
        async with await psycopg.AsyncConnection.connect(dsn) as connection:
            row = await (await connection.execute("select to_regclass('kept') is not null")).fetchone()
            return bool(row and row[0])
    except psycopg.Error:  # the compute restarts while Neon restores
        return False
