"""The Neon half: key, clock, and each target from its project down to its tables."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.doctor.findings import Finding, Flaw, Notes, State, judged
from bot.errors import SafepointError
from bot.neon.client import NeonClient
from bot.neon.models import Account, Branch, Project
from bot.postgres.access import Access, access
from bot.postgres.session import session
from bot.rules.clock import age_words, iso
from bot.rules.ids import TargetName
from bot.rules.target import Target

STATEMENT_SECONDS = 10.0
MOST_SKEW = timedelta(seconds=1)
SHORT_WINDOW = timedelta(hours=24)


async def examine_neon(neon: NeonClient, targets: Mapping[TargetName, Target]) -> list[Finding]:
    """The key, the clock, and each target from its project down to its tables."""
    notes = Notes()
    account = await notes.ask("Neon key", neon.whoami())
    if account is None:
        for name in targets:
            notes.skip(f"{name}: Neon", "Neon did not say whose key this is")
        return notes.findings
    notes.findings.append(judge_account(account))
    notes.findings.append(judge_clock(await _skew(neon)))
    found = await asyncio.gather(*(_target(neon, target) for target in targets.values()))
    return [*notes.findings, *(finding for findings in found for finding in findings)]


async def _skew(neon: NeonClient) -> timedelta | None:
    """The host's clock minus Neon's. A slow answer makes the host look fast, so a bad one is measured once more."""
    first = neon.last_date_skew
    if first is None or abs(first) <= MOST_SKEW:
        return first
    try:
        await neon.whoami()
    except SafepointError:  # the first measurement is then all there is
        return first
    second = neon.last_date_skew
    return first if second is None else min(first, second, key=abs)


async def _target(neon: NeonClient, target: Target) -> list[Finding]:
    """From the outside in; each step needs the one before."""
    notes, name = Notes(), target.name
    missing = f"Check `project` of [targets.{name}], and that the key reaches that project."
    project = await notes.ask(f"{name}: project", neon.project(target.project), missing=missing)
    if project is None:
        return notes.findings
    seen = f"{project.name}, {project.region_id}, PostgreSQL {project.pg_version}"
    notes.findings.extend([Finding(f"{name}: project", State.OK, seen), judge_window(name, project)])
    missing = f"Check `branch` of [targets.{name}]: its id, br-…, not its name."
    branch = await notes.ask(f"{name}: branch", neon.branch(target.project, target.branch), missing=missing)
    if branch is None:
        return notes.findings
    notes.findings.append(judge_branch(name, branch))
    if await _names(notes, neon, target):
        await _connection(notes, neon, target)
    return notes.findings


async def _names(notes: Notes, neon: NeonClient, target: Target) -> bool:
    """Whether the branch has the database and the role."""
    name, place = target.name, (target.project, target.branch)
    databases = await notes.ask(f"{name}: database", neon.databases(*place))
    if databases is not None:
        names = [database.name for database in databases]
        notes.findings.append(judge_name(name, "database", target.database, names))
    roles = await notes.ask(f"{name}: role", neon.roles(*place))
    if roles is not None:
        notes.findings.append(judge_name(name, "role", target.role, [role.name for role in roles]))
    return all(finding.state is State.OK for finding in notes.findings[-2:])


async def _connection(notes: Notes, neon: NeonClient, target: Target) -> None:
    async def look() -> Access:
        uri = await neon.connection_uri(
            target.project, target.branch, database=target.database, role=target.role
        )
        async with session(uri, statement_seconds=STATEMENT_SECONDS) as connection:
            return await access(connection)

    name = f"{target.name}: connection"
    missing = "Give the branch a read-write compute in Neon's console."
    found = await notes.ask(name, look(), missing=missing)
    if found is not None:
        seen = f"{target.role} reaches {target.database}"
        notes.findings.extend([Finding(name, State.OK, seen), judge_access(target.name, found)])


def judge_account(account: Account) -> Finding:
    """`auth_method` as in Neon's `GET /auth`."""
    hint = "Make an organization's key that is limited to the project (Neon's console, Settings, API keys)."
    flaws = {
        "api_key_org": [],
        "api_key_user": [
            Flaw(
                State.WARNING, "a personal key: it reaches all its owner reaches, and goes when they go", hint
            )
        ],
    }
    unknown = Flaw(State.WARNING, f"an unknown kind of key, {account.auth_method}", hint)
    return judged("Neon key", "an organization's key", flaws.get(account.auth_method, [unknown]))


def judge_clock(skew: timedelta | None) -> Finding:
    """`skew` is this host's clock minus Neon's, known to about half a second."""
    hint = "Keep the host's clock by NTP: “10 minutes ago” is reckoned by it."
    if skew is None:
        return judged("clock", "", [Flaw(State.WARNING, "cannot tell: Neon did not say its time", hint)])
    side = "ahead of" if skew > timedelta() else "behind"
    apart = f"{abs(skew).total_seconds():.1f} s {side} Neon's"
    return judged(
        "clock",
        "within a second of Neon's",
        [Flaw(State.WARNING, apart, hint)] if abs(skew) > MOST_SKEW else [],
    )


def judge_window(target: str, project: Project) -> Finding:
    """How far back a restore can go."""
    kept = project.history_retention
    hint = "Raise the history window in the project's settings; Neon's free plan keeps 6 hours at most."
    flaws = []
    if kept <= timedelta():
        flaws.append(Flaw(State.FAILED, "Neon keeps no history: point-in-time restore is off", hint))
    elif kept < SHORT_WINDOW:
        hours = f"{kept.total_seconds() / 3600:.4g} hours"
        flaws.append(Flaw(State.WARNING, f"only {hours}: what was lost longer ago cannot be restored", hint))
    return judged(f"{target}: history window", age_words(kept), flaws)


def judge_branch(target: str, branch: Branch) -> Finding:
    """Whether it can be restored now, in place too."""
    flaws = []
    if not branch.is_at_rest:
        state = branch.pending_state or branch.current_state
        flaws.append(
            Flaw(State.FAILED, f"{branch.name} is not ready: {state}", "Wait for Neon, then look again.")
        )
    elif not branch.is_ready:
        hint = "Open a connection to it; the first one takes longer."
        flaws.append(
            Flaw(State.WARNING, f"{branch.name} is {branch.current_state}, having been idle for long", hint)
        )
    for action in branch.restricted_actions:
        if action.name == "restore":
            detail = f"Neon does not allow restoring {branch.name}: {action.reason or 'no reason given'}"
            flaws.append(Flaw(State.FAILED, detail, "Name a branch that may be restored."))
    if branch.restored_from:
        hint = "Name another branch: Neon keeps no point-in-time history for one made from a snapshot."
        flaws.append(Flaw(State.FAILED, f"{branch.name} was made from a snapshot", hint))
    if branch.parent_id:
        hint = "Make it a root branch, or rely on restores to a new branch."
        flaws.append(
            Flaw(State.WARNING, f"{branch.name} is a child branch: Neon may refuse a restore in place", hint)
        )
    if branch.expires_at:
        hint = "Take its expiry away in Neon's console."
        flaws.append(Flaw(State.WARNING, f"{branch.name} will be deleted at {iso(branch.expires_at)}", hint))
    return judged(f"{target}: branch", f"{branch.name}, ready, a root", flaws)


def judge_name(target: str, what: str, wanted: str, there: Sequence[str]) -> Finding:
    """Whether the branch has the database or role that the configuration names."""
    known = ", ".join(sorted(there)) or "none"
    flaw = Flaw(State.FAILED, f"{wanted} is not on the branch", f"There are: {known}.")
    return judged(f"{target}: {what}", wanted, [] if wanted in there else [flaw])


def judge_access(target: str, found: Access) -> Finding:
    """What a preview will be able to count."""
    total, flaws = len(found.tables), []
    if not total:
        flaws.append(Flaw(State.WARNING, "there are no tables", "Check that this is the right database."))
    if found.forbidden:
        detail = f"{len(found.forbidden)} of {total} may not be read: {_some(found.forbidden)}"
        hint = "Grant the role SELECT on them, and USAGE on their schemas; until then their losses are “cannot tell”."
        flaws.append(Flaw(State.WARNING, detail, hint))
    if found.hidden:
        detail = f"row-level security may hide rows in {len(found.hidden)} of {total}: {_some(found.hidden)}"
        hint = "Name a role with BYPASSRLS; until then their losses are “cannot tell”."
        flaws.append(Flaw(State.WARNING, detail, hint))
    return judged(f"{target}: row counts", f"all {total} tables can be counted", flaws)


def _some(tables: Sequence[str]) -> str:
    return ", ".join(tables[:3]) + (", …" if len(tables) > 3 else "")
