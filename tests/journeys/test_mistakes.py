"""Bad input and bad weather: a clear sentence to the right person, nothing changed, nothing lost."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bot.cli.guide import Guide
from bot.sandbox.outside import Outside
from tests.journeys.neon_eyes import fault, names
from tests.journeys.test_restore import moment_ago, preview


@pytest.mark.parametrize(
    ("command", "text", "words"),
    [
        ("/restore", "", "shows what going back would mean"),
        ("/restore", "help", "shows what going back would mean"),
        ("/restore", "hlep", "Did you mean /restore help?"),
        ("/restore", "prdo to 10:25 UTC", "Did you mean prod?"),
        ("/restore", "prod 10:25 UTC", "Write /restore <target> to <when>"),
        ("/restore", "prod to banana", "I cannot tell which moment"),
        ("/restore", "prod to about 10:25", "is not one exact moment"),
        ("/restore", "prod to tomorrow", "has not happened yet"),
        ("/restore", "prod from nightly", "I cannot restore from it yet"),
        ("/restore", "prod to 2999-01-01T00:00:00Z", "has not happened yet"),
        ("/backup", "", "takes a backup now"),
        ("/backup", "prdo", "Did you mean prod?"),
        ("/backup", "prod bad/name", "cannot be the name of a backup"),
    ],
)
async def test_a_mistake_is_answered_to_its_person_alone(
    guide: Guide, command: str, text: str, words: str
) -> None:
    kofi, seen = guide.named("Kofi"), await guide.last_ts()
    await guide.type(kofi, command, text)
    await guide.whisper("an answer", kofi, words, after=seen)


async def test_a_moment_before_the_history_is_refused_with_the_oldest_one(guide: Guide) -> None:
    dana, seen = guide.named("Dana"), await guide.last_ts()
    await guide.type(dana, "/restore", "prod to 2 hours ago")
    card = await guide.message("a refusal", "Refused", after=seen)
    assert "oldest moment" in guide.words(card) or "history begins at" in guide.words(card)
    assert "Nothing was changed" in guide.words(card)


async def test_while_neon_is_down_the_card_says_so_and_nothing_is_left_behind(
    guide: Guide, outside: Outside, neon_api: httpx.AsyncClient
) -> None:
    dana, seen = guide.named("Dana"), await guide.last_ts()
    await fault(neon_api, outside, "503", times=1000)
    await guide.type(dana, "/restore", f"prod to {await moment_ago()}")
    card = await guide.message("a refusal", "Neon's API does not answer", after=seen)
    await neon_api.delete(f"{outside.neon.origin}/sandbox/faults")
    assert not [name for name in await names(neon_api, outside) if guide.request_of(card) in name]


async def test_a_command_is_acked_at_once_however_slow_neon_is(
    guide: Guide, outside: Outside, neon_api: httpx.AsyncClient
) -> None:
    await fault(neon_api, outside, "delay", times=50, seconds=3)
    times = [
        (await guide.type(guide.named("Kofi"), "/restore", f"prod to {await moment_ago()}"))["ack_ms"]
        for _ in range(3)
    ]
    assert sorted(times)[1] < 200, times
    await neon_api.delete(f"{outside.neon.origin}/sandbox/faults")


async def test_a_window_slack_gave_up_on_is_explained_and_the_button_works_again(
    guide: Guide, slack: httpx.AsyncClient
) -> None:
    dana, mei = guide.named("Dana"), guide.named("Mei")
    card = await preview(guide, dana, await moment_ago())
    await guide.press(dana, card, "Restore in place")
    card = await guide.card("the approvers are asked", dana, "Approve", same_as=card)
    seen = await guide.last_ts()
    await slack.post(
        "/sandbox/faults", json={"fault": "delay", "method": "views.open", "times": 1, "seconds": 4}
    )
    await guide.press(mei, card, "Approve")
    await guide.whisper("it is explained", mei, "Press the button again", after=seen)
    await guide.press(mei, card, "Approve")
    await guide.window(mei)
    await guide.press(dana, card, "Cancel")
    await guide.ended("it is cancelled", card, "Cancelled")


async def test_a_message_slack_would_not_take_arrives_later(guide: Guide, slack: httpx.AsyncClient) -> None:
    kofi, seen = guide.named("Kofi"), await guide.last_ts()
    for name in ("429", "503"):
        await slack.post(
            "/sandbox/faults", json={"fault": name, "method": "chat.postEphemeral", "times": 1, "seconds": 1}
        )
    await guide.type(kofi, "/restore", "help")
    await guide.whisper("help", kofi, "shows what going back would mean", after=seen)


async def test_a_clock_time_is_its_most_recent_occurrence(guide: Guide) -> None:
    dana, seen = guide.named("Dana"), await guide.last_ts()
    await asyncio.sleep(max(1.5 - datetime.now(UTC).microsecond / 1e6, 0))
    at = (datetime.now(UTC) - timedelta(seconds=3)).replace(microsecond=0)
    await guide.type(dana, "/restore", f"prod to {at:%H:%M:%S} UTC")
    card = await guide.message("an answer", f"{at:%Y-%m-%d %H:%M:%S}.000 UTC", after=seen)
    assert guide.request_of(card)


async def test_words_that_fit_several_moments_are_asked_about_and_a_button_settles_it(guide: Guide) -> None:
    dana, seen = guide.named("Dana"), await guide.last_ts()
    await asyncio.sleep(max(1.5 - datetime.now(UTC).microsecond / 1e6, 0))
    at = (datetime.now(UTC) - timedelta(seconds=3)).replace(microsecond=0)
    chicago = at - timedelta(hours=6)
    await guide.type(dana, "/restore", f"prod to {chicago:%Y-%m-%d %H:%M:%S} CST")
    label = f"{at:%Y-%m-%d %H:%M:%S}.000 UTC"
    question = await guide.card("a question", dana, label, after=seen)
    assert "several time zones" in guide.words(question)
    await guide.press(dana, question, label)
    card = await guide.card("a preview", dana, "Restore in place", after=seen)
    assert label in guide.words(card)
