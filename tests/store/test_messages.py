from dataclasses import replace
from datetime import timedelta

import pytest

from bot.rules.ids import ChannelId, MessageTs
from bot.rules.request import Stage
from bot.rules.said import Note, NoteKind
from store.memory import Store
from store.messages import Message, MessageKind
from tests.builders import OLGA, T0, request, request_at

CARD = "request:r-abc2345"
TS = MessageTs("1760000000.000100")
SECOND = timedelta(seconds=1)
HELP = Note(NoteKind.RESTORE_HELP, {"missing": 1, "shown": True, "what": "naïve"})


async def card(store: Store) -> Message:
    found = await store.messages.get(CARD)
    assert found is not None
    return found


async def edit(store: Store, reason: str) -> None:
    await store.requests.change("r-abc2345", lambda found: replace(found, reason=reason))


@pytest.fixture
async def posted(store: Store) -> Store:
    """A store with one request, whose card Slack has."""
    await store.requests.add(request())
    await store.messages.shown(await card(store), ChannelId("CINCIDENT"), TS)
    return store


async def test_a_new_value_asks_for_a_new_message_in_its_channel(store: Store) -> None:
    await store.requests.add(request())
    [message] = await store.messages.due(T0)
    assert message == Message(
        id=CARD,
        kind=MessageKind.REQUEST,
        subject="r-abc2345",
        channel=ChannelId("CINCIDENT"),
        person=None,
        note=None,
        ts=None,
        wanted=1,
        attempts=0,
    )


async def test_what_slack_has_is_not_due(posted: Store) -> None:
    assert await posted.messages.due(T0) == ()
    assert (await card(posted)).ts == TS


async def test_any_number_of_changes_between_two_deliveries_is_one_edit(posted: Store) -> None:
    for reason in ("one", "two", "three"):
        await edit(posted, reason)
    [message] = await posted.messages.due(T0)
    assert (message.ts, message.wanted) == (TS, 4)
    await posted.messages.shown(message, message.channel, TS)
    assert await posted.messages.due(T0) == ()


async def test_a_change_while_the_message_is_on_its_way_stays_due(posted: Store) -> None:
    await edit(posted, "one")
    [taken] = await posted.messages.due(T0)
    await edit(posted, "two")
    await posted.messages.shown(taken, taken.channel, TS)
    [again] = await posted.messages.due(T0)
    assert again.wanted == taken.wanted + 1


async def test_an_older_delivery_that_ends_later_takes_nothing_back(posted: Store) -> None:
    await edit(posted, "one")
    [older] = await posted.messages.due(T0)
    await edit(posted, "two")
    [newer] = await posted.messages.due(T0)
    await posted.messages.shown(newer, newer.channel, TS)
    await posted.messages.shown(older, older.channel, TS)
    assert await posted.messages.due(T0) == ()


async def test_a_message_to_be_tried_again_is_not_due_before_its_time(store: Store) -> None:
    await store.requests.add(request())
    [message] = await store.messages.due(T0)
    await store.messages.try_again(message, T0 + SECOND)
    assert await store.messages.due(T0 + SECOND / 2) == ()
    [again] = await store.messages.due(T0 + SECOND)
    assert (again.wanted, again.attempts) == (1, 1)


async def test_a_message_that_was_shown_starts_counting_its_failures_anew(store: Store) -> None:
    await store.requests.add(request())
    for _ in range(3):
        await store.messages.try_again(await card(store), T0)
    await store.messages.shown(await card(store), ChannelId("CINCIDENT"), TS)
    assert (await card(store)).attempts == 0


async def test_a_moved_card_is_posted_anew_where_it_was_moved_to(posted: Store) -> None:
    await edit(posted, "one")
    await posted.messages.move(await card(posted), ChannelId("CTARGET"))
    [message] = await posted.messages.due(T0)
    assert (message.channel, message.ts, message.attempts) == (ChannelId("CTARGET"), None, 1)


async def test_a_moved_card_stays_where_it_went_when_its_value_changes(posted: Store) -> None:
    await edit(posted, "one")
    await posted.messages.move(await card(posted), ChannelId("CTARGET"))
    await posted.messages.shown(await card(posted), ChannelId("CTARGET"), TS)
    await edit(posted, "two")
    assert (await card(posted)).channel == ChannelId("CTARGET")


async def test_what_was_given_up_is_not_tried_again_as_it_is(store: Store) -> None:
    await store.requests.add(request())
    await store.messages.give_up(await card(store), "channel_not_found")
    assert await store.messages.due(T0 + 999 * SECOND) == ()


async def test_a_card_that_was_given_up_is_tried_again_when_there_is_something_new_to_show(
    store: Store,
) -> None:
    """Slack may have been down for longer than the outbox tries; the end of a restore must still be told."""
    await store.requests.add(request())
    await store.messages.give_up(await card(store), "tried too often")
    await edit(store, "news")
    assert [message.id for message in await store.messages.due(T0)] == [CARD]


async def test_a_note_goes_to_one_person_once_as_it_was_said(store: Store) -> None:
    await store.messages.tell(OLGA, ChannelId("C1"), HELP)
    [note] = await store.messages.due(T0)
    assert (note.kind, note.person, note.channel, note.note) == (
        MessageKind.NOTE,
        OLGA,
        ChannelId("C1"),
        HELP,
    )
    await store.messages.shown(note, note.channel, TS)
    assert await store.messages.due(T0) == ()


async def test_the_same_note_said_twice_is_two_messages(store: Store) -> None:
    await store.messages.tell(OLGA, ChannelId("C1"), HELP)
    await store.messages.tell(OLGA, ChannelId("C1"), HELP)
    assert len(await store.messages.due(T0)) == 2


async def test_messages_are_due_in_the_order_they_were_wanted(store: Store) -> None:
    await store.messages.tell(OLGA, ChannelId("C1"), HELP)
    await store.requests.add(request())
    await store.messages.tell(OLGA, ChannelId("C1"), HELP)
    kinds = [message.kind for message in await store.messages.due(T0)]
    assert kinds == [MessageKind.NOTE, MessageKind.REQUEST, MessageKind.NOTE]


async def test_the_bell_rings_in_the_cards_thread_after_the_card(store: Store) -> None:
    await store.requests.add(request_at(Stage.CHOOSING))
    await store.requests.change("r-abc2345", lambda _: request_at(Stage.APPROVING))
    card_, bell = await store.messages.due(T0)
    assert card_.id == CARD
    assert (bell.kind, bell.subject, bell.person) == (MessageKind.REPLY, CARD, None)
    assert bell.note == Note(NoteKind.STAGE_REACHED, {"request": "r-abc2345"})


async def test_a_message_nobody_wrote_is_none(store: Store) -> None:
    assert await store.messages.get("request:r-nothere") is None
