"""What a restore would take away and bring back, as far as row counts tell.

Counts are net: a table that lost ten rows and gained ten looks unchanged here, and every card that shows these
numbers says so. A table that could not be counted is `None` and stays visible as "cannot tell", never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Counts = Mapping[str, int | None]
"""Rows by `schema.table`; None where the table is there but could not be counted."""


@dataclass(frozen=True, slots=True)
class TableChange:
    """One table, now and at the restore point. `now`/`then` are None when unknown or when the table is absent."""

    table: str
    now: int | None
    then: int | None
    exists_now: bool = True
    existed_then: bool = True

    @property
    def is_known(self) -> bool:
        return (self.now is not None or not self.exists_now) and (
            self.then is not None or not self.existed_then
        )

    @property
    def net(self) -> int | None:
        """Rows the restore adds (positive) or takes away (negative); None when it cannot be told."""
        return (self.then or 0) - (self.now or 0) if self.is_known else None

    @property
    def differs(self) -> bool:
        return self.net != 0 or self.exists_now != self.existed_then


@dataclass(frozen=True, slots=True)
class Loss:
    """Every table of either side, in name order."""

    tables: tuple[TableChange, ...]

    @property
    def changes(self) -> tuple[TableChange, ...]:
        return tuple(table for table in self.tables if table.differs)

    @property
    def unknown(self) -> tuple[TableChange, ...]:
        return tuple(table for table in self.tables if not table.is_known)

    @property
    def rows_lost(self) -> int:
        return sum(-net for table in self.tables if (net := table.net) is not None and net < 0)

    @property
    def rows_returning(self) -> int:
        return sum(net for table in self.tables if (net := table.net) is not None and net > 0)


def compare(now: Counts, then: Counts) -> Loss:
    return Loss(
        tuple(
            TableChange(
                table=table,
                now=now.get(table),
                then=then.get(table),
                exists_now=table in now,
                existed_then=table in then,
            )
            for table in sorted(now.keys() | then.keys())
        )
    )
