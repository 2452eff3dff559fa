import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import cli
from tests.commands.moments import phrases

NOW = ["--now", "2026-11-20T12:00:00Z"]
SUMMER = ["--now", "2026-07-15T08:30:00Z", "--tz", "Europe/Berlin"]


def explained(*arguments: str, given: str | None = None) -> list[dict[str, Any]]:
    result = CliRunner().invoke(cli, ["explain", *arguments], input=given)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("command", ["/restore prod to 10:45", "restore prod to 10:45", "prod to 10:45"])
def test_a_command_is_explained_with_its_parts(command: str) -> None:
    [answer] = explained(command, *SUMMER, "--json")
    message = answer.pop("message")
    assert answer == {
        "text": command,
        "outcome": "read",
        "instant": "2026-07-14T08:45:00Z",
        "choices": [],
        "command": "/restore",
        "target": "prod",
        "words": "10:45",
    }
    for part in (
        "2026-07-14 08:45:00.000 UTC",
        "Tue 2026-07-14 10:45:00 in Europe/Berlin",
        "23 h",
        "yesterday",
    ):
        assert part in message


def test_a_question_lists_its_instants_and_a_refusal_says_what_would_work() -> None:
    [asked] = explained("prod to 10 UTC", *NOW, "--json")
    assert (asked["outcome"], asked["instant"]) == ("ask", None)
    assert asked["choices"] == ["2026-11-19T22:00:00Z", "2026-11-20T10:00:00Z"]
    [refused] = explained("prod to banana", *NOW, "--json")
    assert (refused["outcome"], refused["instant"], refused["choices"]) == ("refuse", None, [])
    assert "10:25 UTC" in refused["message"]


@pytest.mark.parametrize(
    ("command", "restore_point"),
    [("prod to lsn 0/16b3748", "lsn 0/16B3748"), ("/restore prod from nightly", "from nightly")],
)
def test_a_restore_point_that_is_no_instant_is_named(command: str, restore_point: str) -> None:
    [answer] = explained(command, *NOW, "--json")
    assert (answer["outcome"], answer["instant"], answer["restore_point"]) == ("read", None, restore_point)


@pytest.mark.parametrize(
    "command", ["banana", "", "/restore", "/restore help", "prod 10:25", "/backup a b c"]
)
def test_what_is_no_command_is_refused_in_words(command: str) -> None:
    [answer] = explained(command, *NOW, "--json")
    assert (answer["outcome"], answer["target"], answer["words"]) == ("refuse", None, None)
    assert answer["message"]


def test_a_backup_is_explained_too() -> None:
    [answer] = explained("/backup prod nightly", *NOW, "--json")
    assert (answer["command"], answer["target"], answer["words"]) == ("/backup", "prod", "nightly")


def test_for_people_it_is_said_in_a_line_or_two() -> None:
    result = CliRunner().invoke(cli, ["explain", "prod to tomorrow 10:00", *NOW])
    assert result.stdout.startswith("refuse: 2026-11-21 10:00:00.000 UTC has not happened yet.")
    assert "/restore of prod: “tomorrow 10:00”" in result.stdout


def test_a_batch_is_answered_line_for_line_in_order(tmp_path: Path) -> None:
    every = list(phrases())
    lines = [
        json.dumps({"text": one.text, "now": one.now.isoformat(), "tz": one.zone, "best": "ignored"})
        for one in every
    ]
    file = tmp_path / "phrases.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    answers = explained("--batch", str(file))
    assert answers == explained("--batch", "-", given="\n".join(lines))
    assert [answer["text"] for answer in answers] == [one.text for one in every]
    assert {*answers[0]} == {"text", "outcome", "instant", "choices", "message"}
    for answer, one in zip(answers, every, strict=True):
        outcome, *rest = one.wanted.split()
        wanted = {"ask": "ask", "refuse": "refuse"}.get(outcome, "read")
        assert answer["outcome"] == wanted
        assert answer["instant"] == (outcome if outcome[0] == "2" else None)
        assert answer["choices"] == (rest[1:] if wanted == "ask" else [])
        assert answer.get("restore_point") == (" ".join(rest) if outcome == "named" else None)
        assert answer["message"]


def test_a_line_of_a_batch_may_leave_out_when_and_where() -> None:
    [answer] = explained("--batch", "-", *SUMMER, given='{"text": "10:25"}')
    assert answer["instant"] == "2026-07-15T08:25:00Z"


@pytest.mark.parametrize(
    "line", ["nope", "[]", "3", "{}", '{"text": 3}', '{"text": "now", "now": "2026-11-20T12:00:00"}', ""]
)
def test_a_line_that_is_none_is_answered_and_the_next_one_too(line: str) -> None:
    bad, good = explained("--batch", "-", *NOW, given=f'{line}\n{{"text": "10:25"}}')
    assert (bad["outcome"], bad["instant"]) == ("refuse", None)
    assert good["instant"] == "2026-11-20T10:25:00Z"


def test_a_zone_nobody_knows_is_not_guessed() -> None:
    [answer] = explained("--batch", "-", *NOW, given='{"text": "10:25", "tz": "Mars/Olympus"}')
    assert answer["outcome"] == "refuse"


@pytest.mark.parametrize(
    "arguments",
    [[], ["prod to now", "--batch", "-"], ["x", "--tz", "Mars/Olympus"], ["x", "--now", "today"],
     ["x", "--now", "2026-11-20T12:00:00"], ["--batch", "/nowhere/at/all"]],
)  # fmt: skip
def test_arguments_that_make_no_sense_are_a_usage_error(arguments: list[str]) -> None:
    assert CliRunner().invoke(cli, ["explain", *arguments]).exit_code == 2


def test_it_loads_nothing_that_could_go_online_or_is_slow_to_start() -> None:
    script = (
        "import sys; from bot.cli import cli\n"
        "try: cli(['explain', 'prod to 10:25 Europe/Berlin', '--json'])\n"
        "except SystemExit: pass\n"
        "heavy = {'dbos', 'slack_sdk', 'slack_bolt', 'httpx', 'sqlite3', 'aiohttp', 'psycopg'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
