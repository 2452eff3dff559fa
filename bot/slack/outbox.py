"""Bringing Slack up to what the store says: render what is due, post or edit it, remember where it went.

Decides where a message goes when it cannot go where it should, and when to try again; never what it says. A card that
was deleted is posted anew; one whose channel is gone goes to the target's; an answer to one person that their channel
does not take goes to them directly. Channels do not wait for each other.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards.alert import alert_card
from bot.cards.backup import backup_card
from bot.cards.blocks import Card
from bot.cards.notes import note_card, stage_card
from bot.cards.restore import request_card
from bot.errors import as_ours
from bot.rules.backup import Backup
from bot.rules.clock import Clock
from bot.rules.freshness import Alert
from bot.rules.ids import ChannelId, MessageTs, TargetName
from bot.rules.request import Request
from bot.rules.said import NoteKind
from bot.rules.target import Target
from bot.slack.failures import SLACK_FAILURES, code_of, name_of, retry_after_seconds, status_of
from store.memory import Store
from store.messages import Message, MessageKind

POLL_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0
MOST_ATTEMPTS = 30

GONE = frozenset({"message_not_found", "cant_update_message"})
UNREACHABLE = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "is_inactive",
        "user_not_in_channel",
        "restricted_action",
    }
)
"""Where a message cannot be posted or, as `is_inactive` says of an archived channel, edited, however often it is
tried."""

PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", ""})
"""Slack's own trouble, or an answer that was none of Slack's."""

_LOG = logging.getLogger("safepoint.slack")


@dataclass(frozen=True, slots=True)
class Outbox:
    client: AsyncWebClient
    store: Store
    targets: Mapping[TargetName, Target]
    clock: Clock

    async def deliver(self, channel: ChannelId) -> None:
        """Everything due in one channel, one after the other: a card that must be posted anew comes before what is
        said in its thread."""
        while due := [message for message in await self._due() if message.channel == channel]:
            await self._deliver(due[0])

    async def channels(self) -> frozenset[ChannelId]:
        """Where something is due."""
        return frozenset(message.channel for message in await self._due())

    async def _due(self) -> tuple[Message, ...]:
        return await self.store.messages.due(self.clock())

    async def _deliver(self, message: Message) -> None:
        try:
            card = await self._render(message)
            if card is None:
                await self.store.messages.give_up(message, "what it showed is gone")
            else:
                await self._send(message, card)
        except SlackApiError as error:
            await self._refused(message, error)
        except SLACK_FAILURES as error:
            _LOG.warning("message %s: %s", message.id, name_of(error))
            await self._later(message, None)
        except Exception as error:  # noqa: BLE001 - one card that cannot be drawn must not stop all the others
            ours = as_ours(error)
            _LOG.error("message %s: %s %s", message.id, ours.ref, dict(ours.facts))
            await self._later(message, None)

    async def _send(self, message: Message, card: Card) -> None:
        content: dict[str, Any] = {"text": card.text, "blocks": list(card.blocks)}
        channel = message.channel
        if message.ts is not None:
            await self.client.chat_update(channel=channel, ts=message.ts, **content)
            await self.store.messages.shown(message, channel, message.ts)
            return
        if message.person is not None and not channel:
            opened = await self.client.conversations_open(users=[message.person])
            channel = ChannelId(opened["channel"]["id"])
        if message.person is not None and not channel.startswith("D"):
            answer = await self.client.chat_postEphemeral(channel=channel, user=message.person, **content)
            ts = MessageTs(answer["message_ts"])
        else:
            if message.kind is MessageKind.REPLY:
                content["thread_ts"] = await self._thread(message)
            answer = await self.client.chat_postMessage(channel=channel, unfurl_links=False, **content)
            ts = MessageTs(answer["ts"])
        await self.store.messages.shown(message, channel, ts)

    async def _refused(self, message: Message, error: SlackApiError) -> None:
        code, status = code_of(error), status_of(error)
        _LOG.warning("message %s: %s %s", message.id, status, code)
        if status == 429:
            await self._later(message, retry_after_seconds(error))
        elif code in GONE and message.ts is not None:
            await self.store.messages.move(message, message.channel)
        elif code in UNREACHABLE:
            await self._elsewhere(message, code)
        elif status >= 500 or code in PASSING:
            await self._later(message, None)
        else:
            _LOG.error("message %s will not be tried again: %s", message.id, code)
            await self.store.messages.give_up(message, code)

    async def _elsewhere(self, message: Message, code: str) -> None:
        """A person's note goes to them directly, a card to its target's channel; after that there is nowhere left."""
        target = await self._target(message)
        home = (
            ChannelId("") if message.person is not None else (target.channel if target else message.channel)
        )
        if message.channel == home:
            _LOG.error("message %s has nowhere to go: %s", message.id, code)
            await self.store.messages.give_up(message, code)
            return
        await self.store.messages.move(message, home)

    async def _later(self, message: Message, seconds: float | None) -> None:
        if message.attempts >= MOST_ATTEMPTS:
            _LOG.error("message %s was tried %d times", message.id, message.attempts)
            await self.store.messages.give_up(message, "tried too often")
            return
        pause = seconds if seconds is not None else min(2.0**message.attempts, LONGEST_PAUSE_SECONDS)
        await self.store.messages.try_again(message, self.clock() + timedelta(seconds=pause))

    async def _render(self, message: Message) -> Card | None:
        if message.kind in {MessageKind.NOTE, MessageKind.REPLY}:
            return await self._render_note(message)
        match await self._value(message):
            case Request() as request if request.target in self.targets:
                return request_card(request, self.targets[request.target])
            case Backup() as backup:
                return backup_card(backup)
            case Alert() as alert:
                return alert_card(alert)
            case _:
                return None

    async def _render_note(self, message: Message) -> Card | None:
        note = message.note
        if note is None or note.kind is not NoteKind.STAGE_REACHED:
            return note_card(note, sorted(self.targets)) if note else None
        request = await self.store.requests.get(str(note.facts["request"]))
        target = self.targets.get(request.target) if request else None
        return stage_card(request, target) if request and target else None

    async def _thread(self, message: Message) -> MessageTs | None:
        parent = await self.store.messages.get(message.subject)
        return parent.ts if parent else None

    async def _target(self, message: Message) -> Target | None:
        parent = (
            await self.store.messages.get(message.subject) if message.kind is MessageKind.REPLY else message
        )
        if parent is None:
            return None
        value = await self._value(parent)
        return self.targets.get(value.target) if value else None

    async def _value(self, message: Message) -> Request | Backup | Alert | None:
        match message.kind:
            case MessageKind.REQUEST:
                return await self.store.requests.get(message.subject)
            case MessageKind.BACKUP:
                return await self.store.backups.get(message.subject)
            case MessageKind.ALERT:
                return await self.store.alerts.get(message.subject)
            case _:
                return None


async def run_outbox(outbox: Outbox) -> None:
    """Deliver what is due, again after every change of the store and every POLL_SECONDS.

    Each channel has its own task while it has something due, so a slow or limited one holds up nobody else.
    """
    seen, busy = 0, set[ChannelId]()

    async def one(channel: ChannelId) -> None:
        try:
            await outbox.deliver(channel)
        finally:
            busy.discard(channel)

    async with asyncio.TaskGroup() as group:
        while True:
            for channel in await outbox.channels() - busy:
                busy.add(channel)
                group.create_task(one(channel))
            seen = await outbox.store.changed(seen, POLL_SECONDS)
