"""What Slack delivers, turned into `Said` rows: check, write down, ack. Nothing is judged here.

The ack goes out once the row is durable, so that an acked click survives a crash; a modal's form is checked before,
since only the ack can show an error inside the window. Payload fields that grant something (`token`, `response_url`)
are left out of the row.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SafepointError
from bot.rules.clock import Clock
from bot.rules.ids import ChannelId, PersonId
from bot.rules.said import How, Said
from commands.approve import form_errors
from commands.buttons import read_button
from store.inbox import Inbox

Body = dict[str, Any]
ANYTHING = re.compile(".*", re.DOTALL)
HOME_OPENED = "app_home_opened"

_ID_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_ID_LENGTH = 16


def build_bolt(
    inbox: Inbox, clock: Clock, identity: Mapping[str, str], api_url: str, signing_secret: str
) -> AsyncApp:
    """Bolt with one listener per kind of delivery. `identity` is the answer of `auth.test` for the bot's token.

    Bolt gets no token: its own authorisation would call `auth.test` before the first ack, and nothing here calls
    Slack. With an empty signing secret only Socket Mode, which needs none, may dispatch to it.
    """

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=identity["team_id"],
            bot_user_id=identity["user_id"],
            bot_id=identity.get("bot_id"),
            bot_token="",
        )

    bolt = AsyncApp(
        client=AsyncWebClient(base_url=api_url),
        authorize=authorize,
        signing_secret=signing_secret,
        request_verification_enabled=bool(signing_secret),
    )

    @bolt.command(ANYTHING)
    async def command(ack: AsyncAck, body: Body) -> None:
        await inbox.put(_from_command(body, clock))
        await ack()

    @bolt.action(ANYTHING)
    async def action(ack: AsyncAck, body: Body) -> None:
        await inbox.put(_from_click(body, clock))
        await ack()

    @bolt.view(ANYTHING)
    async def submission(ack: AsyncAck, body: Body) -> None:
        said = _from_submission(body, clock)
        if errors := _errors(said):
            await ack(response_action="errors", errors=errors)
            return
        await inbox.put(said)
        await ack()

    @bolt.event(HOME_OPENED)
    async def home(ack: AsyncAck, body: Body) -> None:
        await inbox.put(_from_home(body, clock))
        await ack()

    return bolt


def _from_command(body: Body, clock: Clock) -> Said:
    return Said(
        id=_id(body["trigger_id"]),
        how=How.COMMAND,
        person=PersonId(body["user_id"]),
        channel=ChannelId(body["channel_id"]),
        name=body["command"],
        text=body.get("text", ""),
        at=clock(),
        trigger=body["trigger_id"],
    )


def _from_click(body: Body, clock: Clock) -> Said:
    pressed = body["actions"][0]
    return Said(
        id=_id(body["trigger_id"], pressed.get("action_ts", "")),
        how=How.CLICK,
        person=PersonId(body["user"]["id"]),
        channel=ChannelId(body.get("channel", {}).get("id", "")),
        name=pressed["action_id"],
        text=pressed.get("value", ""),
        at=clock(),
        trigger=body["trigger_id"],
    )


def _from_submission(body: Body, clock: Clock) -> Said:
    view = body["view"]
    values = {
        block: str(state.get("value") or "")
        for block, inputs in view["state"]["values"].items()
        for state in inputs.values()
    }
    metadata = view.get("private_metadata", "")
    return Said(
        id=_id(body.get("trigger_id", ""), view["id"], view.get("hash", "")),
        how=How.SUBMIT,
        person=PersonId(body["user"]["id"]),
        channel=_channel(metadata),
        name=view["callback_id"],
        text=metadata,
        at=clock(),
        values=values,
    )


def _from_home(body: Body, clock: Clock) -> Said:
    event = body["event"]
    return Said(
        id=_id(body["event_id"]),
        how=How.HOME,
        person=PersonId(event["user"]),
        channel=ChannelId(""),
        name=HOME_OPENED,
        text="",
        at=clock(),
    )


def _channel(metadata: str) -> ChannelId:
    try:
        return ChannelId(read_button(metadata).channel)
    except SafepointError:  # judged, and answered, when it is dealt with
        return ChannelId("")


def _errors(said: Said) -> dict[str, str]:
    try:
        return form_errors(said)
    except SafepointError:  # as above
        return {}


def _id(*unique: str) -> str:
    """An id that follows from Slack's own: an envelope delivered twice is the same thing said."""
    number = int.from_bytes(hashlib.sha256("|".join(unique).encode()).digest())
    letters = []
    for _ in range(_ID_LENGTH):
        number, rest = divmod(number, len(_ID_ALPHABET))
        letters.append(_ID_ALPHABET[rest])
    return "".join(letters)
