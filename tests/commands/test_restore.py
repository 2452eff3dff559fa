from dataclasses import replace
from datetime import timedelta

import pytest

from bot.cards.moment import READING, question_card, question_facts
from bot.cards.restore import CANCEL, IN_PLACE, NEW_BRANCH, UNDO, request_card
from bot.errors import Kind, Refused
from bot.rules.ids import BranchId, ChannelId, PersonId, ProjectId, RequestId
from bot.rules.moment import Question, Remark
from bot.rules.plan import Method
from bot.rules.point import Head, Instant
from bot.rules.request import Purpose, Request, Stage
from bot.rules.said import How, Note, NoteKind
from bot.rules.target import Person
from commands.desk import Desk
from commands.restore import (
    cancel_request,
    choose_in_place,
    choose_new_branch,
    choose_reading,
    restore,
    undo,
)
from tests.builders import ANNA, OLGA, OMAR, OSCAR, T0, TARGET, person, request, request_at, said, target

RESTORE = said("/restore", "prod to 10:25 UTC")
CARRIED = '{"request": "r-abc2345"}'
REFUSED_PEOPLE = [
    person(OSCAR),
    person(ANNA),
    person(OLGA, is_bot=True),
    person(OLGA, is_guest=True),
    person(OLGA, is_stranger=True),
    person(OLGA, is_deactivated=True),
]


async def the_request(desk: Desk, id_: str = "r-abc2345") -> Request:
    found = await desk.store.requests.get(id_)
    assert found is not None
    return found


async def all_requests(desk: Desk) -> tuple[Request, ...]:
    return await desk.store.requests_in(*Stage)


async def test_a_restore_is_a_request_to_be_looked_at_and_touches_nothing_else(desk: Desk) -> None:
    assert await restore(desk, RESTORE, person()) is None
    [asked] = await all_requests(desk)
    assert asked == request(point=Instant(T0.replace(hour=10, minute=25)))


async def test_the_moment_is_reckoned_from_when_it_was_said_not_from_when_it_was_read(desk: Desk) -> None:
    late = replace(desk, clock=lambda: T0 + timedelta(hours=1))
    await restore(late, said("/restore", "prod to 30 minutes ago"), person())
    assert (await the_request(desk)).point == Instant(T0 - timedelta(minutes=30))


async def test_a_time_without_a_zone_is_one_of_the_persons_own_zone(desk: Desk) -> None:
    await restore(desk, said("/restore", "prod to 10:25"), person(tz="Europe/Berlin"))
    assert (await the_request(desk)).point == Instant(T0.replace(hour=9, minute=25))


async def test_a_zone_of_the_persons_that_nobody_knows_is_not_guessed(desk: Desk) -> None:
    nowhere = person(tz="Mars/Olympus")
    with pytest.raises(Refused) as caught:
        await restore(desk, said("/restore", "prod to 10:25"), nowhere)
    assert caught.value.kind is Kind.ZONE_UNKNOWN
    await restore(desk, RESTORE, nowhere)
    assert (await the_request(desk)).point == Instant(T0.replace(hour=10, minute=25))


async def test_a_time_that_is_still_to_come_today_is_yesterdays_and_says_so(desk: Desk) -> None:
    await restore(desk, said("/restore", "prod to 12:01 UTC"), person())
    asked = await the_request(desk)
    assert asked.point == Instant(T0 - timedelta(hours=23, minutes=59))
    assert asked.remarks == (Remark.DAY_BEFORE,)


async def test_a_finer_moment_is_cut_down_to_the_millisecond_and_says_so(desk: Desk) -> None:
    await restore(desk, said("/restore", "prod to 10:25:00.123999 UTC"), person())
    asked = await the_request(desk)
    assert asked.point == Instant(T0.replace(hour=10, minute=25, microsecond=123_000))
    assert asked.remarks == (Remark.CUT,)


async def test_words_that_fit_two_moments_are_asked_about_and_restore_nothing(desk: Desk) -> None:
    await restore(desk, said("/restore", "prod to 10 UTC"), person())
    assert await all_requests(desk) == ()
    [message] = await desk.store.messages.due(T0)
    assert (message.person, message.channel) == (OLGA, "CINCIDENT")
    assert message.note == Note(
        NoteKind.WHICH_MOMENT,
        question_facts(
            "10 UTC", "prod", Question.BARE_NUMBER, [T0 - timedelta(hours=14), T0 - timedelta(hours=2)], T0
        ),
    )


async def test_each_button_of_a_question_asks_for_exactly_its_moment(desk: Desk) -> None:
    choices = [T0 - timedelta(hours=14), T0 - timedelta(hours=2)]
    card = question_card(question_facts("10 UTC", "prod", Question.BARE_NUMBER, choices, T0))
    pressed = [block["elements"][0] for block in card.blocks if block["type"] == "actions"]
    for number, button in enumerate(pressed):
        click = said(button["action_id"], button["value"], how=How.CLICK, id=f"{number}bc2345")
        await choose_reading(desk, click, person(tz="Asia/Tokyo"))
    assert {asked.point for asked in await all_requests(desk)} == {Instant(choice) for choice in choices}


@pytest.mark.parametrize("who", REFUSED_PEOPLE)
async def test_who_may_not_look_presses_no_reading(desk: Desk, who: Person) -> None:
    click = said(READING, '{"target": "prod", "at": "2026-11-20T10:25:00+00:00"}', how=How.CLICK, by=who.id)
    with pytest.raises(Refused) as caught:
        await choose_reading(desk, click, who)
    assert caught.value.kind is Kind.NOT_ALLOWED


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", Kind.REQUEST_GONE),
        ('{"request": "r-abc2345"}', Kind.REQUEST_GONE),
        ('{"target": "prod"}', Kind.REQUEST_GONE),
        ('{"target": "prdo", "at": "2026-11-20T10:25:00Z"}', Kind.UNKNOWN_TARGET),
        ('{"target": "prod", "at": "banana"}', Kind.TIME_UNREADABLE),
        ('{"target": "prod", "at": "2030-01-01T00:00:00Z"}', Kind.TIME_IN_FUTURE),
    ],
)
async def test_a_reading_is_judged_again_when_it_is_pressed(desk: Desk, value: str, kind: Kind) -> None:
    with pytest.raises(Refused) as caught:
        await choose_reading(desk, said(READING, value, how=How.CLICK), person())
    assert caught.value.kind is kind
    assert await all_requests(desk) == ()


async def test_a_restore_that_is_handled_twice_asks_once(desk: Desk) -> None:
    await restore(desk, RESTORE, person())
    await restore(desk, RESTORE, person())
    assert len(await all_requests(desk)) == 1


async def test_a_restore_asked_for_in_a_direct_message_is_shown_where_it_can_be_approved(desk: Desk) -> None:
    await restore(desk, replace(RESTORE, channel=ChannelId("D0001")), person())
    [asked] = await all_requests(desk)
    assert asked.channel == TARGET.channel
    told = [message for message in await desk.store.messages.due(T0) if message.person == OLGA]
    facts = {"request": asked.id, "channel": TARGET.channel}
    assert [(one.channel, one.note) for one in told] == [("D0001", Note(NoteKind.ASKED_ELSEWHERE, facts))]


async def test_two_restores_are_two_requests(desk: Desk) -> None:
    await restore(desk, RESTORE, person())
    await restore(desk, replace(RESTORE, id="zzz2345"), person())
    assert len(await all_requests(desk)) == 2


@pytest.mark.parametrize("text", ["", "help", "?"])
async def test_help_is_told_to_who_asked_and_asks_for_nothing(desk: Desk, text: str) -> None:
    await restore(desk, said("/restore", text), person(OSCAR))
    [message] = await desk.store.messages.due(T0)
    assert (message.person, message.channel, message.note) == (
        OSCAR,
        "CINCIDENT",
        Note(NoteKind.RESTORE_HELP),
    )
    assert await all_requests(desk) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("prod", Kind.NOT_UNDERSTOOD),
        ("hlep", Kind.UNKNOWN_COMMAND),
        ("prdo to 10:25 UTC", Kind.UNKNOWN_TARGET),
        ("Prod to 10:25 UTC", Kind.UNKNOWN_TARGET),
        ("prod to banana", Kind.TIME_UNREADABLE),
        ("prod to 2030-01-01T00:00Z", Kind.TIME_IN_FUTURE),
        ("prod to 0 seconds ago", Kind.TIME_TOO_RECENT),
        ("prod to now", Kind.TIME_TOO_RECENT),
        ("prod to about 10:25", Kind.TIME_INEXACT),
        ("prod to lsn 0/16B3748", Kind.NOT_YET_RESTORABLE),
        ("prod to from nightly", Kind.NOT_YET_RESTORABLE),
        ("prod from nightly", Kind.NOT_YET_RESTORABLE),
    ],
)
async def test_bad_words_are_refused_and_nothing_is_stored(desk: Desk, text: str, kind: Kind) -> None:
    with pytest.raises(Refused) as caught:
        await restore(desk, said("/restore", text), person())
    assert caught.value.kind is kind
    assert await all_requests(desk) == ()
    assert await desk.store.messages.due(T0) == ()


@pytest.mark.parametrize("who", REFUSED_PEOPLE)
async def test_who_is_not_an_operator_in_good_standing_may_not_even_look(desk: Desk, who: Person) -> None:
    with pytest.raises(Refused) as caught:
        await restore(desk, RESTORE, who)
    assert caught.value.kind is Kind.NOT_ALLOWED
    assert await all_requests(desk) == ()


async def test_a_new_branch_is_one_persons_choice_and_runs(desk: Desk) -> None:
    await desk.store.requests.add(request_at(Stage.CHOOSING))
    await choose_new_branch(desk, said(NEW_BRANCH, CARRIED, how=How.CLICK, by=OMAR), person(OMAR))
    chosen = await the_request(desk)
    assert (chosen.stage, chosen.chosen_by) == (Stage.APPROVED, OMAR)
    assert chosen.plan is not None
    assert chosen.plan.method is Method.NEW_BRANCH


async def test_in_place_waits_for_the_approvers(desk: Desk) -> None:
    await desk.store.requests.add(request_at(Stage.CHOOSING))
    await choose_in_place(desk, said(IN_PLACE, CARRIED, how=How.CLICK), person())
    assert (await the_request(desk)).stage is Stage.APPROVING


async def test_of_two_choices_the_second_hears_that_it_moved_on(desk: Desk) -> None:
    await desk.store.requests.add(request_at(Stage.CHOOSING))
    await choose_in_place(desk, said(IN_PLACE, CARRIED, how=How.CLICK), person())
    with pytest.raises(Refused) as caught:
        await choose_new_branch(desk, said(NEW_BRANCH, CARRIED, how=How.CLICK), person())
    assert caught.value.kind is Kind.REQUEST_MOVED_ON
    assert (await the_request(desk)).stage is Stage.APPROVING


@pytest.mark.parametrize("who", REFUSED_PEOPLE)
@pytest.mark.parametrize("stage", [Stage.CHOOSING, Stage.VERIFIED])
async def test_who_is_not_an_operator_in_good_standing_presses_no_button(
    desk: Desk, who: Person, stage: Stage
) -> None:
    await desk.store.requests.add(request_at(stage))
    for press in (choose_new_branch, choose_in_place, cancel_request, undo):
        with pytest.raises(Refused) as caught:
            await press(desk, said("any", CARRIED, how=How.CLICK, by=who.id), who)
        assert caught.value.kind is Kind.NOT_ALLOWED
    assert await all_requests(desk) == (request_at(stage),)


@pytest.mark.parametrize("value", ["", "{}", '{"request": "r-nothere"}', "nonsense"])
async def test_a_button_of_another_installation_is_refused(desk: Desk, value: str) -> None:
    for press in (choose_new_branch, choose_in_place, cancel_request, undo):
        with pytest.raises(Refused) as caught:
            await press(desk, said("any", value, how=How.CLICK), person())
        assert caught.value.kind is Kind.REQUEST_GONE


@pytest.mark.parametrize("stage", [Stage.LOOKING, Stage.CHOOSING, Stage.APPROVING, Stage.APPROVED])
@pytest.mark.parametrize("who", [OLGA, OMAR])
async def test_any_operator_can_cancel_until_the_run_starts(desk: Desk, stage: Stage, who: PersonId) -> None:
    await desk.store.requests.add(request_at(stage))
    await cancel_request(desk, said(CANCEL, CARRIED, how=How.CLICK, by=who), person(who))
    after = await the_request(desk)
    assert (after.stage, after.ended_by) == (Stage.CANCELLED, who)
    assert (await desk.store.begin_run(after.id)).stage is Stage.CANCELLED


async def test_cancelling_what_runs_is_refused(desk: Desk) -> None:
    await desk.store.requests.add(request_at(Stage.RUNNING))
    with pytest.raises(Refused) as caught:
        await cancel_request(desk, said(CANCEL, CARRIED, how=How.CLICK), person())
    assert caught.value.kind is Kind.REQUEST_MOVED_ON


async def test_an_undo_is_a_request_of_its_own_for_the_head_of_the_safety_copy(desk: Desk) -> None:
    done = request_at(Stage.VERIFIED)
    await desk.store.requests.add(done)
    await undo(desk, said(UNDO, CARRIED, how=How.CLICK, by=OMAR, id="und2345"), person(OMAR))
    wish = await the_request(desk, "r-und2345")
    assert done.left_behind is not None
    assert (wish.purpose, wish.point, wish.source) == (Purpose.UNDO, Head(), done.left_behind.branch)
    assert (wish.branch, wish.asked_by, wish.undoes) == (TARGET.branch, OMAR, done.id)
    assert wish.stage is Stage.LOOKING
    assert (await the_request(desk)).undone_by == wish.id


async def test_an_undo_never_reaches_a_branch_the_target_came_to_stand_for_afterwards(desk: Desk) -> None:
    await desk.store.requests.add(request_at(Stage.VERIFIED))
    moved = replace(TARGET, project=ProjectId("another"), branch=BranchId("br-promoted"))
    await undo(
        replace(desk, targets={TARGET.name: moved}),
        said(UNDO, CARRIED, how=How.CLICK, id="und2345"),
        person(),
    )
    wish = await the_request(desk, "r-und2345")
    assert (wish.project, wish.branch) == (TARGET.project, TARGET.branch)


async def test_a_second_undo_is_refused(desk: Desk) -> None:
    await desk.store.requests.add(request_at(Stage.VERIFIED))
    await undo(desk, said(UNDO, CARRIED, how=How.CLICK, id="und2345"), person())
    with pytest.raises(Refused) as caught:
        await undo(desk, said(UNDO, CARRIED, how=How.CLICK, id="und3456"), person())
    assert caught.value.kind is Kind.REQUEST_MOVED_ON
    assert await desk.store.requests.get("r-und3456") is None


@pytest.mark.parametrize("stage", [Stage.CHOOSING, Stage.RUNNING, Stage.FAILED_UNCHANGED, Stage.VOID])
async def test_there_is_no_undo_for_what_changed_nothing(desk: Desk, stage: Stage) -> None:
    await desk.store.requests.add(request_at(stage))
    with pytest.raises(Refused) as caught:
        await undo(desk, said(UNDO, CARRIED, how=How.CLICK, id="und2345"), person())
    assert caught.value.kind is Kind.REQUEST_MOVED_ON


async def test_the_buttons_on_a_card_reach_its_request(desk: Desk) -> None:
    await desk.store.requests.add(request_at(Stage.CHOOSING))
    blocks = request_card(await the_request(desk), target()).blocks
    [row] = [block for block in blocks if block["type"] == "actions"]
    value = {element["action_id"]: element["value"] for element in row["elements"]}[IN_PLACE]
    await choose_in_place(desk, said(IN_PLACE, value, how=How.CLICK), person())
    assert (await the_request(desk)).stage is Stage.APPROVING
    assert (await the_request(desk)).id == RequestId("r-abc2345")
