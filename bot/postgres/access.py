"""Which tables a role can count: asked of the catalogue, without reading a row.

Covers exactly the tables that `counts.py` counts, so that what cannot be counted is known before an incident.
"""

from dataclasses import dataclass

from bot.postgres.counts import TABLES
from bot.postgres.session import Connection

_ACCESS = f"""
    select nspname || '.' || relname, row_security_active,
      case when has_schema_privilege(nspname, 'usage')
        then has_any_column_privilege(format('%I.%I', nspname, relname), 'select') else false end
    from ({TABLES}) tables
"""  # noqa: S608 - two constants
"""`count(*)` needs SELECT on any one column (PostgreSQL documentation, GRANT), and a way into the schema."""


@dataclass(frozen=True, slots=True)
class Access:
    """Tables by `schema.table`: all of them, those the role may not read, those whose rows a policy may hide."""

    tables: tuple[str, ...]
    forbidden: tuple[str, ...]
    hidden: tuple[str, ...]


async def access(connection: Connection) -> Access:
    """What this connection's role can count in this database."""
    found = await (await connection.execute(_ACCESS.encode())).fetchall()
    return Access(
        tables=tuple(table for table, _, _ in found),
        forbidden=tuple(table for table, _, may_read in found if not may_read),
        hidden=tuple(
            table for table, rows_may_be_hidden, may_read in found if rows_may_be_hidden and may_read
        ),
    )
