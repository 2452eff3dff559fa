"""The card of a restore or undo, from "looking" to its end, and the modals that vote on it.

One function per part of the card; which parts show follows from the request's stage alone, so the card is the stored
state made visible and never the click that changed it.
"""

from collections.abc import Sequence
from itertools import accumulate
from shlex import quote

from bot.cards.blocks import (
    Block,
    Card,
    actions,
    button,
    code,
    context,
    count,
    cut,
    divider,
    escape,
    fields,
    header,
    local,
    modal,
    people,
    person,
    section,
    text_input,
    unticked,
    utc_words,
)
from bot.cards.moment import remark_lines
from bot.cards.words import NOTHING_CHANGED, sentences
from bot.rules.clock import age_words
from bot.rules.loss import TableChange
from bot.rules.plan import Method, Preview
from bot.rules.point import Instant
from bot.rules.request import Phase, Purpose, Request, Stage, can_undo
from bot.rules.target import Target
from bot.rules.verdict import Check, Outcome, Verdict

MOST_TABLES = 20
LONGEST_TABLE = 2900
MOST_BRANCHES = 5

NEW_BRANCH = "restore.new_branch"
IN_PLACE = "restore.in_place"
CANCEL = "restore.cancel"
APPROVE = "vote.approve"
DENY = "vote.deny"
UNDO = "restore.undo"

_MARKS = {
    Stage.LOOKING: ":mag:",
    Stage.CHOOSING: ":rewind:",
    Stage.APPROVING: ":raised_hand:",
    Stage.APPROVED: ":hourglass_flowing_sand:",
    Stage.RUNNING: ":hourglass_flowing_sand:",
    Stage.VERIFIED: ":white_check_mark:",
    Stage.UNVERIFIED: ":warning:",
    Stage.FAILED_UNCHANGED: ":x:",
    Stage.NEEDS_HUMAN: ":rotating_light:",
    Stage.REFUSED: ":no_entry_sign:",
    Stage.CANCELLED: ":no_entry_sign:",
    Stage.DENIED: ":no_entry_sign:",
    Stage.EXPIRED: ":alarm_clock:",
    Stage.VOID: ":no_entry_sign:",
}

_CHECK_MARKS = {
    Outcome.PASSED: ":white_check_mark:",
    Outcome.WARNING: ":warning:",
    Outcome.FAILED: ":x:",
    Outcome.NOT_RUN: ":grey_question:",
}


def request_card(request: Request, target: Target) -> Card:
    blocks = [
        header(_title(request)),
        section(f"{_MARKS[request.stage]} {headline(request)}"),
        *_point(request),
        *_loss(request),
        *_hazards(request),
        *_votes(request, target),
        *_phases(request),
        *_checks(request),
        *_way_back(request, target),
        *_buttons(request),
        context(_footer(request)),
    ]
    return Card(f"{_title(request)}: {plain_headline(request)}", tuple(blocks))


def _title(request: Request) -> str:
    what = "Restore" if request.purpose is Purpose.RESTORE else "Undo the restore of"
    return f"{what} {request.target}"


def plain_headline(request: Request) -> str:
    """The stage in a few words, for the notification text."""
    words = {
        Stage.LOOKING: "measuring what it would change",
        Stage.CHOOSING: "choose how",
        Stage.APPROVING: f"waiting for {count(request.votes_missing, 'approval')}",
        Stage.APPROVED: "approved, about to start",
        Stage.UNVERIFIED: "restored, unverified",
        Stage.VOID: "void, nothing changed",
    }
    return words.get(request.stage, request.stage.value)


def headline(request: Request) -> str:
    """One or two sentences: where the request stands and what comes next."""
    match request.stage:
        case Stage.LOOKING:
            return (
                "*Measuring what this would change…* A throw-away branch is counted; the target is only read."
            )
        case Stage.CHOOSING:
            return f"*Nothing has been changed yet.* {_loss_words(request)}"
        case Stage.APPROVING:
            missing = count(request.votes_missing, "approval")
            return f"*Waiting for {missing}* before {_in_place_words(request)} {_loss_words(request)}"
        case Stage.APPROVED:
            return "*Approved.* It starts as soon as no other restore of this branch is running."
        case Stage.RUNNING:
            return f"*Under way:* {request.phases[-1].name if request.phases else 'starting'}…"
        case Stage.VERIFIED:
            return _verified(request)
        case Stage.UNVERIFIED:
            return "*Restored, unverified.* Not every check could be run; look at the data before you rely on it."
        case Stage.CANCELLED | Stage.DENIED | Stage.EXPIRED:
            return _stopped(request)
        case _:
            return _troubled(request)


def _verified(request: Request) -> str:
    assert request.verification is not None
    warned = request.verification.verdict is Verdict.VERIFIED_WITH_WARNINGS
    how = "verified with warnings" if warned else "verified"
    if request.plan is not None and request.plan.method is Method.NEW_BRANCH:
        return f"*The new branch is ready and {how}.* {escape(request.target)} itself was not touched."
    took = _took(request)
    done = "Undone" if request.purpose is Purpose.UNDO else "Restored in place"
    return f"*{done} and {how}*{took}. The connection string is the same as before."


def _took(request: Request) -> str:
    if not request.phases or request.ended_at is None:
        return ""
    return f" in {(request.ended_at - request.phases[0].began_at).total_seconds():.1f} s"


def _stopped(request: Request) -> str:
    by = f" by {person(request.ended_by)}" if request.ended_by else ""
    reason = f": “{escape(cut(request.reason, 500))}”" if request.reason else "."
    return f"*{request.stage.value.capitalize()}*{by}{reason} {NOTHING_CHANGED}"


def _troubled(request: Request) -> str:
    """The ends that come with trouble: refused, void, failed with nothing changed, or in need of a human."""
    unchanged = request.stage is not Stage.NEEDS_HUMAN
    word = request.stage.value.capitalize()
    if request.trouble is None:
        return f"*{word}.* The checks below disagree with the preview: look before anyone writes."
    fact, advice = sentences(request.trouble.kind, request.trouble.facts)
    changed = f" {NOTHING_CHANGED}" if unchanged and NOTHING_CHANGED not in advice else ""
    return f"*{word}.* {fact}{changed}\n{advice}\n_ref `{request.trouble.ref}`_"


def _point(request: Request) -> list[Block]:
    asked = f"*Asked for by*\n{person(request.asked_by)}: {code(cut(request.words, 200))}"
    if not isinstance(request.point, Instant):
        back = "*Back to*\nthe state right before that restore, kept in its safety copy"
        return [fields(back, asked)]
    at = request.point.at
    age = age_words(request.asked_at - at)
    return [
        fields(
            f"*Back to*\n`{utc_words(at)}`",
            f"*For you*\n{local(at)}",
            f"*Age when asked*\n{age}",
            asked,
        ),
        *([context(f"As said, {remark_lines(request.remarks)}.")] if request.remarks else []),
    ]


def _loss_words(request: Request) -> str:
    if request.preview is None:
        return ""
    loss = request.preview.loss
    parts = []
    if loss.rows_lost:
        parts.append(f"*{count(loss.rows_lost, 'row')}* written since would be lost")
    if loss.rows_returning:
        parts.append(f"*{count(loss.rows_returning, 'row')}* would return")
    known = " and ".join(parts) if parts else "No table's row count would change"
    unknown = f"; *{count(len(loss.unknown), 'table')} could not be counted*" if loss.unknown else ""
    return f"{known}{unknown}."


def _loss(request: Request) -> list[Block]:
    if request.preview is None or request.stage in {Stage.RUNNING, Stage.VERIFIED}:
        return []
    loss = request.preview.loss
    head, *rows = _table(loss.changes[:MOST_TABLES])
    unchanged, hidden = len(loss.tables) - len(loss.changes), len(loss.changes) - len(rows)
    more = f" {count(hidden, 'more table')} not shown." if hidden else ""
    note = (
        f"{count(unchanged, 'table')} unchanged.{more} Net row counts, {local(request.preview.taken_at)}: "
        "rows lost and gained in the same table cancel out, and changed rows are not seen."
        f"{_last_commit(request)}"
    )
    table = "\n".join([head, *rows])
    return [*([section(f"```{table}```")] if rows else []), context(note)]


def _last_commit(request: Request) -> str:
    if not isinstance(request.point, Instant) or request.preview is None:
        return ""
    at = request.preview.last_commit
    if at is None:
        return " The server cannot tell the last commit before that moment."
    return f" The last commit before that moment: `{utc_words(at)}` ({local(at)})."


def _table(changes: Sequence[TableChange]) -> list[str]:
    """A head and a row for each table, as many as one block takes."""
    cells = [
        ("table", "now", "restored", "net"),
        *(
            (
                change.table,
                _rows(change.now, change.exists_now),
                _rows(change.then, change.existed_then),
                _net(change),
            )
            for change in changes
        ),
    ]
    width, *widths = (max(map(len, column)) for column in zip(*cells, strict=True))
    lines = [
        "  ".join([unticked(f"{table:<{width}}"), *map(str.rjust, numbers, widths)])
        for table, *numbers in cells
    ]
    ends = accumulate(len(line) + 1 for line in lines)
    return lines[: max(sum(end <= LONGEST_TABLE for end in ends), 1)]


def _rows(rows: int | None, exists: bool) -> str:
    if not exists:
        return "no table"
    return "cannot tell" if rows is None else f"{rows:,}"


def _net(change: TableChange) -> str:
    return "cannot tell" if change.net is None else f"{change.net:+,}"


def _in_place_words(request: Request) -> str:
    name = escape(request.target)
    if request.purpose is Purpose.UNDO:
        return f"*{name}* goes back to its state from before the restore."
    return f"*{name}* goes back *in place*."


def _hazards(request: Request) -> list[Block]:
    if request.preview is None or request.stage not in {Stage.CHOOSING, Stage.APPROVING}:
        return []
    return [section("*In place means:*\n" + "\n".join(f"• {line}" for line in hazards(request.preview)))]


def hazards(preview: Preview) -> list[str]:
    lines = [
        "every database on the branch goes back together, sequences included",
        "open connections drop for a few seconds; host, password and connection string stay the same",
        "the state from before is kept as a safety copy, from which it can be undone",
    ]
    if preview.child_names:
        names = ", ".join(code(name) for name in preview.child_names[:MOST_BRANCHES])
        hidden = len(preview.child_names) - MOST_BRANCHES
        more = f" and {hidden} more" if hidden > 0 else ""
        lines.append(
            f"the safety copy takes over {count(len(preview.child_names), 'child branch')}: {names}{more}"
        )
    if preview.oldest is not None:
        lines.append(f"Neon reaches back to {local(preview.oldest)} and that moment moves on with the clock")
    return lines


def _votes(request: Request, target: Target) -> list[Block]:
    if request.stage is not Stage.APPROVING or request.expires_at is None:
        return []
    voted = [vote.person for vote in request.votes]
    able = sorted(target.policy.approvers - request.involved - set(voted))
    so_far = f"approved by {people(voted)}" if voted else "nobody has approved yet"
    text = (
        f"*Approvals: {len(voted)} of {request.quorum}*, {so_far}; expires {local(request.expires_at)}.\n"
        f"May approve: {people(able)}"
    )
    return [divider(), section(text)]


def _phases(request: Request) -> list[Block]:
    if not request.phases or request.stage is Stage.VOID:
        return []
    return [section("\n".join(_phase(phase) for phase in request.phases))]


def _phase(phase: Phase) -> str:
    if phase.ended_at is None:
        return f":hourglass_flowing_sand: {phase.name}, since {local(phase.began_at)}"
    return f":heavy_check_mark: {phase.name} · {(phase.ended_at - phase.began_at).total_seconds():.1f} s"


def _checks(request: Request) -> list[Block]:
    if request.verification is None:
        return []
    checks = "\n".join(_check(check) for check in request.verification.checks)
    left_out = "; ".join(request.verification.not_checked)
    verdict = request.verification.verdict.value
    return [section(f"*Checks: {verdict}*\n{checks}"), context(f"Not checked: {escape(left_out)}.")]


def _check(check: Check) -> str:
    return f"{_CHECK_MARKS[check.outcome]} {check.name}: {unticked(check.detail)}"


def _way_back(request: Request, target: Target) -> list[Block]:
    left, plan = request.left_behind, request.plan
    if left is None or plan is None:
        return []
    if plan.method is Method.IN_PLACE:
        undone = f" Its undo is `{request.undone_by}`." if request.undone_by else ""
        return [section(f"*Safety copy:* {code(left.name)} keeps the state from before.{undone}")]
    expiry = f", until {local(left.expires_at)}" if left.expires_at else ""
    connect = (
        f"neonctl connection-string {left.branch} --project-id {plan.project}"
        f" --database-name {quote(target.database)} --role-name {quote(target.role)}"
    )
    return [
        section(
            f"*New branch:* {code(left.name)}{expiry}.\n"
            f"To connect, open it in Neon's console or run this, which shows the password to you alone:\n"
            f"```{escape(connect)}```"
        )
    ]


def _buttons(request: Request) -> list[Block]:
    value = {"request": request.id, "digest": request.plan.digest if request.plan else ""}
    cancel = button("Cancel", CANCEL, value)
    block_id = f"{request.id}.{request.stage.name.lower()}.{len(request.votes)}"
    match request.stage:
        case Stage.LOOKING | Stage.APPROVED:
            return [actions(block_id, cancel)]
        case Stage.CHOOSING:
            new = button("Restore to a new branch", NEW_BRANCH, value, "primary")
            return [actions(block_id, new, button("Restore in place", IN_PLACE, value, "danger"), cancel)]
        case Stage.APPROVING:
            approve = button("Approve", APPROVE, value, "primary")
            return [actions(block_id, approve, button("Deny", DENY, value, "danger"), cancel)]
        case _:
            return [actions(block_id, button("Undo", UNDO, value, "danger"))] if can_undo(request) else []


def _footer(request: Request) -> str:
    digest = f" · plan `{request.plan.digest[:12]}`" if request.plan else ""
    return f"`{request.id}` · asked {local(request.asked_at)}{digest}"


def approve_modal(request: Request) -> Block:
    """The gate of an approval: what will happen, and the target's name to be typed."""
    assert request.preview is not None
    assert request.plan is not None
    where = (
        f"goes back *in place* to\n`{utc_words(request.point.at)}` ({local(request.point.at)} for you)"
        if isinstance(request.point, Instant)
        else "goes back to the state from before its restore"
    )
    lines = "\n".join(f"• {line}" for line in hazards(request.preview))
    blocks = [
        section(f"*{escape(request.target)}* {where}.\n{_loss_words(request)}"),
        section(lines),
        text_input("target", "Type the target's name to approve", hint=f"exactly: {request.target}"),
        context(f"`{request.id}` · plan `{request.plan.digest[:12]}`"),
    ]
    return modal(APPROVE, _metadata(request), "Approve the restore", "Approve", blocks)


def deny_modal(request: Request) -> Block:
    blocks = [
        section(f"This ends `{request.id}`; nothing is changed on *{escape(request.target)}*."),
        text_input("reason", "Why not?", hint="The requester reads this on the card.", multiline=True),
    ]
    return modal(DENY, _metadata(request), "Deny the restore", "Deny", blocks)


def _metadata(request: Request) -> dict[str, str]:
    """What the modal carries back; `channel` is where its person hears about the outcome."""
    digest = request.plan.digest if request.plan else ""
    return {"request": request.id, "digest": digest, "target": request.target, "channel": request.channel}
