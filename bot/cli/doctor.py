"""`safepoint doctor`: checks the whole set-up and prints what it found, for a person or a program.

Decides only how findings look and what the exit code says: 1 if anything FAILED. Mistakes in the configuration are
findings like any other.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.doctor import Finding

_STYLES = {"OK": "green", "WARNING": "yellow", "FAILED": "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array, for programs.")] = False,
) -> None:
    """Check configuration, tokens, scopes, channels, people, Neon and every target; exit 1 if a check fails."""
    from bot.config import BadConfig, load
    from bot.doctor import Finding, State

    logging.basicConfig(handlers=[logging.NullHandler()])  # a finding says it once, the log at every attempt
    try:
        settings = load()
    except BadConfig as error:
        hint = "Correct it, then run `safepoint doctor` again for the other checks."
        findings = [Finding("configuration", State.FAILED, mistake, hint) for mistake in error.mistakes]
    else:
        findings = asyncio.run(_examine(settings))
    _print_json(findings) if as_json else _print_list(findings)
    if any(finding.state is State.FAILED for finding in findings):
        raise typer.Exit(1)


async def _examine(settings: "Settings") -> list["Finding"]:
    from bot.app import slack_client
    from bot.doctor import Finding, State, examine_slack

    environment, names = settings.environment, ", ".join(settings.targets)
    slack, neon = await asyncio.gather(
        examine_slack(
            slack_client(settings),
            settings.targets,
            mode=settings.file.slack.mode,
            app_token=environment.SLACK_APP_TOKEN,
            signing_secret=environment.SLACK_SIGNING_SECRET,
        ),
        _examine_neon(settings),
    )
    return [Finding("configuration", State.OK, f"{environment.SAFEPOINT_CONFIG}: {names}"), *slack, *neon]


async def _examine_neon(settings: "Settings") -> list["Finding"]:
    from bot.app import neon_client
    from bot.doctor import examine_neon, failed
    from bot.errors import Refused

    try:
        client = neon_client(settings)
    except Refused as error:  # what cannot be a key is not even sent
        return [failed("Neon key", error)]
    async with client:
        return await examine_neon(client, settings.targets)


def _print_list(findings: Sequence["Finding"]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for finding in findings:
        told = Text(finding.detail)
        if finding.hint:
            told.append(f"\n{finding.hint}", style="dim")
        table.add_row(Text(finding.state, style=_STYLES[finding.state]), Text(finding.name), told)
    console = Console()
    console.print(table)
    counts = {state: sum(finding.state == state for finding in findings) for state in _STYLES}
    console.print(Text(", ".join(f"{count} {state}" for state, count in counts.items() if count)))


def _print_json(findings: Sequence["Finding"]) -> None:
    from dataclasses import asdict

    print(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
