"""Which command answers what: the one table from names to modules."""

from collections.abc import Awaitable, Callable, Mapping

from bot.cards import restore as card
from bot.cards.backup import BACK_UP_NOW
from bot.cards.moment import READING
from bot.errors import Kind, Refused
from bot.rules.said import How, Said
from bot.rules.target import Person
from commands import approve, backup, restore
from commands.desk import Answer, Desk
from commands.grammar import COMMANDS, nearest

Command = Callable[[Desk, Said, Person], Awaitable[Answer]]

TABLE: Mapping[tuple[How, str], Command] = {
    (How.COMMAND, "/restore"): restore.restore,
    (How.COMMAND, "/backup"): backup.backup,
    (How.CLICK, READING): restore.choose_reading,
    (How.CLICK, card.NEW_BRANCH): restore.choose_new_branch,
    (How.CLICK, card.IN_PLACE): restore.choose_in_place,
    (How.CLICK, card.CANCEL): restore.cancel_request,
    (How.CLICK, card.UNDO): restore.undo,
    (How.CLICK, card.APPROVE): approve.open_approval,
    (How.CLICK, card.DENY): approve.open_denial,
    (How.SUBMIT, card.APPROVE): approve.submit_approval,
    (How.SUBMIT, card.DENY): approve.submit_denial,
    (How.CLICK, BACK_UP_NOW): backup.back_up_now,
}


def command_for(said: Said) -> Command:
    """The command that answers `said`. Raises Refused for a name nobody answers to, such as an old card's button."""
    found = TABLE.get((said.how, said.name))
    if found is None and said.how is How.COMMAND:
        raise Refused(
            Kind.UNKNOWN_COMMAND, text=said.name, nearest=nearest(said.name, COMMANDS), command="/restore"
        )
    if found is None:
        raise Refused(Kind.REQUEST_GONE)
    return found
