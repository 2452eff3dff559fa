"""Requests: one person's wish for a restore, from being said to its end, as immutable values.

Every transition is a pure function from a request to the next one, or raises Refused and changes nothing. The store
applies them one at a time, which is what makes two simultaneous clicks one restore. Running them is not done here.

    LOOKING ─> CHOOSING ─> APPROVING ─> APPROVED ─> RUNNING ─> VERIFIED | UNVERIFIED | FAILED_UNCHANGED | NEEDS_HUMAN
       └> REFUSED    └> CANCELLED, EXPIRED (also while APPROVING and APPROVED)   └> DENIED       └> VOID
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import Kind, Refused
from bot.rules.ids import BranchId, ChannelId, Digest, PersonId, ProjectId, RequestId, TargetName
from bot.rules.moment import Remark
from bot.rules.plan import Method, Plan, Preview, plan_restore
from bot.rules.point import RestorePoint
from bot.rules.target import Policy, possible_approvers
from bot.rules.trouble import Trouble
from bot.rules.verdict import Verdict, Verification


class Stage(StrEnum):
    LOOKING = "looking"  # the preview is being measured
    CHOOSING = "choosing"  # the preview is on the card; waiting for a choice
    APPROVING = "approving"  # waiting for votes
    APPROVED = "approved"  # the quorum is met; waiting for the run to start
    RUNNING = "running"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"  # restored, but the checks could not all be run or raised warnings to read
    FAILED_UNCHANGED = "failed, nothing changed"
    NEEDS_HUMAN = "failed, needs a human"
    REFUSED = "refused"  # the preview said no
    CANCELLED = "cancelled"
    DENIED = "denied"
    EXPIRED = "expired"
    VOID = "void"  # the world changed after the approval


ENDED_UNCHANGED = frozenset(
    {
        Stage.FAILED_UNCHANGED,
        Stage.REFUSED,
        Stage.CANCELLED,
        Stage.DENIED,
        Stage.EXPIRED,
        Stage.VOID,
    }
)
OPEN = frozenset({Stage.LOOKING, Stage.CHOOSING, Stage.APPROVING, Stage.APPROVED, Stage.RUNNING})


LATEST_CHANGE = timedelta(minutes=10)
"""How long after a request's time is up its run, begun in time, may still be getting to the restore itself."""


class Purpose(StrEnum):
    RESTORE = "restore"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Vote:
    person: PersonId
    digest: Digest
    at: datetime


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a run that people can follow: when it began and, once over, when it ended."""

    name: str
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A branch the request made and left: the safety copy of an in-place restore, or the new branch."""

    branch: BranchId
    name: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    id: RequestId
    target: TargetName
    project: ProjectId
    branch: BranchId
    purpose: Purpose
    words: str  # as the person typed them
    asked_by: PersonId
    asked_at: datetime
    channel: ChannelId
    point: RestorePoint
    source: BranchId
    stage: Stage = Stage.LOOKING
    preview: Preview | None = None
    plan: Plan | None = None
    chosen_by: PersonId | None = None
    chosen_at: datetime | None = None
    quorum: int = 0
    expires_at: datetime | None = None
    votes: tuple[Vote, ...] = ()
    ended_by: PersonId | None = None
    reason: str = ""
    phases: tuple[Phase, ...] = ()
    left_behind: LeftBehind | None = None
    verification: Verification | None = None
    trouble: Trouble | None = None
    ended_at: datetime | None = None
    undoes: RequestId | None = None
    undone_by: RequestId | None = None
    remarks: tuple[Remark, ...] = ()  # on how the words for the moment were read
    revision: int = 0

    @property
    def involved(self) -> frozenset[PersonId]:
        """The people who wanted this, and so may not vote on it."""
        return frozenset(person for person in (self.asked_by, self.chosen_by) if person)

    @property
    def votes_missing(self) -> int:
        return max(self.quorum - len(self.votes), 0)


def previewed(request: Request, preview: Preview, expires_at: datetime) -> Request:
    """The preview is there; it may be chosen from until `expires_at`, since an old one describes another world."""
    _require_stage(request, Stage.LOOKING)
    return replace(request, stage=Stage.CHOOSING, preview=preview, expires_at=expires_at)


def choose(request: Request, method: Method, person: PersonId, policy: Policy, now: datetime) -> Request:
    """Settle on a method: a new branch runs at once, an in-place restore goes to the approvers."""
    _require_in_time(request, now)
    _require_stage(request, Stage.CHOOSING)
    assert request.preview is not None
    plan = plan_restore(
        target=request.target,
        project=request.project,
        branch=request.branch,
        method=method,
        point=request.point,
        source=request.source,
        preview=request.preview,
    )
    chosen = replace(request, plan=plan, chosen_by=person, chosen_at=now)
    if method is Method.NEW_BRANCH:
        return replace(chosen, stage=Stage.APPROVED)
    possible = possible_approvers(policy, involved=chosen.involved)
    if policy.quorum < 1 or possible < policy.quorum:
        raise Refused(Kind.TOO_FEW_APPROVERS, quorum=policy.quorum, possible=possible, target=request.target)
    return replace(
        chosen, stage=Stage.APPROVING, quorum=policy.quorum, expires_at=now + policy.request_lifetime
    )


def vote(request: Request, person: PersonId, digest: Digest, now: datetime) -> Request:
    """Count one person's approval of exactly what `digest` names; the last one needed approves the request."""
    _require_votable(request, person, now)
    if request.plan is None or digest != request.plan.digest:
        raise Refused(Kind.PLAN_CHANGED, request=request.id)
    if any(cast.person == person for cast in request.votes):
        raise Refused(Kind.ALREADY_VOTED, request=request.id, missing=request.votes_missing)
    voted = replace(request, votes=(*request.votes, Vote(person, digest, now)))
    return replace(voted, stage=Stage.APPROVED) if voted.votes_missing == 0 else voted


def deny(request: Request, person: PersonId, reason: str, now: datetime) -> Request:
    """One approver's no, with its reason, ends the request."""
    _require_votable(request, person, now)
    return replace(request, stage=Stage.DENIED, ended_by=person, reason=reason, ended_at=now)


def cancel(request: Request, person: PersonId, now: datetime) -> Request:
    """Possible until the run starts; an approved request that has not started can still be stopped."""
    _require_stage(request, Stage.LOOKING, Stage.CHOOSING, Stage.APPROVING, Stage.APPROVED)
    return replace(request, stage=Stage.CANCELLED, ended_by=person, ended_at=now)


def expire(request: Request, now: datetime) -> Request:
    """The same request, or its expired successor once its time is up."""
    waiting = request.stage in {Stage.CHOOSING, Stage.APPROVING, Stage.APPROVED}
    if waiting and request.expires_at is not None and now >= request.expires_at:
        return replace(request, stage=Stage.EXPIRED, ended_at=now)
    return request


def begin_run(request: Request, *, branch_is_busy: bool, now: datetime) -> Request:
    """An approved request starts to run, unless another run holds its branch: then it waits as it is.

    One that was approved too long ago, because the bot was down or the branch busy, expires instead.
    """
    if (expired := expire(request, now)) is not request:
        return expired
    if request.stage is not Stage.APPROVED or branch_is_busy:
        return request
    return replace(request, stage=Stage.RUNNING)


def is_overdue(request: Request, now: datetime) -> bool:
    """Whether a run that has changed nothing yet may no longer begin to: the bot was down between the two, and by now
    people have helped themselves.
    """
    return request.expires_at is not None and now >= request.expires_at + LATEST_CHANGE


def begin_phase(request: Request, name: str, now: datetime) -> Request:
    """Close the phase under way and open the next; a phase that was begun before a crash is not begun again."""
    if any(phase.name == name for phase in request.phases):
        return request
    return replace(request, phases=(*_closed(request.phases, now), Phase(name, now)))


def finish(request: Request, verification: Verification, now: datetime) -> Request:
    """The run is over; the verdict names the end it came to."""
    _require_stage(request, Stage.RUNNING)
    ends = {
        Verdict.VERIFIED: Stage.VERIFIED,
        Verdict.VERIFIED_WITH_WARNINGS: Stage.VERIFIED,
        Verdict.UNVERIFIED: Stage.UNVERIFIED,
        Verdict.MISMATCH: Stage.NEEDS_HUMAN,
    }
    stage = ends[verification.verdict]
    return replace(
        request, stage=stage, verification=verification, ended_at=now, phases=_closed(request.phases, now)
    )


def fail(request: Request, stage: Stage, trouble: Trouble, now: datetime) -> Request:
    """End a request that is still open because of `trouble`; one that has ended already stays as it is."""
    if request.stage not in OPEN:
        return request
    return replace(request, stage=stage, trouble=trouble, ended_at=now, phases=_closed(request.phases, now))


def can_undo(request: Request) -> bool:
    """A safety copy is there, the target was changed, and nobody has asked for the undo yet."""
    changed = request.stage in {Stage.VERIFIED, Stage.UNVERIFIED, Stage.NEEDS_HUMAN}
    in_place = request.plan is not None and request.plan.method is Method.IN_PLACE
    return changed and in_place and request.left_behind is not None and request.undone_by is None


def undone_by(request: Request, undo: RequestId) -> Request:
    """Note which request undoes this one; at most one does."""
    if not can_undo(request):
        raise Refused(Kind.REQUEST_MOVED_ON, request=request.id, stage=request.stage.value)
    return replace(request, undone_by=undo)


def not_undone(request: Request, undo: RequestId) -> Request:
    """The undo ended without changing anything, so another may be asked for."""
    return replace(request, undone_by=None) if request.undone_by == undo else request


def _require_votable(request: Request, person: PersonId, now: datetime) -> None:
    _require_in_time(request, now)
    _require_stage(request, Stage.APPROVING)
    if person in request.involved:
        raise Refused(Kind.OWN_REQUEST, request=request.id)


def _require_in_time(request: Request, now: datetime) -> None:
    if expire(request, now).stage is Stage.EXPIRED:
        raise Refused(Kind.REQUEST_EXPIRED, request=request.id)


def _require_stage(request: Request, *stages: Stage) -> None:
    if request.stage not in stages:
        raise Refused(Kind.REQUEST_MOVED_ON, request=request.id, stage=request.stage.value)


def _closed(phases: tuple[Phase, ...], now: datetime) -> tuple[Phase, ...]:
    return tuple(replace(phase, ended_at=phase.ended_at or now) for phase in phases)
