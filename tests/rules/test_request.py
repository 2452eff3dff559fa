from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Kind, NeedsHuman, Refused
from bot.rules.ids import Digest, PersonId, RequestId
from bot.rules.plan import Method
from bot.rules.request import (
    ENDED_UNCHANGED,
    OPEN,
    Request,
    Stage,
    begin_phase,
    begin_run,
    can_undo,
    cancel,
    choose,
    deny,
    expire,
    fail,
    finish,
    not_undone,
    previewed,
    undone_by,
    vote,
)
from bot.rules.trouble import trouble_of
from bot.rules.verdict import Outcome
from tests.builders import (
    ADA,
    ALI,
    ANNA,
    ENDED,
    OLGA,
    OMAR,
    POLICY,
    T0,
    digest_of,
    preview,
    request,
    request_at,
    target,
    verification,
)

MINUTE = timedelta(minutes=1)
TROUBLE = trouble_of(NeedsHuman(Kind.STILL_RUNNING, ref="e-other2"))
UNDO = RequestId("r-undo234")


def refused(act: Callable[[], object]) -> Kind:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.kind


# Choosing


def test_a_new_branch_needs_nobodys_approval() -> None:
    chosen = choose(request_at(Stage.CHOOSING), Method.NEW_BRANCH, OMAR, POLICY, T0)
    assert (chosen.stage, chosen.quorum, chosen.chosen_by) == (Stage.APPROVED, 0, OMAR)


def test_in_place_waits_for_the_targets_quorum_until_it_expires() -> None:
    chosen = choose(request_at(Stage.CHOOSING), Method.IN_PLACE, OMAR, POLICY, T0)
    assert (chosen.stage, chosen.quorum, chosen.votes) == (Stage.APPROVING, 2, ())
    assert chosen.expires_at == T0 + POLICY.request_lifetime


@pytest.mark.parametrize(
    ("approvers", "quorum"),
    [
        (frozenset(), 1),
        (frozenset({ANNA}), 2),
        (frozenset({ANNA, OLGA}), 2),
        (frozenset({ANNA, OMAR}), 2),
        (frozenset({ANNA, ALI, ADA}), 0),
        (frozenset({ANNA, ALI, ADA}), -1),
    ],
    ids=["empty list", "too few", "the requester does not count", "nor the chooser", "quorum 0", "below"],
)
def test_in_place_is_refused_where_the_quorum_cannot_be_met(
    approvers: frozenset[PersonId], quorum: int
) -> None:
    policy = target(approvers=approvers, quorum=quorum).policy
    choosing = request_at(Stage.CHOOSING)
    kind = refused(lambda: choose(choosing, Method.IN_PLACE, OMAR, policy, T0))
    assert kind is Kind.TOO_FEW_APPROVERS


# Voting


def test_the_last_vote_that_is_needed_approves_and_none_before_it() -> None:
    waiting = request_at(Stage.APPROVING)
    first = vote(waiting, ANNA, digest_of(waiting), T0)
    assert (first.stage, first.votes_missing) == (Stage.APPROVING, 1)
    second = vote(first, ALI, digest_of(waiting), T0 + MINUTE)
    assert (second.stage, second.votes_missing) == (Stage.APPROVED, 0)
    assert [(cast.person, cast.at) for cast in second.votes] == [(ANNA, T0), (ALI, T0 + MINUTE)]


@pytest.mark.parametrize("who", [OLGA, OMAR], ids=["requester", "chooser"])
def test_who_asked_and_who_chose_cannot_vote_either_way(who: PersonId) -> None:
    everyone = target(approvers=frozenset({OLGA, OMAR, ANNA, ALI})).policy
    waiting = choose(request_at(Stage.CHOOSING), Method.IN_PLACE, OMAR, everyone, T0)
    assert refused(lambda: vote(waiting, who, digest_of(waiting), T0)) is Kind.OWN_REQUEST
    assert refused(lambda: deny(waiting, who, "no", T0)) is Kind.OWN_REQUEST


def test_nobody_votes_twice() -> None:
    waiting = request_at(Stage.APPROVING)
    first = vote(waiting, ANNA, digest_of(waiting), T0)
    assert refused(lambda: vote(first, ANNA, digest_of(waiting), T0)) is Kind.ALREADY_VOTED


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_a_vote_on_another_plan_is_refused(digest: str) -> None:
    waiting = request_at(Stage.APPROVING)
    assert refused(lambda: vote(waiting, ANNA, Digest(digest), T0)) is Kind.PLAN_CHANGED


def test_a_vote_on_what_another_preview_would_have_planned_is_refused() -> None:
    waiting = request_at(Stage.APPROVING)
    other = request_at(Stage.APPROVING, found=preview({"public.a": 2}, {"public.a": 1}))
    assert refused(lambda: vote(waiting, ANNA, digest_of(other), T0)) is Kind.PLAN_CHANGED


def test_a_vote_counts_until_the_request_expires_and_not_at_that_moment() -> None:
    waiting = request_at(Stage.APPROVING)
    assert waiting.expires_at is not None
    last = waiting.expires_at - timedelta(microseconds=1)
    assert vote(waiting, ANNA, digest_of(waiting), last).votes
    late = waiting.expires_at
    assert refused(lambda: vote(waiting, ANNA, digest_of(waiting), late)) is Kind.REQUEST_EXPIRED
    assert refused(lambda: deny(waiting, ANNA, "no", late)) is Kind.REQUEST_EXPIRED


@given(st.lists(st.tuples(st.sampled_from([OLGA, ANNA, ALI, ADA]), st.booleans()), max_size=10))
def test_no_order_of_clicks_counts_anyone_twice_or_approves_short_of_the_quorum(
    clicks: list[tuple[PersonId, bool]],
) -> None:
    waiting = request_at(Stage.APPROVING)
    digest = digest_of(waiting)
    for who, on_this_plan in clicks:
        try:
            waiting = vote(waiting, who, digest if on_this_plan else Digest("other"), T0)
        except Refused:
            continue
    voters = [cast.person for cast in waiting.votes]
    assert len(set(voters)) == len(voters) <= waiting.quorum
    assert OLGA not in voters
    assert (waiting.stage is Stage.APPROVED) == (len(voters) == waiting.quorum)
    willing = {who for who, on_this_plan in clicks if on_this_plan and who != OLGA}
    assert len(voters) == min(len(willing), waiting.quorum)


def test_one_no_ends_the_request_whatever_was_approved_before() -> None:
    waiting = request_at(Stage.APPROVING)
    denied = deny(vote(waiting, ANNA, digest_of(waiting), T0), ALI, "not now", T0 + MINUTE)
    assert (denied.stage, denied.ended_by, denied.reason) == (Stage.DENIED, ALI, "not now")
    assert denied.ended_at == T0 + MINUTE


# Stopping


@pytest.mark.parametrize("stage", [Stage.LOOKING, Stage.CHOOSING, Stage.APPROVING, Stage.APPROVED])
def test_a_request_can_be_cancelled_until_its_run_starts(stage: Stage) -> None:
    stopped = cancel(request_at(stage), OMAR, T0)
    assert (stopped.stage, stopped.ended_by, stopped.ended_at) == (Stage.CANCELLED, OMAR, T0)


@pytest.mark.parametrize("stage", [Stage.RUNNING, *sorted(ENDED)])
def test_a_request_cannot_be_cancelled_afterwards(stage: Stage) -> None:
    assert refused(lambda: cancel(request_at(stage), OMAR, T0)) is Kind.REQUEST_MOVED_ON


def test_only_a_request_that_waits_expires() -> None:
    late, waiting = T0 + 1000 * MINUTE, {Stage.CHOOSING, Stage.APPROVING, Stage.APPROVED}
    for stage in Stage:
        after = expire(request_at(stage), late)
        assert after.stage is (Stage.EXPIRED if stage in waiting else stage)


def test_an_expired_request_stays_expired() -> None:
    expired = request_at(Stage.EXPIRED)
    assert expire(expired, T0 + 99 * MINUTE) is expired
    assert refused(lambda: vote(expired, ANNA, digest_of(expired), T0)) is Kind.REQUEST_EXPIRED


# Running


def test_an_approved_request_runs_unless_its_branch_is_busy() -> None:
    approved = request_at(Stage.APPROVED)
    assert begin_run(approved, branch_is_busy=True, now=T0) is approved
    assert begin_run(approved, branch_is_busy=False, now=T0).stage is Stage.RUNNING


@pytest.mark.parametrize("stage", sorted(set(Stage) - {Stage.APPROVED}))
def test_nothing_but_an_approved_request_runs(stage: Stage) -> None:
    before = request_at(stage)
    assert begin_run(before, branch_is_busy=False, now=T0) is before


def test_an_approval_that_is_too_old_starts_nothing() -> None:
    approved = request_at(Stage.APPROVED)
    assert approved.expires_at is not None
    assert begin_run(approved, branch_is_busy=False, now=approved.expires_at).stage is Stage.EXPIRED


def test_an_old_preview_can_no_longer_be_chosen_from() -> None:
    choosing = request_at(Stage.CHOOSING)
    assert choosing.expires_at is not None
    with pytest.raises(Refused) as refused:
        choose(choosing, Method.IN_PLACE, OLGA, POLICY, choosing.expires_at)
    assert refused.value.kind is Kind.REQUEST_EXPIRED


def test_a_phase_that_began_before_a_crash_is_not_begun_again() -> None:
    running = request_at(Stage.RUNNING)
    assert begin_phase(running, "restoring", T0 + MINUTE) is running


def test_phases_follow_each_other_and_the_end_closes_the_last() -> None:
    running = begin_phase(request_at(Stage.RUNNING), "verifying", T0 + MINUTE)
    done = finish(running, verification(Outcome.PASSED), T0 + 2 * MINUTE)
    spans = [(phase.name, phase.began_at, phase.ended_at) for phase in done.phases]
    assert spans == [
        ("restoring", T0, T0 + MINUTE),
        ("verifying", T0 + MINUTE, T0 + 2 * MINUTE),
    ]


@pytest.mark.parametrize(
    ("outcome", "stage"),
    [
        (Outcome.PASSED, Stage.VERIFIED),
        (Outcome.WARNING, Stage.VERIFIED),
        (Outcome.NOT_RUN, Stage.UNVERIFIED),
        (Outcome.FAILED, Stage.NEEDS_HUMAN),
    ],
)
def test_the_verdict_names_the_end(outcome: Outcome, stage: Stage) -> None:
    done = finish(request_at(Stage.RUNNING), verification(outcome), T0)
    assert (done.stage, done.ended_at) == (stage, T0)


# Ends are ends

DIGEST = digest_of(request_at(Stage.APPROVING))
TRANSITIONS: dict[str, Callable[[Request], Request]] = {
    "previewed": lambda found: previewed(found, preview(), T0 + MINUTE),
    "choose": lambda found: choose(found, Method.IN_PLACE, OMAR, POLICY, T0),
    "choose a branch": lambda found: choose(found, Method.NEW_BRANCH, OMAR, POLICY, T0),
    "vote": lambda found: vote(found, ADA, DIGEST, T0),
    "deny": lambda found: deny(found, ADA, "no", T0),
    "cancel": lambda found: cancel(found, OLGA, T0),
    "expire": lambda found: expire(found, T0 + 1000 * MINUTE),
    "begin_run": lambda found: begin_run(found, branch_is_busy=False, now=T0),
    "finish": lambda found: finish(found, verification(Outcome.PASSED), T0),
    "fail": lambda found: fail(found, Stage.FAILED_UNCHANGED, TROUBLE, T0),
}


@pytest.mark.parametrize("stage", sorted(ENDED))
@pytest.mark.parametrize("name", TRANSITIONS)
def test_no_transition_leaves_an_ended_stage(stage: Stage, name: str) -> None:
    ended = request_at(stage)
    try:
        after = TRANSITIONS[name](ended)
    except Refused:
        return
    assert after is ended


@given(st.lists(st.sampled_from(sorted(TRANSITIONS)), max_size=12))
def test_no_sequence_of_events_leaves_an_ended_stage_or_runs_without_its_quorum(names: list[str]) -> None:
    current = request()
    for name in names:
        try:
            after = TRANSITIONS[name](current)
        except Refused:
            continue
        assert current.stage in OPEN or after == current
        if after.stage is Stage.RUNNING and after.plan and after.plan.method is Method.IN_PLACE:
            assert len({cast.person for cast in after.votes}) >= POLICY.quorum
        if after.stage not in OPEN:
            assert after.ended_at is not None
        current = after


def test_every_stage_is_open_or_an_end_and_no_unchanged_end_is_open() -> None:
    assert not OPEN & ENDED_UNCHANGED
    changed = {Stage.VERIFIED, Stage.UNVERIFIED, Stage.NEEDS_HUMAN}
    assert OPEN | ENDED_UNCHANGED | changed == set(Stage)


# Undo

CAN_BE_UNDONE = {Stage.VERIFIED, Stage.UNVERIFIED, Stage.NEEDS_HUMAN}


@pytest.mark.parametrize("stage", Stage)
def test_only_what_was_changed_in_place_can_be_undone(stage: Stage) -> None:
    assert can_undo(request_at(stage)) == (stage in CAN_BE_UNDONE)


@pytest.mark.parametrize("stage", [Stage.VERIFIED, Stage.UNVERIFIED])
def test_a_new_branch_has_nothing_to_undo(stage: Stage) -> None:
    assert not can_undo(request_at(stage, method=Method.NEW_BRANCH))


def test_without_a_safety_copy_there_is_no_undo() -> None:
    assert not can_undo(replace(request_at(Stage.NEEDS_HUMAN), left_behind=None))


def test_a_restore_is_undone_by_one_request_at_most() -> None:
    marked = undone_by(request_at(Stage.VERIFIED), UNDO)
    assert marked.undone_by == UNDO
    assert not can_undo(marked)
    assert refused(lambda: undone_by(marked, RequestId("r-second"))) is Kind.REQUEST_MOVED_ON


def test_only_the_undo_that_failed_frees_the_original() -> None:
    marked = undone_by(request_at(Stage.VERIFIED), UNDO)
    assert not_undone(marked, RequestId("r-second")) is marked
    assert can_undo(not_undone(marked, UNDO))


def test_who_asked_and_who_chose_are_involved() -> None:
    assert request().involved == {OLGA}
    assert choose(request_at(Stage.CHOOSING), Method.IN_PLACE, OMAR, POLICY, T0).involved == {OLGA, OMAR}
