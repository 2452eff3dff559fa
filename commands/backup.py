"""`/backup`, and the *Back up now* button."""

from bot.rules.backup import Backup, default_name, usable_name
from bot.rules.ids import BackupId, ChannelId
from bot.rules.said import Note, NoteKind, Said
from bot.rules.target import Act, Person, Target, require
from commands.buttons import read_button
from commands.desk import Answer, Desk
from commands.grammar import is_help, read_backup


async def backup(desk: Desk, said: Said, person: Person) -> Answer:
    """Ask for a backup. Its id follows from what was said, so handling it twice asks once."""
    if is_help(said.text):
        await desk.store.messages.tell(person.id, said.channel, Note(NoteKind.BACKUP_HELP))
        return None
    words = read_backup(said.text)
    target = desk.target(words.target)
    require(person, Act.BACK_UP, target)
    name = usable_name(words.name) if words.name else _made_name(said, target)
    await _ask(desk, said, person, target, name, said.channel)
    return None


async def back_up_now(desk: Desk, said: Said, person: Person) -> Answer:
    target = desk.target(read_button(said.text).target)
    require(person, Act.BACK_UP, target)
    await _ask(desk, said, person, target, _made_name(said, target), said.channel or target.channel)
    return None


def _id(said: Said) -> BackupId:
    return BackupId(f"b-{said.ref}")


def _made_name(said: Said, target: Target) -> str:
    return default_name(target.name, said.at, _id(said))


async def _ask(desk: Desk, said: Said, person: Person, target: Target, name: str, channel: ChannelId) -> None:
    wish = Backup(
        id=_id(said),
        target=target.name,
        project=target.project,
        branch=target.branch,
        name=name,
        asked_by=person.id,
        asked_at=said.at,
        channel=channel,
    )
    await desk.store.backups.add(wish)
