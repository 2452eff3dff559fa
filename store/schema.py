"""The tables, one migration per change, applied in order on every start.

A value with a life (a request, a backup, an alert) is one row: the columns that are searched, and the whole value as
JSON in `doc`. Migrations are only ever added at the end; a store that knows a migration we do not is from a newer
version and is refused.
"""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

MIGRATIONS = Migrations("safepoint")


@MIGRATIONS(name="0001_first_tables")
def first_tables(db: Database) -> None:
    for statement in FIRST_TABLES.split(";\n\n"):
        db.execute(statement)


FIRST_TABLES = """
create table inbox (
    id text primary key,       -- also the id of what it asks for, so that handling it twice asks once
    doc text not null,
    received_at text not null,
    handled_at text
) strict;

create index inbox_waiting on inbox (received_at) where handled_at is null;

create table requests (
    id text primary key,
    target text not null,
    branch text not null,
    stage text not null,
    doc text not null
) strict;

create index requests_by_stage on requests (stage, target);

create table backups (
    id text primary key,
    target text not null,
    stage text not null,
    doc text not null
) strict;

create index backups_by_stage on backups (stage, target);

create table alerts (
    id text primary key,
    target text not null,
    is_open integer not null,
    doc text not null
) strict;

create unique index alerts_one_open_per_target on alerts (target) where is_open = 1;

create table freshness (target text primary key, doc text not null) strict;

create table people (id text primary key, doc text not null, refreshed_at text not null) strict;

create table messages (
    id text primary key,
    kind text not null,        -- which card renders it
    subject text not null,     -- the id of what it shows
    channel text not null,
    person text not null,      -- '' for everyone; otherwise it is ephemeral
    doc text not null,         -- for messages that show no stored value: what to say
    ts text not null,          -- '' until Slack has it
    wanted integer not null,   -- the revision that should be shown
    shown integer not null,    -- the revision that is shown
    attempts integer not null,
    due_at text not null,
    given_up text not null     -- why it will not be tried again; '' while it will
) strict;

create index messages_by_subject on messages (kind, subject);

create index messages_waiting on messages (due_at) where shown < wanted and given_up = ''
"""
