"""Carrying out what a call has asked for: one operation after the other, each taking its time.

An operation's work is done first; what it changes for those who look is applied when it ends, and it never ends
sooner than the project's `operation_seconds`. When one fails, those after it are cancelled and the change is
taken back as far as it had not happened yet.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg

from bot.sandbox.neon import identifiers
from bot.sandbox.neon.instants import now
from bot.sandbox.neon.place import ProgramFailed
from bot.sandbox.neon.proxy import Refused
from bot.sandbox.neon.rows import Operation, Project

WORK_FAILURES = (ProgramFailed, OSError, psycopg.Error, TimeoutError, Refused)


class Injected(Exception):
    """A failure somebody asked for through `/sandbox/faults`."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What `/sandbox/faults` wants to befall the operations of one call."""

    slow_seconds: float = 0.0
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One operation to be: `work` is awaited, `done` then says what has changed."""

    action: str
    branch_id: str | None = None
    endpoint_id: str | None = None
    work: Callable[[], Awaitable[None]] | None = None
    done: Callable[[], None] | None = None


def schedule(
    project: Project,
    steps: list[Step],
    *,
    trouble: Trouble,
    undo: Callable[[], Awaitable[None]] | None = None,
) -> list[Operation]:
    """Take on `steps` in order; the first is running at once. `undo` is called if one of them fails."""
    operations = [_record(project, step) for step in steps]
    if operations:
        operations[0].enter("running")
        _in_background(project, _carry_out(project, steps, operations, trouble, undo))
    return operations


async def carry_out_now(project: Project, step: Step) -> None:
    """Do something nobody asked for through the API, such as waking a compute; recorded, but not drawn out."""
    operation = _record(project, step)
    operation.enter("running")
    try:
        if step.work:
            await step.work()
    except WORK_FAILURES as error:
        _fail(operation, error)
        raise
    if step.done:
        step.done()
    operation.enter("finished")


async def abandon(project: Project) -> None:
    """Stop everything under way, when the sandbox ends."""
    for task in project.tasks:
        task.cancel()
    await asyncio.gather(*project.tasks, return_exceptions=True)


def _record(project: Project, step: Step) -> Operation:
    at = now()
    operation = Operation(
        identifiers.operation_id(),
        step.action,
        at,
        at,
        branch_id=step.branch_id,
        endpoint_id=step.endpoint_id,
    )
    project.record(operation)
    return operation


def _in_background(project: Project, work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(work)
    project.tasks.add(task)
    task.add_done_callback(project.tasks.discard)


async def _carry_out(
    project: Project,
    steps: list[Step],
    operations: list[Operation],
    trouble: Trouble,
    undo: Callable[[], Awaitable[None]] | None,
) -> None:
    least = project.settings.operation_seconds
    try:
        for index, (step, operation) in enumerate(zip(steps, operations, strict=True)):
            operation.enter("running")
            async with _at_least(least + (0 if index else trouble.slow_seconds)):
                if trouble.fails and index == 0:
                    raise Injected("the operation was made to fail")
                if step.work:
                    await step.work()
            if step.done:
                step.done()
            operation.enter("finished")
    except (*WORK_FAILURES, Injected) as error:
        failed, *rest = [operation for operation in operations if operation.status != "finished"]
        if undo:
            await undo()
        _fail(failed, error)
        for operation in rest:
            operation.enter("cancelled")


def _fail(operation: Operation, error: BaseException) -> None:
    operation.error = str(error)
    operation.failures_count = 3
    operation.enter("failed")


class _at_least:  # noqa: N801 - read as a phrase after `async with`
    """Take no less than some seconds, also when the body fails."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def __aenter__(self) -> None:
        self._until = asyncio.get_running_loop().time() + self._seconds

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(max(0.0, self._until - asyncio.get_running_loop().time()))
