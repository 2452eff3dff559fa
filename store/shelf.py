"""Values with a life, kept whole: requests, backups and alerts.

A change is a pure function from the value to its successor, applied inside one immediate transaction: of two people
who click at once the second sees what the first did. What the functions decide is not this module's business.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter
from sqlite_utils import Database

from store.database import Sql


class Living(Protocol):
    """A frozen dataclass with an id; `revision` counts its changes."""

    @property
    def id(self) -> str: ...
    @property
    def revision(self) -> int: ...


V = TypeVar("V", bound=Living)


class Shelf(Generic[V]):
    """One table of living values. `columns` names what is searched, taken from the value at every write."""

    def __init__(
        self,
        sql: Sql,
        table: str,
        kind: type[V],
        columns: Callable[[V], dict[str, object]],
        after_change: Callable[[Database, V | None, V], None],
    ) -> None:
        self._sql = sql
        self._table = table
        self._json: TypeAdapter[V] = TypeAdapter(kind)
        self._columns = columns
        self._after_change = after_change

    async def add(self, value: V) -> bool:
        """Put a new value on the shelf; False, changing nothing, when its id is there already."""
        return await self._sql.write(lambda db: self.add_in(db, value))

    async def get(self, id_: str) -> V | None:
        return await self._sql.read(lambda db: self._get(db, id_))

    async def change(self, id_: str, transition: Callable[[V], V]) -> V:
        """Apply `transition` and keep its result; whatever it raises leaves the value as it was.

        Raises KeyError for an id that is not there.
        """
        return await self._sql.write(lambda db: self.change_in(db, id_, transition))

    async def where(self, condition: str, parameters: Iterable[object] = ()) -> tuple[V, ...]:
        """All values whose columns satisfy a fixed SQL condition, oldest first."""
        return await self._sql.read(lambda db: self.where_in(db, condition, parameters))

    def add_in(self, db: Database, value: V) -> bool:
        if self._get(db, value.id) is not None:
            return False
        db.table(self._table).insert(self._row(value))
        self._after_change(db, None, value)
        return True

    def change_in(self, db: Database, id_: str, transition: Callable[[V], V]) -> V:
        before = self._get(db, id_)
        if before is None:
            raise KeyError(id_)
        after = transition(before)
        if after == before:
            return before
        after = replace(after, revision=before.revision + 1)  # type: ignore[type-var]
        db.table(self._table).update(id_, self._row(after))
        self._after_change(db, before, after)
        return after

    def where_in(self, db: Database, condition: str, parameters: Iterable[object] = ()) -> tuple[V, ...]:
        rows = db.table(self._table).rows_where(condition, list(parameters), order_by="rowid")
        return tuple(self._json.validate_json(row["doc"]) for row in rows)

    def _get(self, db: Database, id_: str) -> V | None:
        for row in db.table(self._table).rows_where("id = ?", [id_]):
            return self._json.validate_json(row["doc"])
        return None

    def _row(self, value: V) -> dict[str, Any]:
        return {"id": value.id, **self._columns(value), "doc": self._json.dump_json(value).decode()}
