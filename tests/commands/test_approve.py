import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cards.restore import APPROVE, DENY, approve_modal, deny_modal
from bot.errors import Kind, Refused
from bot.rules.ids import BranchId, Digest, PersonId, RequestId
from bot.rules.plan import Method
from bot.rules.request import Request, Stage, choose
from bot.rules.request import vote as vote_on
from bot.rules.said import How, Note, NoteKind, Said
from bot.rules.target import Person
from commands.approve import (
    Choice,
    decide,
    form_errors,
    open_approval,
    open_denial,
    submit_approval,
    submit_denial,
)
from commands.desk import Desk, OpenModal
from tests.builders import (
    ADA,
    ALI,
    ANNA,
    OLGA,
    OMAR,
    OSCAR,
    PROD,
    T0,
    digest_of,
    person,
    request,
    request_at,
    target,
)

WAITING = request_at(Stage.APPROVING)
DIGEST = digest_of(WAITING)
CARRIED = json.dumps({"request": WAITING.id, "digest": DIGEST, "target": "prod", "channel": "CINCIDENT"})
WHO_MAY_NOT = [
    person(OSCAR),
    person(OMAR),
    person(ANNA, is_bot=True),
    person(ANNA, is_guest=True),
    person(ANNA, is_stranger=True),
    person(ANNA, is_deactivated=True),
]


def click(by: PersonId, name: str = APPROVE, value: str = CARRIED) -> Said:
    return Said("abc2345", How.CLICK, by, WAITING.channel, name, value, T0, trigger="1.2.3")


def submit(by: PersonId, name: str = APPROVE, carried: str = CARRIED, **values: str) -> Said:
    return Said("abc2345", How.SUBMIT, by, WAITING.channel, name, carried, T0, values=values)


async def approve(desk: Desk, who: PersonId, digest: Digest = DIGEST) -> Request:
    return await decide(desk, person(who), WAITING.id, digest, Choice.APPROVE, "prod")


async def now(desk: Desk) -> Request:
    found = await desk.store.requests.get(WAITING.id)
    assert found is not None
    return found


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    """With a request of Olga's that waits for two approvals."""
    await desk.store.requests.add(WAITING)
    return desk


# Opening the window


async def test_a_click_opens_the_window_and_counts_nothing(desk: Desk) -> None:
    assert await open_approval(desk, click(ANNA), person(ANNA)) == OpenModal(approve_modal(WAITING))
    assert await open_denial(desk, click(ANNA, DENY), person(ANNA)) == OpenModal(deny_modal(WAITING))
    assert await now(desk) == WAITING


@pytest.mark.parametrize("who", WHO_MAY_NOT)
async def test_who_may_not_approve_sees_no_window(desk: Desk, who: Person) -> None:
    for open_window in (open_approval, open_denial):
        with pytest.raises(Refused) as caught:
            await open_window(desk, click(who.id), who)
        assert caught.value.kind is Kind.NOT_ALLOWED


async def test_the_requester_is_told_that_it_is_their_own_request(desk: Desk) -> None:
    with pytest.raises(Refused) as caught:
        await open_approval(desk, click(OLGA), person(OLGA))
    assert caught.value.kind is Kind.OWN_REQUEST


async def test_a_card_drawn_for_another_plan_opens_no_window(desk: Desk) -> None:
    old = json.dumps({"request": WAITING.id, "digest": "0" * 64})
    with pytest.raises(Refused) as caught:
        await open_approval(desk, click(ANNA, value=old), person(ANNA))
    assert caught.value.kind in {Kind.REQUEST_MOVED_ON, Kind.PLAN_CHANGED}


async def test_who_has_voted_is_told_so_before_typing_again(desk: Desk) -> None:
    await approve(desk, ANNA)
    with pytest.raises(Refused) as caught:
        await open_approval(desk, click(ANNA), person(ANNA))
    assert (caught.value.kind, caught.value.facts["missing"]) == (Kind.ALREADY_VOTED, 1)


@pytest.mark.parametrize("stage", [Stage.APPROVED, Stage.RUNNING, Stage.CANCELLED, Stage.DENIED])
async def test_the_button_of_an_old_card_opens_no_window(desk: Desk, stage: Stage) -> None:
    await desk.store.requests.change(WAITING.id, lambda _: request_at(stage))
    with pytest.raises(Refused) as caught:
        await open_approval(desk, click(ADA), person(ADA))
    assert (caught.value.kind, caught.value.facts["stage"]) == (Kind.REQUEST_MOVED_ON, stage.value)


async def test_no_window_opens_once_the_request_has_expired(desk: Desk) -> None:
    late = replace(desk, clock=lambda: T0 + timedelta(minutes=30))
    for open_window in (open_approval, open_denial):
        with pytest.raises(Refused) as caught:
            await open_window(late, click(ANNA), person(ANNA))
        assert caught.value.kind is Kind.REQUEST_EXPIRED


# The form


@pytest.mark.parametrize("typed", ["prod", " prod ", "prod\n"])
def test_the_targets_name_is_right_with_spaces_around_it(typed: str) -> None:
    assert form_errors(submit(ANNA, target=typed)) == {}


@pytest.mark.parametrize("typed", ["", " ", "Prod", "PROD", "prd", "prod!", "p rod"])
def test_any_other_name_is_marked_at_its_input(typed: str) -> None:
    errors = form_errors(submit(ANNA, target=typed))
    assert list(errors) == ["target"]
    assert "prod" in errors["target"]


def test_an_approval_without_its_input_is_marked() -> None:
    assert list(form_errors(submit(ANNA))) == ["target"]


@pytest.mark.parametrize("reason", ["", " ", "\n\t "])
def test_a_denial_without_a_reason_is_marked(reason: str) -> None:
    assert list(form_errors(submit(ANNA, DENY, reason=reason))) == ["reason"]
    assert form_errors(submit(ANNA, DENY, reason="not now")) == {}


# Deciding


async def test_two_approvals_by_two_people_approve_and_each_hears_how_many_are_missing(desk: Desk) -> None:
    for who in (ANNA, ALI):
        await submit_approval(desk, submit(who, target="prod"), person(who))
    assert (await now(desk)).stage is Stage.APPROVED
    told = [
        (message.person, message.note)
        for message in await desk.store.messages.due(T0)
        if message.person is not None
    ]
    assert told == [
        (ANNA, Note(NoteKind.VOTE_COUNTED, {"request": WAITING.id, "missing": 1})),
        (ALI, Note(NoteKind.VOTE_COUNTED, {"request": WAITING.id, "missing": 0})),
    ]


@pytest.mark.parametrize("who", WHO_MAY_NOT)
@pytest.mark.parametrize("choice", Choice)
async def test_who_may_not_approve_decides_nothing(desk: Desk, who: Person, choice: Choice) -> None:
    with pytest.raises(Refused) as caught:
        await decide(desk, who, WAITING.id, DIGEST, choice, "prod")
    assert caught.value.kind is Kind.NOT_ALLOWED
    assert await now(desk) == WAITING


@pytest.mark.parametrize("who", [OLGA, OMAR], ids=["requester", "chooser"])
@pytest.mark.parametrize("choice", Choice)
async def test_who_asked_and_who_chose_decide_nothing_even_as_approvers(
    desk: Desk, who: PersonId, choice: Choice
) -> None:
    everyone = target(approvers=frozenset({OLGA, OMAR, ANNA, ALI}))
    theirs = choose(
        request_at(Stage.CHOOSING, start=request(id=RequestId("r-theirs2"))),
        Method.IN_PLACE,
        OMAR,
        everyone.policy,
        T0,
    )
    await desk.store.requests.add(theirs)
    open_desk = replace(desk, targets={PROD: everyone})
    with pytest.raises(Refused) as caught:
        await decide(open_desk, person(who), theirs.id, digest_of(theirs), choice, "prod")
    assert caught.value.kind is Kind.OWN_REQUEST
    assert await desk.store.requests.get(theirs.id) == theirs


async def test_nobody_decides_where_the_list_of_approvers_is_empty(desk: Desk) -> None:
    closed = replace(desk, targets={PROD: target(approvers=frozenset())})
    for choice in Choice:
        with pytest.raises(Refused) as caught:
            await decide(closed, person(ANNA), WAITING.id, DIGEST, choice, "prod")
        assert caught.value.kind is Kind.NOT_ALLOWED


async def test_an_approver_taken_off_the_list_meanwhile_cannot_vote(desk: Desk) -> None:
    changed = replace(desk, targets={PROD: target(approvers=frozenset({ALI, ADA}))})
    with pytest.raises(Refused) as caught:
        await approve(changed, ANNA)
    assert caught.value.kind is Kind.NOT_ALLOWED


@pytest.mark.parametrize("typed", ["", "Prod", "staging", "prod prod"])
async def test_an_approval_with_another_name_typed_is_not_counted(desk: Desk, typed: str) -> None:
    with pytest.raises(Refused) as caught:
        await decide(desk, person(ANNA), WAITING.id, DIGEST, Choice.APPROVE, typed)
    assert caught.value.kind is Kind.NAME_MISTYPED
    assert await now(desk) == WAITING


async def test_an_approval_of_another_plan_is_not_counted(desk: Desk) -> None:
    with pytest.raises(Refused) as caught:
        await approve(desk, ANNA, Digest("0" * 64))
    assert caught.value.kind is Kind.PLAN_CHANGED
    assert await now(desk) == WAITING


async def test_a_window_left_open_until_the_request_expired_counts_nothing(desk: Desk) -> None:
    late = replace(desk, clock=lambda: T0 + timedelta(minutes=30))
    for choice in Choice:
        with pytest.raises(Refused) as caught:
            await decide(late, person(ANNA), WAITING.id, DIGEST, choice, "prod")
        assert caught.value.kind is Kind.REQUEST_EXPIRED
    assert await now(desk) == WAITING


async def test_a_denial_ends_the_request_with_its_reason(desk: Desk) -> None:
    await submit_denial(desk, submit(ANNA, DENY, reason="  not during the sale \n"), person(ANNA))
    denied = await now(desk)
    assert (denied.stage, denied.ended_by, denied.reason) == (Stage.DENIED, ANNA, "not during the sale")


@pytest.mark.parametrize("reason", ["", "  ", "\n\t"])
async def test_a_denial_without_a_reason_ends_nothing(desk: Desk, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        await decide(desk, person(ANNA), WAITING.id, DIGEST, Choice.DENY, reason)
    assert caught.value.kind is Kind.REASON_MISSING
    assert await now(desk) == WAITING


async def test_what_is_not_a_request_of_ours_is_not_decided(desk: Desk) -> None:
    with pytest.raises(Refused) as caught:
        await decide(desk, person(ANNA), "r-nothere", DIGEST, Choice.APPROVE, "prod")
    assert caught.value.kind is Kind.REQUEST_GONE


async def test_a_form_with_metadata_we_did_not_write_is_refused(desk: Desk) -> None:
    with pytest.raises(Refused) as caught:
        await submit_approval(desk, submit(ANNA, carried="{}", target="prod"), person(ANNA))
    assert caught.value.kind is Kind.REQUEST_GONE


# At the same moment


async def test_an_approval_and_a_denial_at_the_same_moment_leave_one_of_the_two(desk: Desk) -> None:
    for number in range(20):
        id_ = RequestId(f"r-{number}")
        first = request_at(Stage.APPROVING, start=request(id=id_))
        await desk.store.requests.add(vote_on(first, ADA, digest_of(first), T0))
        results = await asyncio.gather(
            decide(desk, person(ANNA), id_, digest_of(first), Choice.APPROVE, "prod"),
            decide(desk, person(ALI), id_, digest_of(first), Choice.DENY, "no"),
            return_exceptions=True,
        )
        [refusal] = [result for result in results if isinstance(result, Refused)]
        assert refusal.kind is Kind.REQUEST_MOVED_ON
        after = await desk.store.requests.get(id_)
        assert after is not None
        assert (after.stage, len(after.votes)) in {(Stage.APPROVED, 2), (Stage.DENIED, 1)}


async def test_three_approvers_at_the_same_moment_start_one_run_of_two_votes(desk: Desk) -> None:
    for number in range(20):
        id_ = RequestId(f"r-{number}")
        first = request_at(Stage.APPROVING, start=request(id=id_, branch=BranchId(f"br-{number}")))
        await desk.store.requests.add(first)
        await asyncio.gather(
            *(
                decide(desk, person(who), id_, digest_of(first), Choice.APPROVE, "prod")
                for who in (ANNA, ALI, ADA, ANNA)
            ),
            return_exceptions=True,
        )
        runs = await asyncio.gather(desk.store.begin_run(id_), desk.store.begin_run(id_))
        assert len(runs[0].votes) == len({cast.person for cast in runs[0].votes}) == 2
        assert runs[0] == runs[1]
        assert runs[0].stage is Stage.RUNNING
