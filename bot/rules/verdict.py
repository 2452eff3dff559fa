"""Named checks of a restored database, and the one verdict they add up to.

Decides from what was measured; measuring is done elsewhere. A check that could not run is never a pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.rules.loss import Counts


def tolerated(rows: int) -> float:
    """How many rows of a live table may be gone again before that is a mismatch and no longer a warning.

    The application writes as soon as it can: one row in a thousand, and in small tables such as queues and sessions up
    to a tenth, but never more than ten.
    """
    return max(rows * 0.001, min(rows * 0.1, 10))


class Outcome(StrEnum):
    PASSED = "passed"
    WARNING = "warning"  # explained by what the application may have done since
    FAILED = "failed"
    NOT_RUN = "not run"


class Verdict(StrEnum):
    VERIFIED = "verified"
    VERIFIED_WITH_WARNINGS = "verified with warnings"
    UNVERIFIED = "unverified"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    outcome: Outcome
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    checks: tuple[Check, ...]
    not_checked: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        outcomes = {check.outcome for check in self.checks}
        if Outcome.FAILED in outcomes:
            return Verdict.MISMATCH
        if not outcomes or Outcome.NOT_RUN in outcomes:
            return Verdict.UNVERIFIED
        return Verdict.VERIFIED_WITH_WARNINGS if Outcome.WARNING in outcomes else Verdict.VERIFIED


def same_tables(expected: Counts, found: Counts) -> Check:
    missing, extra = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
    if missing:
        return Check("tables", Outcome.FAILED, f"missing: {_few(missing)}")
    if extra:
        return Check("tables", Outcome.WARNING, f"not there at the restore point: {_few(extra)}")
    return Check("tables", Outcome.PASSED, f"all {len(found)} there")


def rows_as_previewed(expected: Counts, found: Counts, *, live: bool) -> Check:
    """Compare with what the preview counted at the restore point.

    On a `live` branch more rows are the application writing again; on a branch nobody writes to they are a mismatch.
    """
    both = sorted(expected.keys() & found.keys())
    uncounted = [table for table in both if expected[table] is None or found[table] is None]
    differences = {
        table: (found[table] or 0) - (expected[table] or 0) for table in both if table not in uncounted
    }
    short = {table: -gap for table, gap in differences.items() if gap < 0}
    grown = {table: gap for table, gap in differences.items() if gap > 0}
    if any(not live or gap > tolerated(expected[table] or 0) for table, gap in short.items()):
        return Check("rows", Outcome.FAILED, f"fewer than previewed: {_gaps(short)}")
    if grown and not live:
        return Check("rows", Outcome.FAILED, f"more than previewed: {_gaps(grown)}")
    if uncounted:
        return Check("rows", Outcome.NOT_RUN, f"could not be counted: {_few(uncounted)}")
    if short:
        return Check("rows", Outcome.WARNING, f"deleted since the restore: {_gaps(short)}")
    total = sum(rows or 0 for rows in expected.values())
    since = f", and {sum(grown.values()):,} written since" if grown else ""
    return Check("rows", Outcome.PASSED, f"all {total:,} previewed rows by count{since}")


@dataclass(frozen=True, slots=True)
class Before:
    """The branch as it was before the restore: its rows, and its write position in bytes of WAL where one was read."""

    counts: Counts
    position: int | None


def went_back(before: Before, then: Counts, found: Counts, position: int | None) -> Check:
    """Whether the branch was rewound at all: old data with more rows than the preview's must never pass for new data.

    A write position that is lower now settles it. Otherwise the tables that differ between `before` and `then`, the
    restore point, speak: each is now nearer to the one or to the other.
    """
    if before.position is not None and position is not None and position < before.position:
        back = before.position - position
        return Check("history", Outcome.PASSED, f"the write position went back by {back:,} bytes")
    nearer = [
        _gap(found, then, table) < _gap(found, before.counts, table)
        for table in sorted(before.counts.keys() & then.keys() & found.keys())
        if None not in {before.counts[table], then[table], found[table]}
        and before.counts[table] != then[table]
    ]
    if nearer and all(nearer):
        return Check(
            "history", Outcome.PASSED, "row counts are those of the restore point, no longer those of before"
        )
    if nearer and not any(nearer):
        return Check("history", Outcome.FAILED, "the data looks as it did before the restore")
    return Check("history", Outcome.WARNING, "nothing measured tells this state from the one before")


def _gap(found: Counts, other: Counts, table: str) -> int:
    return abs((found[table] or 0) - (other[table] or 0))


def _few(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _gaps(gaps: dict[str, int]) -> str:
    return _few([f"{table} ({gap:,})" for table, gap in gaps.items()])
