"""The run of an approved restore or undo: check the plan once more, restore, wait, verify.

The point of no return is the one restore call. Before it every failure ends in "nothing changed"; after it, in a
verdict or in "needs a human", with the safety copy named on the card. Approvals and wording are decided elsewhere.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import assert_never

from bot.errors import Bug, Kind, NeedsHuman, Refused, SafepointError, Unavailable
from bot.neon.models import Restored
from bot.rules.plan import Method, Plan
from bot.rules.point import Instant
from bot.rules.request import LeftBehind, Purpose, Request, Stage, finish, is_overdue
from bot.rules.verdict import Verification
from bot.work.context import Context, name_for
from bot.work.engine import step
from bot.work.preview import look, remove
from bot.work.verify import position, verify

RESTORING = "restoring"
BLIND_SECONDS = 900.0
"""How long a resumed run waits for Neon to tell whether the restore had been called before the crash."""
BLIND_PAUSE_SECONDS = 2.0
BLINDING = frozenset({Kind.WRONG_KEY, Kind.NOT_FOUND})
"""Refusals that hide what an earlier call did: the key was changed, or no longer reaches the project."""


@dataclass(frozen=True, slots=True)
class Before:
    """What verification needs to know of the branch as it was."""

    position: int | None


async def restore(context: Context, id_: str) -> None:
    """The workflow: RUNNING to one of the four ends."""
    request = await context.request(id_)
    assert request.plan is not None, "only an approved request runs, and approving needs a plan"
    match request.plan.method:
        case Method.IN_PLACE:
            await _in_place(context, request, request.plan)
        case Method.NEW_BRANCH:
            await _to_branch(context, request, request.plan)
        case _:
            assert_never(request.plan.method)


async def _in_place(context: Context, request: Request, plan: Plan) -> None:
    copy_name = name_for("before", request.id)
    try:
        await context.phase(request.id, "checking the plan")
        may_have_sent = any(phase.name == RESTORING for phase in request.phases)
        before = await _checked(context, request, plan, copy_name, may_have_sent)
        await context.phase(request.id, RESTORING)
        restored = await step(
            "restore", Restored, lambda: _rewind(context, request, plan, copy_name, may_have_sent)
        )
    except (NeedsHuman, Bug) as error:  # a bug may have struck after the call was sent
        await context.fail(request.id, Stage.NEEDS_HUMAN, error)
        return
    except SafepointError as error:
        changed = error.kind is Kind.PLAN_CHANGED
        await context.fail(request.id, Stage.VOID if changed else Stage.FAILED_UNCHANGED, error)
        return
    await _leave(context, request, LeftBehind(restored.preserved, copy_name))
    try:
        await context.phase(request.id, "waiting for Neon")
        await step("settle", bool, lambda: _settle(context, plan, restored))
        await context.phase(request.id, "verifying")
        verification = await step(
            "verify",
            Verification,
            lambda: verify(context, request, plan.branch, position_before=before.position),
        )
    except SafepointError as error:
        await context.fail(request.id, Stage.NEEDS_HUMAN, error)
        return
    await _finish(context, request, verification)


async def _to_branch(context: Context, request: Request, plan: Plan) -> None:
    name = name_for("restored", request.id)
    try:
        await context.phase(request.id, "making the branch")
        left = await step("make the branch", LeftBehind, lambda: _new_branch(context, request, plan, name))
    except NeedsHuman as error:
        await context.fail(request.id, Stage.NEEDS_HUMAN, error)
        return
    except SafepointError as error:
        await step("remove what was made", bool, lambda: remove(context, request, "restored"))
        await context.fail(request.id, Stage.FAILED_UNCHANGED, error)
        return
    await _leave(context, request, left)
    await context.phase(request.id, "verifying")
    verification = await step(
        "verify", Verification, lambda: verify(context, request, left.branch, position_before=None)
    )
    await _finish(context, request, verification)


async def _checked(
    context: Context, request: Request, plan: Plan, copy_name: str, may_have_sent: bool
) -> Before:
    """The recheck, which a run that may have sent the restore has passed: failing now, it is not on record any more,
    and what it meets may be the restore itself.
    """
    try:
        return await step("recheck", Before, lambda: _recheck(context, request, plan))
    except SafepointError:
        if may_have_sent:
            raise NeedsHuman(Kind.ANSWER_LOST, branch=plan.branch, preserve_as=copy_name) from None
        raise


async def _recheck(context: Context, request: Request, plan: Plan) -> Before:
    """The plan must still describe the world: the target stands for the same branch, which still reaches the point
    and was neither restored nor given other relatives meanwhile. An undo is about the branch that was restored.
    """
    target = context.targets.get(request.target)
    same = target is not None and (target.project, target.branch) == (plan.project, plan.branch)
    if not same and request.purpose is not Purpose.UNDO:
        raise Refused(Kind.PLAN_CHANGED, request=request.id, what="the target stands for another branch now")
    await remove(context, request)
    standing = await look(context, request)
    if not plan.lineage.still_holds(standing.lineage):
        what = "the branch was restored since, or has other relatives now"
        raise Refused(Kind.PLAN_CHANGED, request=request.id, what=what)
    return Before(await position(context, request))


async def _rewind(
    context: Context, request: Request, plan: Plan, copy_name: str, may_have_sent: bool
) -> Restored:
    """The restore call. Until Neon has been seen, a run that was killed here may have restored already: such a run
    waits for Neon, and is never told as "nothing changed" because Neon could not be asked or would not answer.
    """
    deadline = asyncio.get_running_loop().time() + BLIND_SECONDS
    while True:
        try:
            return await _send_or_find(context, request, plan, copy_name)
        except (Refused, Unavailable) as error:
            if not may_have_sent or (isinstance(error, Refused) and error.kind not in BLINDING):
                raise
            if asyncio.get_running_loop().time() > deadline:
                raise NeedsHuman(Kind.ANSWER_LOST, branch=plan.branch, preserve_as=copy_name) from None
            await asyncio.sleep(BLIND_PAUSE_SECONDS)


async def _send_or_find(context: Context, request: Request, plan: Plan, copy_name: str) -> Restored:
    """The restore, now or by an earlier call. Long after the approval it is only looked for."""
    if is_overdue(request, context.now()):
        found = await context.neon.restored(plan.project, plan.branch, preserve_as=copy_name)
        if found is None:
            raise Refused(Kind.REQUEST_EXPIRED, request=request.id)
        return found
    return await context.neon.restore(
        plan.project,
        plan.branch,
        source=plan.source,
        at=plan.point.at if isinstance(plan.point, Instant) else None,
        preserve_as=copy_name,
    )


async def _settle(context: Context, plan: Plan, restored: Restored) -> bool:
    await context.neon.settle(plan.project, branch=plan.branch, operations=restored.operations)
    return True


async def _new_branch(context: Context, request: Request, plan: Plan, name: str) -> LeftBehind:
    lifetime = context.targets[request.target].policy.branch_lifetime
    branch = await context.neon.create_branch(
        plan.project,
        name=name,
        parent=plan.source,
        at=plan.point.at if isinstance(plan.point, Instant) else None,
        compute=True,
        expires_at=context.now() + lifetime,
        annotation={"safepoint-request": request.id},
    )
    return LeftBehind(branch.id, branch.name, branch.expires_at)


async def _leave(context: Context, request: Request, left: LeftBehind) -> None:
    await context.store.requests.change(request.id, lambda current: replace(current, left_behind=left))


async def _finish(context: Context, request: Request, verification: Verification) -> None:
    now = context.now()
    await context.store.requests.change(request.id, lambda current: finish(current, verification, now))
