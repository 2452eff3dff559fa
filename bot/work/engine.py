"""Durable execution, the only module that knows DBOS.

A workflow is an async function of one id; what it does outside goes through `step`, whose outcome is recorded as plain
JSON. After a crash the next start runs the workflow again from its top, answers recorded steps from the record and
goes on with the first that has none. A step whose effect happened but whose record was lost runs a second time, so
every step that writes looks for its effect first.

Decided here, after trying DBOS: the application version is pinned to a number of ours, since by default it is a hash
of the source and a new version of the bot would never pick up what the old one left (dbos/_dbos.py,
compute_app_version); the executor id is fixed, since recovery only looks for its own; everything is stored as JSON
and errors as our own family, since a pickled httpx error would carry the API key.
"""

import asyncio
import fcntl
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeVar

from dbos import DBOS, DBOSConfig, Serializer, SetWorkflowID
from pydantic import TypeAdapter

from bot.errors import as_ours
from bot.rules.trouble import Trouble, raised, trouble_of

T = TypeVar("T")
Workflow = Callable[[str], Coroutine[Any, Any, None]]

WORKFLOW_SCHEMA = "1"
"""Raise it when a workflow's steps change so that runs under way could not go on with the new code."""

_TROUBLE: TypeAdapter[Trouble] = TypeAdapter(Trouble)
_LOG = logging.getLogger("safepoint.work")


class EngineTaken(Exception):
    """Another process runs the engine of this state directory."""


class Engine:
    """One per state directory, and one per process (DBOS keeps its state in the module)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._workflows: dict[str, Workflow] = {}
        self._started: set[str] = set()
        self._running: set[asyncio.Task[Any]] = set()
        self._lock: IO[str] | None = None

    def add(self, name: str, workflow: Workflow) -> None:
        """Make a workflow known; all of them before `launch`, or what a crash left could not be picked up."""
        self._workflows[name] = workflow

    async def launch(self) -> None:
        """Take the directory and resume what was under way. Raises EngineTaken.

        Must run inside the event loop that owns the store and the clients: DBOS runs async workflows on the loop
        that was running when it was launched.
        """
        self._lock = _lock(self._directory / "engine.lock")
        DBOS(config=self._config())
        self._workflows = {
            name: DBOS.workflow(name=name)(self._tracked(workflow))
            for name, workflow in self._workflows.items()
        }
        DBOS.launch()

    async def start(self, name: str, id_: str) -> None:
        """Run a workflow once for this id, however often this is called and whatever was restarted in between."""
        workflow_id = f"{name}:{id_}"
        if workflow_id in self._started:
            return
        with SetWorkflowID(workflow_id):
            await DBOS.start_workflow_async(self._workflows[name], id_)
        self._started.add(workflow_id)

    async def close(self) -> None:
        """Stop without waiting for workflows: what is under way goes on at the next start.

        They are cancelled before DBOS closes its database; DBOS leaves a cancelled task's workflow pending, while one
        that met a closed database would be recorded as failed.
        """
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await asyncio.to_thread(lambda: DBOS.destroy(destroy_registry=True))
        # DBOS made its own threads the loop's default and has just ended them (dbos/_dbos.py, _SharedExecutor).
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        if self._lock is not None:
            self._lock.close()

    def _tracked(self, workflow: Workflow) -> Workflow:
        async def run(id_: str) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            await workflow(id_)

        return run

    def _config(self) -> DBOSConfig:
        return {
            "name": "safepoint",
            "system_database_url": f"sqlite:///{self._directory / 'engine.db'}",
            "application_version": WORKFLOW_SCHEMA,
            "executor_id": "safepoint",
            "serializer": _Json(),
            "log_level": "ERROR",  # it warns whenever a resumed workflow is started again, which is our way
        }


async def step(name: str, kind: type[T], work: Callable[[], Awaitable[T]]) -> T:
    """Do `work` once, as far as the record tells, and return its recorded result, a value of type `kind`.

    Raises what `work` raised, as one of our own family: a replayed error is equal to the first, ref included.
    """
    value: TypeAdapter[T] = TypeAdapter(kind)

    async def recorded() -> dict[str, Any]:
        try:
            return {"value": value.dump_python(await work(), mode="json")}
        except Exception as error:  # noqa: BLE001 - whatever it is, it is recorded as ours and raised below
            ours = as_ours(error)
            _LOG.warning("step %s: %s %s %s", name, ours.ref, ours.kind, dict(ours.facts))
            return {"trouble": _TROUBLE.dump_python(trouble_of(ours), mode="json")}

    outcome = await DBOS.run_step_async({"name": name}, recorded)
    if "trouble" in outcome:
        raise raised(_TROUBLE.validate_python(outcome["trouble"]))
    return value.validate_python(outcome["value"])


class _Json(Serializer):
    def serialize(self, data: Any) -> str:
        return json.dumps(data)

    def deserialize(cls, serialized_data: str) -> Any:  # noqa: N805 - as DBOS declares it
        return json.loads(serialized_data)

    def name(self) -> str:
        return "safepoint_json"


def _lock(path: Path) -> IO[str]:
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise EngineTaken(f"another process holds {path}") from None
    return lock
