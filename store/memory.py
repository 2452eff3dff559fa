"""Everything the bot remembers, in one place. Storing a value with a card also asks for its card to be shown."""

from pathlib import Path

from pydantic import TypeAdapter
from sqlite_utils import Database

from bot.rules.backup import Backup
from bot.rules.clock import Clock, system_clock
from bot.rules.freshness import Alert, Freshness
from bot.rules.ids import RequestId, TargetName
from bot.rules.request import Request, Stage, begin_run
from store.database import Sql
from store.inbox import Inbox
from store.messages import MessageKind, Messages, show
from store.people import People
from store.shelf import Shelf

_FRESHNESS: TypeAdapter[Freshness] = TypeAdapter(Freshness)


class Store:
    """Open it with `Store.open`; it belongs to one event loop."""

    def __init__(self, sql: Sql, clock: Clock) -> None:
        self._sql = sql
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
            lambda db, request: show(db, MessageKind.REQUEST, request.id, request.channel, request.revision),
        )
        self.backups: Shelf[Backup] = Shelf(
            sql,
            "backups",
            Backup,
            lambda backup: {"target": backup.target, "stage": backup.stage.value},
            lambda db, backup: show(db, MessageKind.BACKUP, backup.id, backup.channel, backup.revision),
        )
        self.alerts: Shelf[Alert] = Shelf(
            sql,
            "alerts",
            Alert,
            lambda alert: {"target": alert.target, "is_open": int(alert.resolved_at is None)},
            lambda db, alert: show(db, MessageKind.ALERT, alert.id, alert.channel, alert.revision),
        )

    @classmethod
    async def open(cls, path: Path, clock: Clock = system_clock) -> "Store":
        return cls(await Sql.open(path), clock)

    async def close(self) -> None:
        await self._sql.close()

    async def changed(self, seen: int, timeout_seconds: float) -> int:
        return await self._sql.changed(seen, timeout_seconds)

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
                return begin_run(request, branch_is_busy=bool(running))

            return self.requests.change_in(db, id_, transition)

        return await self._sql.write(start)

    async def open_alert(self, target: TargetName) -> Alert | None:
        found = await self.alerts.where("target = ? and is_open = 1", [target])
        return found[0] if found else None

    async def freshness(self, target: TargetName) -> Freshness | None:
        rows = await self._sql.read(
            lambda db: list(db.query("select doc from freshness where target = ?", [target]))
        )
        return _FRESHNESS.validate_json(rows[0]["doc"]) if rows else None

    async def keep_freshness(self, freshness: Freshness) -> None:
        doc = _FRESHNESS.dump_json(freshness).decode()
        await self._sql.write(
            lambda db: db.execute(
                "insert or replace into freshness (target, doc) values (?, ?)", [freshness.target, doc]
            )
        )
