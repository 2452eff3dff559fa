"""Many changes at random, each branch's data known at every instant that was noted: it must be found again."""

import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from tests.sandbox.neon.driver import Driver, numbers, ok, write


@dataclass
class Known:
    """What a branch must hold now, and what it held at instants of its own history."""

    rows: list[int]
    past: list[tuple[datetime, list[int]]] = field(default_factory=list)


class Soak:
    """Does one thing after another to a project and keeps account of it."""

    def __init__(self, project: Driver, seed: int) -> None:
        self.project = project
        self.random = random.Random(seed)
        self.known: dict[str, Known] = {}
        self.counter = 0

    async def run(self, steps: int) -> None:
        await self._note(self.project.main, Known([]), await write(self.project.dsn, 0), [0])
        deeds = [
            self.write,
            self.write,
            self.branch,
            self.restore_itself,
            self.restore_other,
            self.suspend,
            self.delete,
        ]
        for _ in range(steps):
            await self.random.choice(deeds)()
            await self.agree()

    async def write(self) -> None:
        branch_id = self._any()
        self.counter += 1
        instant = await write(await self.project.uri(branch_id), self.counter)
        known = self.known[branch_id]
        await self._note(branch_id, known, instant, [*known.rows, self.counter])

    async def branch(self) -> None:
        branch_id = self._any()
        known = self.known[branch_id]
        body: dict[str, Any] = {"parent_id": branch_id, "name": self._name()}
        rows = known.rows
        if known.past and self.random.random() < 0.7:
            instant, rows = self.random.choice(known.past)
            body["parent_timestamp"] = instant.isoformat()
        created = await self.project.create({"branch": body, "endpoints": [{"type": "read_write"}]})
        self.known[created["branch"]["id"]] = Known(rows)

    async def restore_itself(self) -> None:
        branch_id = self._any()
        if past := self.known[branch_id].past:
            instant, rows = self.random.choice(past)
            await self._restore(branch_id, branch_id, rows, {"source_timestamp": instant.isoformat()})

    async def restore_other(self) -> None:
        source, target = self._any(), self._any()
        if source != target:
            await self._restore(target, source, self.known[source].rows, {})

    async def suspend(self) -> None:
        endpoints = (await self.project.get("/endpoints"))["endpoints"]
        endpoint = self.random.choice(endpoints)["id"]
        await self.project.finished(ok(await self.project.insist("POST", f"/endpoints/{endpoint}/suspend")))

    async def delete(self) -> None:
        branch_id = self._any()
        answer = await self.project.insist("DELETE", f"/branches/{branch_id}")
        if answer.status_code == 200:
            await self.project.finished(answer.json())
            del self.known[branch_id]
        else:
            assert answer.status_code == 422

    async def agree(self) -> None:
        """The tree is sound, and a branch chosen at random holds what it must."""
        branches = {branch["id"]: branch for branch in (await self.project.branches()).values()}
        assert set(branches) == set(self.known)
        assert [branch["id"] for branch in branches.values() if branch["default"]] == [self.project.main]
        for branch in branches.values():
            assert branch["current_state"] == "ready" and "pending_state" not in branch
            seen = [branch["id"]]
            while parent := branches[seen[-1]].get("parent_id"):
                assert parent in branches and parent not in seen
                seen.append(parent)
        branch_id = self._any()
        assert await numbers(await self.project.uri(branch_id)) == self.known[branch_id].rows

    async def _restore(self, target: str, source: str, rows: list[int], body: dict[str, str]) -> None:
        name = self._name()
        body |= {"source_branch_id": source, "preserve_under_name": name}
        answer = ok(await self.project.insist("POST", f"/branches/{target}/restore", body))
        ended = await self.project.finished(answer)
        assert {operation["status"] for operation in ended} == {"finished"}
        kept = (await self.project.branches())[name]["id"]
        endpoint = {"endpoint": {"branch_id": kept, "type": "read_write"}}
        await self.project.finished(ok(await self.project.insist("POST", "/endpoints", endpoint), 201))
        self.known[kept], self.known[target] = self.known[target], Known(rows)

    async def _note(self, branch_id: str, known: Known, instant: datetime, rows: list[int]) -> None:
        known.rows = rows
        known.past.append((instant, rows))
        self.known[branch_id] = known

    def _any(self) -> str:
        return self.random.choice(list(self.known))

    def _name(self) -> str:
        self.counter += 1
        return f"branch-{self.counter}"


@pytest.mark.parametrize("steps", [25, pytest.param(300, marks=pytest.mark.exhaustive)])
async def test_every_branch_holds_what_its_history_says_after_many_changes(
    project: Driver, steps: int
) -> None:
    await project.settings(operation_seconds=0, detach_seconds=0, plan="unlimited")
    await Soak(project, seed=random.randrange(10**6)).run(steps)
