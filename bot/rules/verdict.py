"""Named checks of a restored database, and the one verdict they add up to.

Decides from what was measured; measuring is done elsewhere. A check that could not run is never a pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.rules.loss import Counts

TOLERATED_MISSING = 0.001
"""The application writes as soon as it can, so rows deleted since the restore are a warning up to this share."""


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
    if any(not live or gap > (expected[table] or 0) * TOLERATED_MISSING for table, gap in short.items()):
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


def write_position_went_back(before: int | None, after: int | None) -> Check:
    """`before` and `after` are WAL positions in bytes. A branch that was not rewound has only moved forward."""
    if before is None or after is None:
        return Check("history", Outcome.NOT_RUN, "the write position could not be read")
    if after < before:
        return Check("history", Outcome.PASSED, f"the write position went back by {before - after:,} bytes")
    return Check(
        "history", Outcome.WARNING, "the write position is past where it was: much was written since"
    )


def _few(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _gaps(gaps: dict[str, int]) -> str:
    return _few([f"{table} ({gap:,})" for table, gap in gaps.items()])
