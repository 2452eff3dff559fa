"""Dealing with what people said: find the person, run the command, give the answer.

A refusal is told to the person alone. What is left of the three seconds a trigger lives goes to opening its modal,
which needs nothing but the store; one that comes too late says so.
"""

import asyncio
import logging
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.cards.home import home_view
from bot.errors import Kind, Refused, SafepointError, as_ours
from bot.rules.request import OPEN
from bot.rules.said import How, Said, note_of
from bot.rules.target import Act, Person, may
from bot.slack.directory import person
from bot.slack.failures import SLACK_FAILURES, name_of
from commands.desk import Desk, OpenModal
from commands.table import command_for

POLL_SECONDS = 2.0
AT_ONCE = 20
"""How many things said are dealt with at the same time."""

_LOG = logging.getLogger("safepoint.slack")


@dataclass(frozen=True, slots=True)
class Receiver:
    client: AsyncWebClient
    desk: Desk
    team: str

    async def deal_with(self, said: Said) -> None:
        """Answer one thing and cross it off; whatever goes wrong is told to the person who said it."""
        try:
            await self._answer(said)
        except SafepointError as error:
            await self._explain(said, error)
        except Exception as error:  # noqa: BLE001 - the listeners' edge: a bug is logged and told with its ref
            ours = as_ours(error)
            _LOG.error("%s %s: %s %s", said.how, said.name, ours.ref, dict(ours.facts))
            await self._explain(said, ours)
        await self.desk.store.inbox.cross_off(said)

    async def _answer(self, said: Said) -> None:
        store = self.desk.store
        who = await person(self.client, store.people, self.team, said.person, self.desk.clock)
        if who is None:
            raise Refused(Kind.UNKNOWN_PERSON)
        if said.how is How.HOME:
            await self._show_home(who)
            return
        answer = await command_for(said)(self.desk, said, who)
        if isinstance(answer, OpenModal):
            await self._open(said, answer)

    async def _open(self, said: Said, modal: OpenModal) -> None:
        try:
            await self.client.views_open(trigger_id=said.trigger, view=modal.view)
        except SLACK_FAILURES as error:
            _LOG.warning("views.open: %s", name_of(error))
            raise Refused(Kind.MODAL_EXPIRED) from None

    async def _show_home(self, who: Person) -> None:
        store = self.desk.store
        targets = [target for target in self.desk.targets.values() if may(who, Act.LOOK, target)]
        fresh = [await store.freshness(target.name) for target in targets]
        names = {target.name for target in targets}
        requests = [request for request in await store.requests_in(*OPEN) if request.target in names]
        try:
            await self.client.views_publish(user_id=who.id, view=home_view(targets, fresh, requests))
        except SLACK_FAILURES as error:
            _LOG.warning("views.publish: %s", name_of(error))

    async def _explain(self, said: Said, error: SafepointError) -> None:
        if said.how is not How.HOME:
            await self.desk.store.messages.tell(said.person, said.channel, note_of(error))


async def run_inbox(receiver: Receiver) -> None:
    """Deal with everything that waits, side by side, and again after every change of the store."""
    seen, busy = 0, set[str]()
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(said: Said) -> None:
        async with limit:
            await receiver.deal_with(said)
        busy.discard(said.id)

    async with asyncio.TaskGroup() as group:
        while True:
            for said in await receiver.desk.store.inbox.waiting():
                if said.id not in busy:
                    busy.add(said.id)
                    group.create_task(one(said))
            seen = await receiver.desk.store.changed(seen, POLL_SECONDS)
