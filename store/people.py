"""The directory of people, copied from Slack on a timer so that nobody waits for Slack to be recognised."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import TypeAdapter

from bot.rules.clock import iso
from bot.rules.ids import PersonId
from bot.rules.target import Person
from store.database import Sql

_PERSON: TypeAdapter[Person] = TypeAdapter(Person)


class People:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def get(self, person: PersonId) -> Person | None:
        rows = await self._sql.read(
            lambda db: list(db.query("select doc from people where id = ?", [person]))
        )
        return _PERSON.validate_json(rows[0]["doc"]) if rows else None

    async def refresh(self, people: Iterable[Person], now: datetime) -> None:
        """Replace what is known about these people; others stay as they were."""
        rows = [(person.id, _PERSON.dump_json(person).decode(), iso(now)) for person in people]
        await self._sql.write(
            lambda db: db.conn.executemany(
                "insert or replace into people (id, doc, refreshed_at) values (?, ?, ?)", rows
            )
        )
