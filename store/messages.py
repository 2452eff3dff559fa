"""The outbox: one row per message, saying what should be shown and what Slack has been given.

A card shows a stored value (`kind`, `subject`); when the value changes its `wanted` revision moves on, so any number of
changes between two deliveries are one edit. A note says its own `doc`, to one person or as a reply in a card's thread.
Rendering and sending are done elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from secrets import token_hex

from pydantic import TypeAdapter
from sqlite_utils import Database

from bot.rules.clock import iso
from bot.rules.ids import ChannelId, MessageTs, PersonId
from bot.rules.said import Note
from store.database import Sql


class MessageKind(StrEnum):
    REQUEST = "request"
    BACKUP = "backup"
    ALERT = "alert"
    NOTE = "note"  # to one person, ephemeral
    REPLY = "reply"  # in the thread of the message whose id is `subject`


@dataclass(frozen=True, slots=True)
class Message:
    """`ts` is None until Slack has the message; `attempts` counts failures since it was last shown."""

    id: str
    kind: MessageKind
    subject: str
    channel: ChannelId
    person: PersonId | None
    note: Note | None
    ts: MessageTs | None
    wanted: int
    attempts: int


_NOTE: TypeAdapter[Note] = TypeAdapter(Note)
_AT_ONCE = "0000"


def show(db: Database, kind: MessageKind, subject: str, channel: ChannelId, revision: int) -> None:
    """Have the card of `subject` show its `revision`: a new message the first time, an edit afterwards.

    A card that was given up is tried again: Slack may have been down for longer than anybody tries. One that is waiting
    for its next attempt goes on waiting: Slack may have asked for that.
    """
    db.execute(
        """
        insert into messages
            (id, kind, subject, channel, person, doc, ts, wanted, shown, attempts, due_at, given_up)
        values (?, ?, ?, ?, '', '', '', ?, 0, 0, ?, '')
        on conflict (id) do update
            set wanted = excluded.wanted,
                due_at = case when given_up = '' and attempts > 0 then due_at else excluded.due_at end,
                attempts = case when given_up = '' then attempts else 0 end,
                given_up = ''
        """,
        [f"{kind}:{subject}", kind, subject, channel, revision + 1, _AT_ONCE],
    )


def say(
    db: Database, kind: MessageKind, note: Note, *, subject: str, channel: ChannelId, person: PersonId | None
) -> None:
    db.execute(
        """
        insert into messages
            (id, kind, subject, channel, person, doc, ts, wanted, shown, attempts, due_at, given_up)
        values (?, ?, ?, ?, ?, ?, '', 1, 0, 0, ?, '')
        """,
        [
            f"n-{token_hex(12)}",
            kind,
            subject,
            channel,
            person or "",
            _NOTE.dump_json(note).decode(),
            _AT_ONCE,
        ],
    )


class Messages:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def tell(self, person: PersonId, channel: ChannelId, note: Note) -> None:
        """Say something to one person alone, in the channel where they spoke ('' = wherever they can be reached)."""
        await self._sql.write(
            lambda db: say(db, MessageKind.NOTE, note, subject="", channel=channel, person=person)
        )

    async def get(self, id_: str) -> Message | None:
        found = await self._sql.read(lambda db: list(db.query("select * from messages where id = ?", [id_])))
        return _message(found[0]) if found else None

    async def due(self, now: datetime) -> tuple[Message, ...]:
        """Messages Slack does not have in their wanted form, and that may be tried now, oldest first."""
        rows = await self._sql.read(
            lambda db: list(
                db.query(
                    "select * from messages where shown < wanted and given_up = '' and due_at <= ? order by rowid",
                    [iso(now)],
                )
            )
        )
        return tuple(_message(row) for row in rows)

    async def shown(self, message: Message, channel: ChannelId, ts: MessageTs) -> None:
        """Slack has the message as it was wanted when it was taken; a later change stays due."""
        await self._sql.write(
            lambda db: db.execute(
                "update messages set shown = max(shown, ?), channel = ?, ts = ?, attempts = 0 where id = ?",
                [message.wanted, channel, ts, message.id],
            )
        )

    async def try_again(self, message: Message, at: datetime) -> None:
        await self._sql.write(
            lambda db: db.execute(
                "update messages set attempts = attempts + 1, due_at = ? where id = ?", [iso(at), message.id]
            )
        )

    async def move(self, message: Message, channel: ChannelId) -> None:
        """The message cannot be where it was (deleted, channel archived, not a member): post it anew in `channel`."""
        await self._sql.write(
            lambda db: db.execute(
                "update messages set channel = ?, ts = '', attempts = attempts + 1 where id = ?",
                [channel, message.id],
            )
        )

    async def give_up(self, message: Message, why: str) -> None:
        await self._sql.write(
            lambda db: db.execute("update messages set given_up = ? where id = ?", [why, message.id])
        )


def _message(row: dict[str, object]) -> Message:
    return Message(
        id=str(row["id"]),
        kind=MessageKind(str(row["kind"])),
        subject=str(row["subject"]),
        channel=ChannelId(str(row["channel"])),
        person=PersonId(str(row["person"])) if row["person"] else None,
        note=_NOTE.validate_json(str(row["doc"])) if row["doc"] else None,
        ts=MessageTs(str(row["ts"])) if row["ts"] else None,
        wanted=int(str(row["wanted"])),
        attempts=int(str(row["attempts"])),
    )
