"""`safepoint …`: what can be done from a terminal. Each command lives in its own module and imports what it needs late,
so that one command never pays for another's libraries.
"""

import typer

from bot.cli.doctor import doctor
from bot.cli.explain import explain
from bot.cli.run import run
from bot.cli.sandbox import sandbox
from bot.cli.tour import tour

cli = typer.Typer(
    name="safepoint",
    help="Restores, backups and drills for Postgres on Neon, asked for and approved in Slack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command()(run)
cli.command()(doctor)
cli.command()(explain)
cli.add_typer(sandbox, name="sandbox")
cli.command()(tour)


def main() -> None:
    cli()
