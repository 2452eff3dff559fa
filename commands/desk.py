"""What every command needs, and what it may answer.

A command is handed something that was said and the person who said it, judges both, and writes to the store. It raises
Refused to answer that person alone; it returns a modal to open. It never calls Neon or Slack.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import Kind, Refused
from bot.rules.clock import Clock
from bot.rules.ids import RequestId, TargetName
from bot.rules.request import Request
from bot.rules.target import Target
from commands.grammar import nearest
from store.memory import Store


@dataclass(frozen=True, slots=True)
class Desk:
    store: Store
    targets: Mapping[TargetName, Target]
    clock: Clock

    def target(self, name: str) -> Target:
        """The target of exactly this name. Raises Refused(UNKNOWN_TARGET), with the nearest there is."""
        found = self.targets.get(TargetName(name))
        if found is None:
            raise Refused(
                Kind.UNKNOWN_TARGET,
                name=name,
                nearest=nearest(name, [*self.targets, "help"]),
                known=", ".join(sorted(self.targets)),
            )
        return found

    async def request(self, id_: str) -> tuple[Request, Target]:
        """A request and its target. Raises Refused(REQUEST_GONE) for an id that is not ours."""
        request = await self.store.requests.get(RequestId(id_))
        if request is None or request.target not in self.targets:
            raise Refused(Kind.REQUEST_GONE, request=id_)
        return request, self.targets[request.target]


@dataclass(frozen=True, slots=True)
class OpenModal:
    """A modal for the person who clicked, to be opened with the click's trigger."""

    view: dict[str, Any]


Answer = OpenModal | None
