"""Plans: an immutable description of what would be done to a target; its digest is what people approve.

The digest covers what does not move by itself. Row counts grow while people decide, so they are shown beside the
plan and are not part of it; which tables would lose rows is.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter

from bot.rules.ids import BranchId, Digest, ProjectId, TargetName
from bot.rules.loss import Counts, Loss, compare
from bot.rules.point import RestorePoint


class Method(StrEnum):
    NEW_BRANCH = "new branch"
    IN_PLACE = "in place"


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a branch hangs. An in-place restore moves `children` (sorted) under the safety copy.

    `restored_at` is when the branch was last restored or reset, by whomever.
    """

    parent: BranchId | None
    children: tuple[BranchId, ...]
    restored_at: datetime | None = None

    def still_holds(self, now: "Lineage") -> bool:
        """Whether `now` is the same family, with the same past. Neon detaches a restored root from its safety copy
        some time after the restore (`detach_parent_branch`), so a parent that has gone is not a change anybody made;
        another restore since is, although nothing else may be left to show it.
        """
        same = now.children == self.children and now.restored_at == self.restored_at
        return same and now.parent in {self.parent, None}


@dataclass(frozen=True, slots=True)
class Plan:
    """`source` is the branch whose history holds the point: the target's own, or the safety copy for an undo."""

    target: TargetName
    project: ProjectId
    branch: BranchId
    method: Method
    point: RestorePoint
    source: BranchId
    lineage: Lineage
    tables_losing: tuple[str, ...]
    tables_returning: tuple[str, ...]

    @property
    def digest(self) -> Digest:
        fields = json.loads(_PLAN.dump_json(self))
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        return Digest(hashlib.sha256(canonical.encode()).hexdigest())


_PLAN = TypeAdapter(Plan)


@dataclass(frozen=True, slots=True)
class Preview:
    """The measured difference between now and the restore point. `then` is what verification compares with later.

    `oldest` is the oldest moment the source could be restored to when this was taken, None for a head.
    `last_commit` is the newest before the point, None where the server cannot tell.
    """

    now: Counts
    then: Counts
    lineage: Lineage
    child_names: tuple[str, ...]
    taken_at: datetime
    oldest: datetime | None
    last_commit: datetime | None = None

    @property
    def loss(self) -> Loss:
        return compare(self.now, self.then)


def plan_restore(
    *,
    target: TargetName,
    project: ProjectId,
    branch: BranchId,
    method: Method,
    point: RestorePoint,
    source: BranchId,
    preview: Preview,
) -> Plan:
    nets = [(change.table, change.net) for change in preview.loss.changes]
    return Plan(
        target=target,
        project=project,
        branch=branch,
        method=method,
        point=point,
        source=source,
        lineage=preview.lineage,
        tables_losing=tuple(table for table, net in nets if net is None or net < 0),
        tables_returning=tuple(table for table, net in nets if net is None or net > 0),
    )
