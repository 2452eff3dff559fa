"""Plausible values for tests: one target, the people around it, and a request at every stage of its life.

A request is walked to its stage by the real transitions, so that it is never in a state the bot could not reach.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import Kind, NeedsHuman
from bot.rules.ids import BranchId, ChannelId, Digest, PersonId, ProjectId, RequestId, TargetName
from bot.rules.loss import Counts
from bot.rules.plan import Lineage, Method, Preview
from bot.rules.point import Instant
from bot.rules.request import (
    OPEN,
    LeftBehind,
    Purpose,
    Request,
    Stage,
    begin_phase,
    begin_run,
    cancel,
    choose,
    deny,
    expire,
    fail,
    finish,
    previewed,
    vote,
)
from bot.rules.said import How, Said
from bot.rules.target import Person, Policy, Target
from bot.rules.trouble import trouble_of
from bot.rules.verdict import Check, Outcome, Verification

T0 = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OLGA, OMAR = PersonId("UOLGA"), PersonId("UOMAR")
ANNA, ALI, ADA = PersonId("UANNA"), PersonId("UALI"), PersonId("UADA")
OSCAR = PersonId("UOSCAR")  # an outsider
PROD = TargetName("prod")

POLICY = Policy(operators=frozenset({OLGA, OMAR}), approvers=frozenset({ANNA, ALI, ADA}), quorum=2)
TARGET = Target(
    name=PROD,
    project=ProjectId("shiny-wind-028834"),
    branch=BranchId("br-main-000001"),
    database="shop",
    role="shop_owner",
    channel=ChannelId("CTARGET"),
    policy=POLICY,
)


def target(**policy: Any) -> Target:
    """`prod`, with these parts of its policy changed."""
    return replace(TARGET, policy=replace(POLICY, **policy))


def person(id_: PersonId = OLGA, **changes: Any) -> Person:
    return Person(id_, id_.removeprefix("U").title(), **changes)


def preview(now: Counts | None = None, then: Counts | None = None, **changes: Any) -> Preview:
    """By default one table that would lose rows, one that would get some back and one that stays."""
    plain = Preview(
        now={"public.orders": 120, "public.users": 10, "public.tags": 7} if now is None else now,
        then={"public.orders": 100, "public.users": 12, "public.tags": 7} if then is None else then,
        lineage=Lineage(parent=None, children=()),
        child_names=(),
        taken_at=T0,
        oldest=T0 - timedelta(days=1),
    )
    return replace(plain, **changes)


def request(**changes: Any) -> Request:
    """A restore Olga asked for just now, still being looked at."""
    fresh = Request(
        id=RequestId("r-abc2345"),
        target=PROD,
        project=TARGET.project,
        branch=TARGET.branch,
        purpose=Purpose.RESTORE,
        words="/restore prod to 10:25 UTC",
        asked_by=OLGA,
        asked_at=T0,
        channel=ChannelId("CINCIDENT"),
        point=Instant(T0 - timedelta(minutes=95)),
        source=TARGET.branch,
    )
    return replace(fresh, **changes)


def request_at(
    stage: Stage,
    *,
    method: Method = Method.IN_PLACE,
    start: Request | None = None,
    found: Preview | None = None,
    policy: Policy = POLICY,
) -> Request:
    """`start` walked to `stage`; an ended one as it ends in earnest."""
    looking = start or request()
    trouble = trouble_of(NeedsHuman(Kind.ANSWER_LOST, ref="e-abc234"))
    if stage is Stage.LOOKING:
        return looking
    if stage is Stage.REFUSED:
        return fail(looking, stage, trouble, T0)
    choosing = previewed(looking, found or preview(), T0 + policy.request_lifetime)
    if stage is Stage.CHOOSING:
        return choosing
    if stage is Stage.CANCELLED:
        return cancel(choosing, OMAR, T0)
    chosen = choose(choosing, method, OLGA, policy, T0)
    if stage is Stage.APPROVING:
        assert method is Method.IN_PLACE, "a new branch asks nobody"
        return chosen
    if stage is Stage.DENIED:
        return deny(chosen, ANNA, "not during the sale", T0)
    if stage is Stage.EXPIRED:
        return expire(chosen, T0 + policy.request_lifetime)
    approved = approve(chosen)
    if stage is Stage.APPROVED:
        return approved
    running = begin_phase(begin_run(approved, branch_is_busy=False, now=T0), "restoring", T0)
    if stage is Stage.RUNNING:
        return running
    if stage in {Stage.FAILED_UNCHANGED, Stage.VOID}:
        return fail(running, stage, trouble, T0)
    left = replace(
        running, left_behind=LeftBehind(BranchId("br-copy-000002"), f"safepoint-before-{looking.id}")
    )
    if stage is Stage.NEEDS_HUMAN:
        return fail(left, stage, trouble, T0)
    outcome = Outcome.PASSED if stage is Stage.VERIFIED else Outcome.NOT_RUN
    done = finish(left, verification(outcome), T0 + timedelta(seconds=9))
    assert done.stage is stage
    return done


def approve(request: Request) -> Request:
    """With as many votes as it takes."""
    for voter in (ANNA, ALI, ADA)[: request.votes_missing]:
        assert request.plan is not None
        request = vote(request, voter, request.plan.digest, T0)
    return request


def verification(*outcomes: Outcome) -> Verification:
    checks = tuple(Check(f"check {place}", outcome, "as seen") for place, outcome in enumerate(outcomes))
    return Verification(checks, ("contents of rows",))


def digest_of(request: Request) -> Digest:
    assert request.plan is not None
    return request.plan.digest


ENDED = frozenset(Stage) - OPEN


def said(name: str, text: str = "", *, how: How = How.COMMAND, by: PersonId = OLGA, **changes: Any) -> Said:
    """One thing said in #incident just now."""
    plain = Said("abc2345", how, by, ChannelId("CINCIDENT"), name, text, T0, trigger="1.2.3")
    return replace(plain, **changes)
