"""`safepoint run`: the bot itself, until it is stopped. Says in one line why it cannot start."""

import asyncio
import logging
import sys

import typer


def run() -> None:
    """Run the bot (Socket Mode or signed HTTP, as safepoint.toml says) until SIGTERM or Ctrl-C."""
    from slack_sdk.errors import SlackApiError

    from bot.app import run as run_bot
    from bot.config import BadConfig, load
    from bot.errors import as_ours
    from bot.slack.failures import SLACK_FAILURES, name_of
    from bot.work.engine import EngineTaken
    from store.database import StoreIsNewer

    _log_to_stderr()
    try:
        asyncio.run(run_bot(load()))
    except BadConfig as error:
        _stop("\n".join(error.mistakes))
    except EngineTaken as error:
        _stop(f"Another Safepoint is running with this state directory ({error}). Stop it first.")
    except StoreIsNewer as error:
        _stop(f"{error}. Install the newer version again.")
    except SlackApiError as error:
        _stop(f"Slack refused: {name_of(error)}. `safepoint doctor` checks tokens and scopes.")
    except SLACK_FAILURES as error:
        _stop(f"Slack cannot be reached ({name_of(error)}). Check the network, then start again.")
    except Exception as error:  # noqa: BLE001 - the edge of the process: a bug says so, without data of anybody's
        bug = as_ours(error)
        _stop(f"Something went wrong inside Safepoint, {bug.ref}: {dict(bug.facts)}. Please report it.")


def _stop(why: str) -> None:
    typer.echo(why, err=True)
    raise typer.Exit(1)


def _log_to_stderr() -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    for noisy in ("httpx", "httpcore", "slack_bolt", "slack_sdk", "aiohttp", "dbos"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
