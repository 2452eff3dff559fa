"""The card of a backup: being taken, taken, or failed."""

from bot.cards.blocks import (
    Block,
    Card,
    button,
    code,
    context,
    escape,
    header,
    local,
    person,
    section,
    utc_words,
)
from bot.cards.words import sentences
from bot.rules.backup import Backup, BackupKind, BackupStage


def backup_card(backup: Backup) -> Card:
    title = f"Backup of {backup.target}"
    words, summary = _words(backup), backup.stage.value
    blocks = (
        header(title),
        section(words),
        context(f"`{backup.id}` · asked for by {person(backup.asked_by)} {local(backup.asked_at)}"),
    )
    return Card(f"{title}: {summary}", blocks)


def _words(backup: Backup) -> str:
    name = code(backup.name)
    match backup.stage:
        case BackupStage.TAKING:
            return f":hourglass_flowing_sand: *Taking* {name}… It counts once Neon has finished it."
        case BackupStage.TAKEN:
            return _taken(backup, name)
        case BackupStage.FAILED:
            assert backup.trouble is not None
            fact, advice = sentences(backup.trouble.kind, backup.trouble.facts)
            return f":x: *Failed:* {name} was not taken. {fact}\n{advice}\n_ref `{backup.trouble.ref}`_"


def _taken(backup: Backup, name: str) -> str:
    assert backup.taken_at is not None
    kind = "snapshot" if backup.kind is BackupKind.SNAPSHOT else "branch"
    instead = (
        f"\nA branch, since Neon refused a snapshot: {escape(backup.instead_of_snapshot)}"
        if backup.instead_of_snapshot
        else ""
    )
    shows = (
        f"It holds *{escape(backup.target)}* as of `{utc_words(backup.taken_at)}` ({local(backup.taken_at)})."
    )
    return f":white_check_mark: *Taken:* {kind} {name}, finished by Neon. {shows}{instead}"


BACK_UP_NOW = "backup.now"


def back_up_button(target: str) -> Block:
    return button("Back up now", BACK_UP_NOW, {"target": target}, "primary")
