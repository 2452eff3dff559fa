"""Nothing that grants access is ever shown, logged or stored: searched for by value after a whole incident."""

from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot.cli.guide import Guide
from bot.sandbox.outside import Outside
from tests.journeys.neon_eyes import fault
from tests.journeys.test_restore import moment_ago, preview


async def test_no_token_password_or_connection_string_is_shown_logged_or_stored(
    guide: Guide, outside: Outside, slack: httpx.AsyncClient, neon_api: httpx.AsyncClient, bot_log: Path
) -> None:
    dana = guide.named("Dana")
    card = await preview(guide, dana, await moment_ago())
    await guide.press(dana, card, "Restore to a new branch")
    await guide.ended("the branch is ready", card, "The new branch is ready")
    await fault(neon_api, outside, "truncate", times=2)
    await guide.type(dana, "/restore", f"prod to {await moment_ago()}")
    seen = await guide.last_ts()
    await guide.type(dana, "/restore", "help")
    await guide.whisper("help", dana, "shows what going back would mean", after=seen)

    password = urlsplit(outside.neon.dsn).password
    assert password
    secrets = {
        "the role's password": password,
        "the Neon key": outside.neon.api_key,
        "the bot token": outside.slack.bot_token,
        "the app token": outside.slack.app_token,
        "the signing secret": outside.slack.signing_secret,
        "a connection string": "postgresql://",
        "a response url": "/commands/T",
    }
    state = Path(outside.env["SAFEPOINT_STATE"])
    stored = b"".join(path.read_bytes() for path in state.iterdir() if path.is_file())
    places = {
        "Slack": (await slack.get("/sandbox/state")).content,
        "the calls to Slack": (await slack.get("/sandbox/journal")).content,
        "the log": bot_log.read_bytes(),
        "the state directory": stored,
    }
    assert b"request" in stored
    found = [
        f"{what} in {place}"
        for what, secret in secrets.items()
        for place, content in places.items()
        if secret.encode() in content
    ]
    assert not found
