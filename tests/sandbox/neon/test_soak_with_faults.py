"""Many calls at random while everything goes wrong that can: the tree of branches must be what was asked for.

A call that was refused, cut off before it was read, or whose operation failed has changed nothing; one whose answer was
lost has done its work all the same. The data is another soak's (`test_soak.py`): here no branch is written to.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.sandbox.neon.driver import Driver, ok

_NOTHING_DONE = ("423", "429", "503", "cut_before")
_ANSWER_LOST = ("html_524", "truncate", "cut_after")
_OF_OPERATIONS = ("slow_operation", "failed_operation")
_MERELY_SLOW = ("delay",)
FAULTS = (*_NOTHING_DONE, *_ANSWER_LOST, *_OF_OPERATIONS, *_MERELY_SLOW)


@dataclass(frozen=True)
class Leaf:
    """What a test knows of a branch."""

    name: str
    parent: str | None
    default: bool = False
    protected: bool = False


Tree = dict[str, Leaf]
"""By id."""


@dataclass(frozen=True)
class Change:
    """A call, and what becomes of the tree if it is done; `makes` is the name of a branch that then appears."""

    method: str
    path: str
    body: Any
    becomes: Callable[[Tree, str], Tree]
    makes: str | None = None


class FaultySoak:
    """Makes one call after another, most of them with a fault, and holds the tree to what each must have done."""

    def __init__(self, project: Driver, seed: int) -> None:
        self.project = project
        self.random = random.Random(seed)
        self.names = 0
        self.outcomes: Counter[str] = Counter()

    async def run(self, calls: int) -> None:
        kinds = [self.create, self.restore, self.delete, self.rename, self.protect, self.set_default]
        kinds = [*kinds, *kinds, self.compute]
        before = await self.tree()
        for _ in range(calls):
            change = self.random.choice(kinds)(before)
            fault = self.random.choice([*FAULTS, None, None, None, None])
            done = await self.make(change, fault)
            await self.project.quiet()
            after = await self.tree()
            if done:
                made = next((i for i, leaf in after.items() if leaf.name == change.makes), "")
                before = change.becomes(before, made)
            assert after == before, f"{change.method} {change.path} with {fault}: {done=}"
            await self.is_sound(after)

    async def make(self, change: Change, fault: str | None) -> bool:
        """Make a call that may run into a fault; says whether it was done."""
        if fault is not None:
            await self.project.fault(fault, method=change.method, seconds=0.01)
        try:
            answer = await self.project.call(change.method, change.path, change.body)
        except httpx.TransportError:
            assert fault in {"cut_before", "cut_after"}
            self.outcomes[f"{fault}"] += 1
            return fault == "cut_after"
        finally:
            ok(await self.project.client.delete(self.project.origin + "/sandbox/faults"))
        if fault in _NOTHING_DONE:
            assert answer.status_code == int(fault)
        elif answer.status_code not in {200, 201, 524}:
            assert answer.status_code in {400, 409, 422} and answer.json()["message"]
            self.outcomes["refused"] += 1
            return False
        self.outcomes[fault or "done"] += 1
        if fault != "failed_operation":
            return fault not in _NOTHING_DONE
        ended = await self.project.finished(answer.json())
        assert [operation["status"] for operation in ended][:1] in (["failed"], [])
        return not ended

    async def tree(self) -> Tree:
        """As it is listed once no operation is under way."""
        branches = (await self.project.get("/branches"))["branches"]
        assert all(b["current_state"] == "ready" and "pending_state" not in b for b in branches)
        return {b["id"]: Leaf(b["name"], b.get("parent_id"), b["default"], b["protected"]) for b in branches}

    async def is_sound(self, tree: Tree) -> None:
        """What holds of every tree of branches and their computes."""
        assert len({leaf.name for leaf in tree.values()}) == len(tree)
        assert sum(leaf.default for leaf in tree.values()) == 1
        for leaf in tree.values():
            seen = set()
            while leaf.parent is not None:
                assert leaf.parent in tree and leaf.parent not in seen
                seen.add(leaf.parent)
                leaf = tree[leaf.parent]  # noqa: PLW2901 - climbing is the loop
        endpoints = (await self.project.get("/endpoints"))["endpoints"]
        homes = [endpoint["branch_id"] for endpoint in endpoints]
        assert set(homes) <= set(tree) and len(homes) == len(set(homes))

    def create(self, tree: Tree) -> Change:
        parent, name = self._any(tree), self._name(tree)
        return Change(
            "POST",
            "/branches",
            {"branch": {"parent_id": parent, "name": name}},
            lambda t, made: t | {made: Leaf(name, parent)},
            makes=name,
        )

    def restore(self, tree: Tree) -> Change:
        target, source, name = self._any(tree), self._any(tree), self._name(tree)
        body = {"source_branch_id": source, "preserve_under_name": name}
        if source == target:
            body["source_timestamp"] = datetime.now(UTC).isoformat()

        def becomes(t: Tree, kept: str) -> Tree:
            moved = {
                i: replace(leaf, parent=kept) if leaf.parent == target else leaf for i, leaf in t.items()
            }
            moved[kept] = Leaf(name, t[target].parent)
            return moved | {target: replace(t[target], parent=kept if source == target else source)}

        return Change("POST", f"/branches/{target}/restore", body, becomes, makes=name)

    def delete(self, tree: Tree) -> Change:
        branch = self._any(tree)
        return Change(
            "DELETE",
            f"/branches/{branch}",
            None,
            lambda t, _: {i: leaf for i, leaf in t.items() if i != branch},
        )

    def rename(self, tree: Tree) -> Change:
        branch, name = self._any(tree), self._name(tree)
        body = {"branch": {"name": name}}
        return Change(
            "PATCH", f"/branches/{branch}", body, lambda t, _: t | {branch: replace(t[branch], name=name)}
        )

    def protect(self, tree: Tree) -> Change:
        branch = self._any(tree)
        protected = not tree[branch].protected
        return Change(
            "PATCH",
            f"/branches/{branch}",
            {"branch": {"protected": protected}},
            lambda t, _: t | {branch: replace(t[branch], protected=protected)},
        )

    def set_default(self, tree: Tree) -> Change:
        branch = self._any(tree)
        return Change(
            "POST",
            f"/branches/{branch}/set_as_default",
            None,
            lambda t, _: {i: replace(leaf, default=i == branch) for i, leaf in t.items()},
        )

    def compute(self, tree: Tree) -> Change:
        body = {"endpoint": {"branch_id": self._any(tree), "type": "read_write"}}
        return Change("POST", "/endpoints", body, lambda t, _: t)

    def _any(self, tree: Tree) -> str:
        return self.random.choice(sorted(tree, key=lambda i: tree[i].name))

    def _name(self, tree: Tree) -> str:
        """Mostly a new one, now and then one that is taken."""
        if self.random.random() < 0.05:
            return self.random.choice(sorted(leaf.name for leaf in tree.values()))
        self.names += 1
        return f"branch-{self.names}"


@pytest.mark.parametrize(("calls", "seed"), [(60, 7), pytest.param(300, 11, marks=pytest.mark.exhaustive)])
async def test_the_tree_of_branches_is_what_was_asked_for_through_every_fault(
    project: Driver, calls: int, seed: int
) -> None:
    await project.settings(operation_seconds=0, detach_seconds=None, plan="unlimited")
    soak = FaultySoak(project, seed)
    async with asyncio.timeout(240):
        await soak.run(calls)
    assert soak.outcomes["done"] >= calls // 10
    assert set(FAULTS) <= set(soak.outcomes)
