"""Restores as people live them, from the command to the way back."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bot.cli.guide import Guide, Json
from bot.sandbox.outside import Outside
from tests.journeys.neon_eyes import branches, names


async def moment_ago(seconds: float = 0.0) -> str:
    """A restore point that is old enough to be used, after waiting for that if need be."""
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    await asyncio.sleep(max(1.2 - seconds, 0))
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def preview(guide: Guide, person: str, moment: str) -> Json:
    seen = await guide.last_ts()
    await guide.type(person, "/restore", f"prod to {moment}")
    return await guide.card("a preview", person, "Restore in place", after=seen)


async def approved(guide: Guide, card: Json) -> None:
    await guide.approve(guide.named("Mei"), card)
    await guide.approve(guide.named("Ravi"), card)


@pytest.mark.exhaustive  # the tour of tests/cli plays the same in every run
async def test_a_restore_in_place_brings_back_what_was_deleted_and_undo_takes_it_away_again(
    guide: Guide, outside: Outside, neon_api: httpx.AsyncClient
) -> None:
    dana = guide.named("Dana")
    accident = await guide.post("/sandbox/accident", id="truncate_items")
    lost = await guide.count("order_items")
    await asyncio.sleep(1.2)
    card = await preview(guide, dana, accident["before"])
    assert "would return" in guide.words(card)
    await guide.press(dana, card, "Restore in place")
    await approved(guide, await guide.card("the approvers are asked", dana, "Approve", same_as=card))
    card = await guide.card("it ends with a way back", dana, "Undo", same_as=card)
    assert "Restored in place and verified" in guide.words(card)
    assert await guide.count("order_items") > lost + 1000

    request = guide.request_of(card)
    left = {name for name in await names(neon_api, outside) if request in name}
    assert left == {f"safepoint-before-{request}"}, "the safety copy is the only branch left behind"

    seen = await guide.last_ts()
    await guide.press(dana, card, "Undo")
    undo = await guide.card("the undo is offered", dana, "Approve", after=seen)
    await approved(guide, undo)
    undo = await guide.card("the undo is done", dana, "Undo", same_as=undo)
    assert "Undone and verified" in guide.words(undo)
    assert await guide.count("order_items") < lost + 100


async def test_a_new_branch_holds_the_past_and_the_target_is_not_touched(
    guide: Guide, outside: Outside, neon_api: httpx.AsyncClient
) -> None:
    dana = guide.named("Dana")
    card = await preview(guide, dana, await moment_ago())
    await guide.press(dana, card, "Restore to a new branch")
    card = await guide.ended("the branch is ready", card, "The new branch is ready and verified")
    assert "neonctl connection-string" in guide.words(card)
    made = [
        branch for branch in await branches(neon_api, outside) if guide.request_of(card) in branch["name"]
    ]
    assert [branch["name"] for branch in made] == [f"safepoint-restored-{guide.request_of(card)}"]
    assert made[0]["expires_at"]


async def test_cancel_ends_a_request_and_leaves_no_branch(
    guide: Guide, outside: Outside, neon_api: httpx.AsyncClient
) -> None:
    dana = guide.named("Dana")
    card = await preview(guide, dana, await moment_ago())
    await guide.press(dana, card, "Cancel")
    card = await guide.ended("it is cancelled", card, "Cancelled")
    assert "Nothing was changed" in guide.words(card)
    assert not [name for name in await names(neon_api, outside) if guide.request_of(card) in name]


async def test_a_denial_needs_a_reason_and_ends_the_request_with_it(guide: Guide) -> None:
    dana, mei = guide.named("Dana"), guide.named("Mei")
    card = await preview(guide, dana, await moment_ago())
    await guide.press(dana, card, "Restore in place")
    card = await guide.card("the approvers are asked", dana, "Deny", same_as=card)
    await guide.press(mei, card, "Deny")
    view = await guide.window(mei)
    refused = await guide.submit(mei, view, {"reason": "  "})
    assert refused["errors"]
    await guide.submit(mei, view, {"reason": "wrong day"})
    card = await guide.ended("it is denied", card, "Denied")
    assert "wrong day" in guide.words(card)


async def test_people_who_may_not_are_told_so_and_nothing_happens(guide: Guide) -> None:
    dana, kofi, sam = guide.named("Dana"), guide.named("Kofi"), guide.named("Sam")
    seen = await guide.last_ts()
    await guide.type(sam, "/restore", "prod to 1 minute ago")
    await guide.whisper("an outsider is refused", sam, "You may not look at prod", after=seen)
    card = await preview(guide, dana, await moment_ago())
    await guide.press(sam, card, "Restore in place")
    await guide.whisper("an outsider cannot choose", sam, "You may not ask for a restore of prod", after=seen)
    await guide.press(dana, card, "Restore in place")
    card = await guide.card("the approvers are asked", dana, "Approve", same_as=card)
    await guide.press(dana, card, "Approve")
    await guide.whisper("the requester cannot vote", dana, "cannot vote", after=seen)
    await guide.press(kofi, card, "Approve")
    await guide.whisper("an operator cannot vote", kofi, "You may not approve", after=seen)
    await guide.press(dana, card, "Cancel")
    await guide.ended("it is cancelled", card, "Cancelled")


@pytest.mark.parametrize(
    "round_", [0, *(pytest.param(number, marks=pytest.mark.exhaustive) for number in range(1, 10))]
)
async def test_two_people_approving_at_the_same_moment_start_one_restore(
    guide: Guide, outside: Outside, neon_api: httpx.AsyncClient, round_: int
) -> None:
    dana, mei, ravi = guide.named("Dana"), guide.named("Mei"), guide.named("Ravi")
    card = await preview(guide, dana, await moment_ago())
    await guide.press(dana, card, "Restore in place")
    card = await guide.card("the approvers are asked", dana, "Approve", same_as=card)
    await asyncio.gather(guide.press(mei, card, "Approve"), guide.press(ravi, card, "Approve"))
    views = [(person, await guide.window(person)) for person in (mei, ravi)]
    typed = {"target": "prod"}
    submissions = [guide.submit(person, view, typed) for person, view in views]
    again = [guide.submit(mei, views[0][1], typed, may_fail=True)]
    await asyncio.gather(*submissions, *again)
    card = await guide.card("it is restored", dana, "Undo", same_as=card)
    made = [name for name in await names(neon_api, outside) if guide.request_of(card) in name]
    assert made == [f"safepoint-before-{guide.request_of(card)}"], "a second restore would need a second name"
