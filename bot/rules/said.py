"""What people say to the bot, and what it says back to one of them, as values that can be stored.

`Said` is what a listener writes down before it acks; who the person is and what the words mean is judged later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.errors import Facts, SafepointError
from bot.rules.ids import ChannelId, PersonId
from bot.rules.trouble import Trouble, trouble_of


class How(StrEnum):
    COMMAND = "command"  # `name` is the command with its slash, `text` the rest
    CLICK = "click"  # `name` is the button's action id, `text` its value
    SUBMIT = "submit"  # `name` is the modal's callback id, `text` its private metadata
    HOME = "home"  # the person opened App Home


@dataclass(frozen=True, slots=True)
class Said:
    """One thing one person said. `channel` is '' where Slack names none (a modal, App Home).

    `trigger` opens a modal within three seconds and is worthless afterwards. `values` are a modal's inputs by block.
    """

    id: str
    how: How
    person: PersonId
    channel: ChannelId
    name: str
    text: str
    at: datetime
    trigger: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """What is asked for is known by this part of the id: short enough for the phone, long enough to be alone."""
        return self.id[:8]

    @property
    def is_direct(self) -> bool:
        """Said in a direct message (Slack's ids of those begin with D), where no third person sees a card."""
        return self.channel.startswith("D")


class NoteKind(StrEnum):
    """Short answers to one person, one member per text in `bot/cards/notes.py`."""

    TROUBLE = "trouble"
    RESTORE_HELP = "restore_help"
    BACKUP_HELP = "backup_help"
    ASKED_ELSEWHERE = "asked_elsewhere"
    VOTE_COUNTED = "vote_counted"
    STAGE_REACHED = "stage_reached"
    WHICH_MOMENT = "which_moment"
    ALERT_RESOLVED = "alert_resolved"


@dataclass(frozen=True, slots=True)
class Note:
    """What to say, as a kind and its facts; `trouble` carries an error's."""

    kind: NoteKind
    facts: Facts = field(default_factory=dict)
    trouble: Trouble | None = None


def note_of(error: SafepointError) -> Note:
    return Note(NoteKind.TROUBLE, trouble=trouble_of(error))
