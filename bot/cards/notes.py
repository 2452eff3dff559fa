"""Short answers: help, refusals, and the lines said in a card's thread."""

from collections.abc import Iterable

from bot.cards.blocks import MAX_NOTICE, Card, code, context, count, cut, escape, people, person, section
from bot.cards.moment import question_card
from bot.cards.restore import headline
from bot.cards.words import EXAMPLES, trouble_card
from bot.rules.ids import TargetName
from bot.rules.request import Request, Stage
from bot.rules.said import Note, NoteKind
from bot.rules.target import Target


def note_card(note: Note, targets: Iterable[TargetName]) -> Card:
    """What one person is told. `targets` are the names they can use."""
    match note.kind:
        case NoteKind.TROUBLE:
            assert note.trouble is not None
            return trouble_card(note.trouble)
        case NoteKind.RESTORE_HELP:
            return _help("restore", RESTORE_HELP, targets)
        case NoteKind.BACKUP_HELP:
            return _help("backup", BACKUP_HELP, targets)
        case NoteKind.ASKED_ELSEWHERE:
            where = f"<#{note.facts['channel']}>"
            return _said(
                f"The card is in {where}, since nobody could approve it here: `{note.facts['request']}`."
            )
        case NoteKind.VOTE_COUNTED:
            missing = int(str(note.facts["missing"]))
            rest = f"It needs {count(missing, 'approval')} more." if missing else "It starts now."
            return _said(f"Your approval of `{note.facts['request']}` is counted. {rest}")
        case NoteKind.ALERT_RESOLVED:
            fresh = f"backups of {note.facts['target']} are fresh again"
            return _said(f":white_check_mark: Resolved after {note.facts['after']}: {escape(fresh)}.")
        case NoteKind.WHICH_MOMENT:
            return question_card(note.facts)
        case NoteKind.STAGE_REACHED:
            raise ValueError("a stage is told with its request, by stage_card")


def stage_card(request: Request, target: Target) -> Card:
    """The line in the thread that rings the bell: approvers are wanted, or it is over."""
    if request.stage is Stage.APPROVING:
        able = sorted(target.policy.approvers - request.involved)
        return _said(f"{people(able)}: {count(request.quorum, 'approval')} needed, on the card above.")
    return _said(f"{person(request.asked_by)}: {headline(request)}")


RESTORE_HELP = (
    "`/restore <target> to <when>` shows what going back would mean, and changes nothing.\n"
    f"`<when>` is {EXAMPLES}.\n"
    "The card then offers a new branch beside the target, or a restore in place once others have approved it."
)
BACKUP_HELP = (
    "`/backup <target> [name]` takes a backup now: a snapshot, or a branch where Neon refuses snapshots.\n"
    "It is confirmed once Neon has finished it."
)


def _help(command: str, text: str, targets: Iterable[TargetName]) -> Card:
    names = ", ".join(code(name) for name in targets)
    return Card(f"How to use /{command}", (section(text), context(f"Targets: {names or 'none configured'}")))


def _said(text: str) -> Card:
    return Card(cut(text, MAX_NOTICE), (section(text),))
