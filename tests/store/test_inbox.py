from dataclasses import replace
from pathlib import Path

from bot.rules.ids import ChannelId
from bot.rules.said import How, Said
from store.memory import Store
from tests.builders import OLGA, T0

SAID = Said(
    id="abc2345",
    how=How.SUBMIT,
    person=OLGA,
    channel=ChannelId("C1"),
    name="vote.approve",
    text='{"request": "r-1"}',
    at=T0.replace(microsecond=123456),
    trigger="123.456",
    values={"target": "prod", "reason": "naïve ☃ <!channel>"},
)
OTHER = replace(SAID, id="zzz2345", text="another")


async def test_what_was_said_waits_as_it_was_said_oldest_first(store: Store) -> None:
    await store.inbox.put(OTHER)
    await store.inbox.put(SAID)
    assert await store.inbox.waiting() == (OTHER, SAID)


async def test_an_envelope_that_comes_twice_is_kept_once_and_as_it_came_first(store: Store) -> None:
    await store.inbox.put(SAID)
    await store.inbox.put(replace(SAID, at=T0.replace(year=2027), text="again"))
    assert await store.inbox.waiting() == (SAID,)


async def test_what_was_dealt_with_waits_no_more_even_when_it_comes_again(store: Store) -> None:
    await store.inbox.put(SAID)
    await store.inbox.put(OTHER)
    await store.inbox.cross_off(SAID)
    await store.inbox.put(SAID)
    assert await store.inbox.waiting() == (OTHER,)


async def test_what_a_crash_left_is_still_waiting(tmp_path: Path) -> None:
    before = await Store.open(tmp_path / "store.db")
    await before.inbox.put(SAID)
    await before.close()
    after = await Store.open(tmp_path / "store.db")
    assert await after.inbox.waiting() == (SAID,)
    await after.close()
