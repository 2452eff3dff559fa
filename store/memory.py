"""Everything the bot remembers, in one place. Storing a value with a card also asks for its card to be shown."""

from pathlib import Path

from pydantic import TypeAdapter
from sqlite_utils import Database

from bot.rules.backup import Backup
from bot.rules.clock import Clock, system_clock
from bot.rules.freshness import Alert, Freshness, needs_alert, updated
from bot.rules.ids import RequestId, TargetName
from bot.rules.request import ENDED_UNCHANGED, Request, Stage, begin_run, not_undone, undone_by
from bot.rules.said import Note, NoteKind
from bot.rules.target import Target
from store.database import Sql
from store.inbox import Inbox
from store.messages import MessageKind, Messages, say, show
from store.people import People
from store.shelf import Shelf

_FRESHNESS: TypeAdapter[Freshness] = TypeAdapter(Freshness)


class Store:
    """Open it with `Store.open`; it belongs to one event loop."""

    def __init__(self, sql: Sql, clock: Clock) -> None:
        self._sql = sql
        self._clock = clock
        self.inbox = Inbox(sql, clock)
        self.people = People(sql)
        self.messages = Messages(sql)
        self.requests: Shelf[Request] = Shelf(
            sql,
            "requests",
            Request,
            lambda request: {
                "target": request.target,
                "branch": request.branch,
                "stage": request.stage.value,
            },
            self._request_changed,
        )
        self.backups: Shelf[Backup] = Shelf(
            sql,
            "backups",
            Backup,
            lambda backup: {"target": backup.target, "stage": backup.stage.value},
            lambda db, _, backup: show(db, MessageKind.BACKUP, backup.id, backup.channel, backup.revision),
        )
        self.alerts: Shelf[Alert] = Shelf(
            sql,
            "alerts",
            Alert,
            lambda alert: {"target": alert.target, "is_open": int(alert.resolved_at is None)},
            lambda db, _, alert: show(db, MessageKind.ALERT, alert.id, alert.channel, alert.revision),
        )

    @classmethod
    async def open(cls, path: Path, clock: Clock = system_clock) -> "Store":
        return cls(await Sql.open(path), clock)

    async def close(self) -> None:
        await self._sql.close()

    async def changed(self, seen: int, timeout_seconds: float) -> int:
        return await self._sql.changed(seen, timeout_seconds)

    def _request_changed(self, db: Database, before: Request | None, after: Request) -> None:
        show(db, MessageKind.REQUEST, after.id, after.channel, after.revision)
        if before is None or before.stage is after.stage:
            return
        if after.stage in BELLS:
            _say_stage(db, after)
        if after.undoes is not None and after.stage in ENDED_UNCHANGED:
            self.requests.change_in(db, after.undoes, lambda request: not_undone(request, after.id))

    async def requests_in(self, *stages: Stage) -> tuple[Request, ...]:
        marks = ", ".join("?" for _ in stages)
        return await self.requests.where(f"stage in ({marks})", [stage.value for stage in stages])

    async def begin_run(self, id_: RequestId) -> Request:
        """Start an approved request unless another run holds its branch: looking and starting are one transaction."""

        def start(db: Database) -> Request:
            def transition(request: Request) -> Request:
                running = self.requests.where_in(
                    db, "branch = ? and stage = ?", [request.branch, Stage.RUNNING.value]
                )
                return begin_run(request, branch_is_busy=bool(running), now=self._clock())

            return self.requests.change_in(db, id_, transition)

        return await self._sql.write(start)

    async def ask_undo(self, original: RequestId, undo: Request) -> Request:
        """Add the undo of a finished request and mark the original; both or neither.

        Raises what `undone_by` raises when the original cannot be undone or somebody was faster.
        """

        def ask(db: Database) -> Request:
            self.requests.change_in(db, original, lambda request: undone_by(request, undo.id))
            self.requests.add_in(db, undo)
            return undo

        return await self._sql.write(ask)

    async def observe(self, target: Target, seen: Freshness, alert_id: str) -> Freshness:
        """Keep what was seen of a target's freshness, and open, edit or resolve its alert, in one transaction."""

        def keep(db: Database) -> Freshness:
            db.execute(
                "insert or replace into freshness (target, doc) values (?, ?)",
                [target.name, _FRESHNESS.dump_json(seen).decode()],
            )
            opened = self.alerts.where_in(db, "target = ? and is_open = 1", [target.name])
            if opened:
                after = self.alerts.change_in(db, opened[0].id, lambda alert: updated(alert, seen))
                if after.resolved_at is not None:
                    _say_resolved(db, after)
            elif needs_alert(seen, target.policy.blind_grace):
                self.alerts.add_in(db, Alert(alert_id, target.name, target.channel, seen.checked_at, seen))
            return seen

        return await self._sql.write(keep)

    async def freshness(self, target: TargetName) -> Freshness | None:
        rows = await self._sql.read(
            lambda db: list(db.query("select doc from freshness where target = ?", [target]))
        )
        return _FRESHNESS.validate_json(rows[0]["doc"]) if rows else None


BELLS = frozenset(
    {Stage.APPROVING, Stage.VERIFIED, Stage.UNVERIFIED, Stage.FAILED_UNCHANGED, Stage.NEEDS_HUMAN, Stage.VOID}
)
"""Stages people wait for: an edit of the card rings no bell in Slack, so they are said once more in its thread."""


def _say_stage(db: Database, request: Request) -> None:
    note = Note(NoteKind.STAGE_REACHED, {"request": request.id})
    subject = f"{MessageKind.REQUEST}:{request.id}"
    say(db, MessageKind.REPLY, note, subject=subject, channel=request.channel, person=None)


def _say_resolved(db: Database, alert: Alert) -> None:
    note = Note(NoteKind.ALERT_RESOLVED, {"target": alert.target, "after": alert.open_for})
    say(
        db,
        MessageKind.REPLY,
        note,
        subject=f"{MessageKind.ALERT}:{alert.id}",
        channel=alert.channel,
        person=None,
    )
