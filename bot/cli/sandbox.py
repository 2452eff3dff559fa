"""`safepoint sandbox`: the outside world on one machine, with the bot in it, until it is stopped."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bot.sandbox.outside import Outside

sandbox = typer.Typer(help="Neon and Slack on this machine, to try everything without an account.")

MANIFEST = Path(__file__).resolve().parents[2] / "manifest.yml"
READY_SECONDS = 60.0
STOP_SECONDS = 15.0

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON line when ready, for programs.")]


@sandbox.callback(invoke_without_command=True)
def everything(
    context: typer.Context,
    as_json: AsJson = False,
    no_bot: Annotated[bool, typer.Option("--no-bot", help="Do not start a bot in it.")] = False,
    log: Annotated[bool, typer.Option("--log", help="Show the bot's log.")] = False,
) -> None:
    """Start Neon, Slack, a small shop and the bot; stop them all with Ctrl-C."""
    if context.invoked_subcommand is None:
        asyncio.run(_until_stopped(_everything(as_json=as_json, with_bot=not no_bot, log=log)))


@sandbox.command()
def neon(as_json: AsJson = False) -> None:
    """Start Neon alone."""
    asyncio.run(_until_stopped(_neon_alone(as_json=as_json)))


async def _until_stopped(what: contextlib.AbstractAsyncContextManager[None]) -> None:
    """Stop on SIGTERM, SIGINT or SIGHUP, wherever starting has got to, and leave nothing behind."""
    task = asyncio.current_task()
    assert task is not None

    def stop() -> None:
        if not task.cancelling():  # a second Ctrl-C must not cut the cleaning up short
            task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with contextlib.suppress(asyncio.CancelledError):
        async with what:
            await asyncio.Event().wait()


@asynccontextmanager
async def _everything(*, as_json: bool, with_bot: bool, log: bool) -> AsyncIterator[None]:
    stderr = sys.stderr.fileno() if log else subprocess.DEVNULL
    async with world() as outside, bot_in(outside, stderr) if with_bot else contextlib.nullcontext():
        _say(outside, as_json=as_json, with_bot=with_bot)
        yield


@asynccontextmanager
async def world() -> AsyncIterator["Outside"]:
    """The outside world in a private directory of its own, removed afterwards."""
    import yaml

    from bot.sandbox.outside import outside

    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="safepoint-") as directory:
        async with outside(Path(directory), manifest) as found:
            yield found


@asynccontextmanager
async def bot_in(
    outside: "Outside", log: IO[bytes] | int = subprocess.DEVNULL
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bot as a process of its own, connected, and past its first look at freshness; `log` takes its stderr."""
    bot = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.cli", "run"),
        env={**_without_proxies(os.environ), **outside.env},
        stdout=subprocess.DEVNULL,
        stderr=log,
    )
    try:
        async with asyncio.timeout(READY_SECONDS):
            ready = asyncio.create_task(_ready(outside))
            ended = asyncio.create_task(bot.wait())
            await asyncio.wait([ready, ended], return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                ready.cancel()
                raise RuntimeError("the bot ended before it was ready; --log shows why")
            ended.cancel()
        yield bot
    finally:
        if bot.returncode is None:
            bot.terminate()
            try:
                await asyncio.wait_for(bot.wait(), STOP_SECONDS)
            except TimeoutError:
                bot.kill()
                await bot.wait()


def _without_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """slack_sdk would send even loopback traffic through HTTP_PROXY: it does not know NO_PROXY."""
    return {name: value for name, value in environ.items() if not name.lower().endswith("_proxy")}


async def _ready(outside: "Outside") -> None:
    import httpx

    await outside.slack.wait_connected()
    async with httpx.AsyncClient(base_url=outside.slack.url) as client:
        while not _first_words(await client.get("/sandbox/state")):
            await asyncio.sleep(0.05)


def _first_words(answer: Any) -> bool:
    return any(channel["messages"] for channel in answer.json()["channels"].values())


@asynccontextmanager
async def _neon_alone(*, as_json: bool) -> AsyncIterator[None]:
    from bot.sandbox.neon import sandbox_neon

    with tempfile.TemporaryDirectory(prefix="safepoint-") as directory:
        async with sandbox_neon(Path(directory) / "neon") as found:
            told = {
                "neon_url": found.url,
                "neon_api_key": found.api_key,
                "project_id": found.project_id,
                "branch_id": found.branch_id,
                "dsn": found.dsn,
                "pid": os.getpid(),
            }
            _print(
                json.dumps(told) if as_json else "\n".join(f"{key}: {value}" for key, value in told.items())
            )
            yield


def _say(outside: "Outside", *, as_json: bool, with_bot: bool) -> None:
    if as_json:
        _print(json.dumps({**outside.description(), "pid": os.getpid()}))
        return
    bot = "Safepoint is connected." if with_bot else "No bot runs in it; start one with these variables:"
    variables = (
        "" if with_bot else "".join(f"\n  export {name}={value}" for name, value in outside.env.items())
    )
    _print(_WELCOME.format(url=outside.slack.url, bot=bot + variables))


_WELCOME = """\
Slack is at  {url}
{bot}

Try this, on the page:
  1. In #incidents, choose "Break something", then "Delete every order".
  2. As Dana, type the /restore command it shows you, and press "Restore in place" on the card.
  3. Become Mei, then Ravi, with the switcher at the top; press "Approve" and type: prod
  4. Watch it being verified. "Undo" takes it back.
  5. The alert says prod was never backed up: press "Back up now".

Ctrl-C stops everything and leaves nothing behind.
"""


def _print(text: str) -> None:
    print(text, flush=True)
