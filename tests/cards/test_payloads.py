"""Everything the bot can show in Slack, held to Slack's limits in one place: as plain and as extreme as it comes.

A function of `bot/cards` that makes a message or a view and is not in MAKERS fails the first test.
"""

import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot.cards
from bot.cards.alert import alert_card
from bot.cards.backup import backup_card
from bot.cards.blocks import Block, Card, context, fields, header, section
from bot.cards.home import home_view
from bot.cards.moment import question_card, question_facts
from bot.cards.notes import note_card, stage_card
from bot.cards.restore import approve_modal, deny_modal, request_card
from bot.cards.words import trouble_card
from bot.errors import Fact, Kind
from bot.rules.backup import Backup, BackupKind, failed, taken
from bot.rules.freshness import Alert, Newest, observed, updated
from bot.rules.ids import BackupId, BranchId, ChannelId, PersonId, RequestId, TargetName
from bot.rules.moment import Question, Remark
from bot.rules.plan import Lineage, Method, Preview
from bot.rules.point import Head
from bot.rules.request import Purpose, Request, Stage
from bot.rules.said import Note, NoteKind
from bot.rules.target import Target
from bot.rules.trouble import Trouble
from bot.rules.verdict import Check, Outcome, Verification
from bot.sandbox.slack.limits import (
    WORDS_OF_A_MESSAGE,
    complaints_about_blocks,
    complaints_about_view,
    words_of,
)
from commands.when import MOST_CHOICES
from store.memory import BELLS
from tests.builders import OLGA, T0, TARGET, preview, request, request_at, target
from tests.cards.test_words import RAISERS

MESSAGES = (
    alert_card, backup_card, note_card, question_card, request_card, stage_card, trouble_card
)  # fmt: skip
VIEWS = (approve_modal, deny_modal, home_view)

LONGEST_NOTICE = 4000
"""Characters of a message's `text` that Slack asks not to exceed (docs.slack.dev, chat.postMessage)."""

HUGE = "<&>`*_~\n" * 1200
LONG_NAME = "<" * 200
CROWD = target(approvers=frozenset(PersonId(f"U{number:010}") for number in range(300)), quorum=2)
FACTS: dict[str, Fact] = {name: HUGE for raiser in RAISERS for name in raiser.facts}
TARGETS = [replace(TARGET, name=TargetName(f"{'x' * 35}{number:05}")) for number in range(300)]


def troubles() -> list[Trouble]:
    return [Trouble("Refused", kind, FACTS, "e-abc234") for kind in Kind]


# Requests


def large_preview() -> Preview:
    """More tables and branches than anybody shows, under longer names than PostgreSQL and Neon allow."""
    tables = {f"public.{LONG_NAME}{number:04}": 10**18 for number in range(300)}
    return preview(
        now=tables,
        then={},
        lineage=Lineage(None, tuple(BranchId(f"br-{number}") for number in range(300))),
        child_names=tuple("&" * 256 for _ in range(300)),
    )


def filled(value: Request) -> Request:
    """With all that a request gathers on its way made as large as it gets."""
    phases = value.phases and tuple(
        replace(value.phases[0], name=f"step {n}", ended_at=T0) for n in range(12)
    )
    checks = tuple(Check(f"check {n}", Outcome.WARNING, ", ".join([LONG_NAME] * 5)) for n in range(6))
    verification = value.verification and Verification(checks, (LONG_NAME,) * 6)
    left = value.left_behind and replace(value.left_behind, name="&" * 256)
    return replace(
        value,
        reason=value.reason and HUGE,
        phases=phases,
        verification=verification,
        left_behind=left,
    )


def requests(start: Request, found: Preview, prod: Target) -> Iterator[tuple[str, Request]]:
    """At every stage, by every method; as a restore and as an undo, which nobody chooses and is always in place."""
    undo = replace(start, purpose=Purpose.UNDO, point=Head(), undoes=RequestId("r-undone2"))
    at = partial(request_at, found=found, policy=prod.policy)
    for stage in Stage:
        yield f"{stage.name} in place", at(stage, start=start)
        if stage is not Stage.CHOOSING:
            yield f"{stage.name} undo", at(stage, start=undo)
        if stage not in {Stage.APPROVING, Stage.DENIED, Stage.EXPIRED}:
            yield f"{stage.name} new branch", at(stage, start=start, method=Method.NEW_BRANCH)


PLAIN = list(requests(request(), preview(), TARGET))
LARGE = [
    (name, filled(value))
    for name, value in requests(request(words=HUGE, remarks=tuple(Remark)), large_preview(), CROWD)
]
TROUBLED = [
    (f"{stage.name} {trouble.kind}", replace(request_at(stage), trouble=trouble))
    for stage in (Stage.REFUSED, Stage.VOID, Stage.FAILED_UNCHANGED, Stage.NEEDS_HUMAN)
    for trouble in troubles()
]


def request_payloads() -> Iterator[tuple[str, Card | Block]]:
    for size, prod, values in (
        ("plain", TARGET, PLAIN),
        ("large", CROWD, LARGE),
        ("troubled", TARGET, TROUBLED),
    ):
        for name, value in values:
            yield f"card {size} {name}", request_card(value, prod)
            if value.stage in BELLS:
                yield f"bell {size} {name}", stage_card(value, prod)
            if value.stage is Stage.APPROVING:
                yield f"approve {size} {name}", approve_modal(value)
                yield f"deny {size} {name}", deny_modal(value)


# Backups and alerts


def backup_payloads() -> Iterator[tuple[str, Card | Block]]:
    for name in ("nightly", LONG_NAME):
        taking = Backup(
            BackupId("b-abc2345"), TARGET.name, TARGET.project, TARGET.branch, name, OLGA, T0, TARGET.channel
        )
        yield f"taking {name}", backup_card(taking)
        yield f"snapshot {name}", backup_card(taken(taking, BackupKind.SNAPSHOT, "snap-1", T0, T0))
        yield f"branch {name}", backup_card(taken(taking, BackupKind.BRANCH, "br-1", T0, T0, HUGE))
        for trouble in troubles():
            yield f"failed {trouble.kind} {name}", backup_card(failed(taking, trouble, T0))


def alert_payloads() -> Iterator[tuple[str, Card | Block]]:
    for name in ("nightly", HUGE):
        newest = Newest(T0 - timedelta(hours=30), name, "snapshot")
        never, stale = (
            observed(None, target=TARGET.name, max_age=timedelta(hours=25), now=T0, newest=found)
            for found in (None, newest)
        )
        blind = observed(stale, target=TARGET.name, max_age=timedelta(hours=25), now=T0, trouble=name)
        fresh = observed(
            None,
            target=TARGET.name,
            max_age=timedelta(hours=25),
            now=T0,
            newest=replace(newest, taken_at=T0),
        )
        for state, seen in (("never", never), ("stale", stale), ("blind", blind)):
            open_ = Alert("a-abc234", TARGET.name, TARGET.channel, T0, seen)
            yield f"{state} {name[:9]}", alert_card(open_)
            yield f"{state} resolved {name[:9]}", alert_card(updated(open_, fresh))


# Notes, questions, App Home


NOTE_FACTS: dict[str, Fact] = {
    "request": "r-abc2345",
    "channel": ChannelId("CTARGET"),
    "missing": 299,
    "target": TARGETS[0].name,
    "after": "300 days",
}


def note_payloads() -> Iterator[tuple[str, Card | Block]]:
    choices = [T0 - timedelta(microseconds=number) for number in range(MOST_CHOICES)]
    for question in Question:
        asked = question_facts(HUGE, TARGETS[0].name, question, choices, T0)
        yield f"question {question.name}", question_card(asked)
        yield f"note {question.name}", note_card(Note(NoteKind.WHICH_MOMENT, asked), [])
    for trouble in troubles():
        yield f"trouble {trouble.kind}", trouble_card(trouble)
        yield f"note {trouble.kind}", note_card(Note(NoteKind.TROUBLE, trouble=trouble), [])
    for kind in set(NoteKind) - {NoteKind.WHICH_MOMENT, NoteKind.TROUBLE, NoteKind.STAGE_REACHED}:
        for number in (0, 40, 300):
            names = [one.name for one in TARGETS[:number]]
            yield f"note {kind} {number}", note_card(Note(kind, NOTE_FACTS), names)


def home_payloads() -> Iterator[tuple[str, Card | Block]]:
    seen = observed(None, target=TARGETS[0].name, max_age=timedelta(hours=25), now=T0)
    for number in (0, 1, 30, 31, 40, 300):
        for values in (PLAIN, LARGE):
            many = [replace(value, id=RequestId(f"r-{n:07}")) for n, (_, value) in enumerate(values)]
            for fresh in (seen, None):
                yield f"home {number}", home_view(TARGETS[:number], [fresh] * number, many * 8)


PAYLOADS = {
    "requests": request_payloads,
    "backups": backup_payloads,
    "alerts": alert_payloads,
    "notes": note_payloads,
    "home": home_payloads,
}


def makers() -> set[object]:
    """Every function of `bot/cards` that makes a whole message or view."""
    modules = [import_module(f"bot.cards.{found.name}") for found in pkgutil.iter_modules(bot.cards.__path__)]
    public = [
        function
        for module in modules
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]
    return {
        function
        for function in public
        if function.__annotations__["return"] is Card or function.__name__.endswith(("_modal", "_view"))
    }


def test_every_maker_of_a_message_or_view_is_tried_here() -> None:
    assert makers() == {*MESSAGES, *VIEWS}


def complaints(payload: Card | Block) -> list[str]:
    """What Slack would refuse, as the sandbox Slack judges it."""
    if not isinstance(payload, Card):
        return complaints_about_view(payload)
    blocks = list(payload.blocks)
    found = complaints_about_blocks(blocks)
    if not 0 < len(payload.text) <= LONGEST_NOTICE:
        found.append(f"text of {len(payload.text)} characters")
    if words_of(blocks) > WORDS_OF_A_MESSAGE:
        found.append(f"{words_of(blocks)} characters over all blocks")
    return found


@pytest.mark.parametrize("kind", PAYLOADS)
def test_whatever_is_shown_is_something_slack_takes(kind: str) -> None:
    payloads = list(PAYLOADS[kind]())
    refused = {name: found for name, payload in payloads if (found := complaints(payload))}
    assert refused == {}
    assert len(payloads) > 10


def test_the_extremes_are_reached() -> None:
    """They are of use only while they would break a limit if nothing were cut."""
    assert max(words_of(list(request_card(value, CROWD).blocks)) for _, value in LARGE) > 8000
    assert max(len(view["blocks"]) for _, view in home_payloads() if isinstance(view, dict)) > 80


@given(st.text(min_size=1, max_size=5000))
def test_no_text_breaks_a_limit_of_a_block(text: str) -> None:
    parts = (header(text), section(text), context(text), fields(text, text))
    assert complaints(Card("text", parts)) == []


facts = st.dictionaries(
    st.sampled_from(sorted(FACTS)), st.none() | st.booleans() | st.integers() | st.text(max_size=4000)
)


@given(st.sampled_from(Kind), facts)
def test_no_fact_breaks_a_limit(kind: Kind, said: dict[str, Fact]) -> None:
    assert complaints(trouble_card(Trouble("Refused", kind, said, "e-abc234"))) == []
