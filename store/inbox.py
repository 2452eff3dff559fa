"""What people said, written down before it is acknowledged, and crossed off once it has been dealt with."""

from pydantic import TypeAdapter

from bot.rules.clock import Clock, iso
from bot.rules.said import Said
from store.database import Sql

_SAID: TypeAdapter[Said] = TypeAdapter(Said)


class Inbox:
    def __init__(self, sql: Sql, clock: Clock) -> None:
        self._sql = sql
        self._clock = clock

    async def put(self, said: Said) -> None:
        """Keep what was said; the same envelope delivered twice is kept once."""
        doc = _SAID.dump_json(said).decode()
        await self._sql.write(
            lambda db: db.execute(
                "insert or ignore into inbox (id, doc, received_at) values (?, ?, ?)",
                [said.id, doc, iso(said.at)],
            )
        )

    async def waiting(self) -> tuple[Said, ...]:
        """What nobody has dealt with yet, oldest first."""
        rows = await self._sql.read(
            lambda db: list(db.query("select doc from inbox where handled_at is null order by rowid"))
        )
        return tuple(_SAID.validate_json(row["doc"]) for row in rows)

    async def cross_off(self, said: Said) -> None:
        now = iso(self._clock())
        await self._sql.write(
            lambda db: db.execute("update inbox set handled_at = ? where id = ?", [now, said.id])
        )
