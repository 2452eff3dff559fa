"""Every error has words, and the facts its raisers pass are those its words ask for.

The raisers are found in the source, so that a new one, or a fact under a new name, is seen here.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.words import WORDS, sentences, trouble_card
from bot.errors import FAMILIES, Fact, Kind, Unavailable
from bot.neon.answers import Answer, ErrorBody, refusal
from bot.rules.trouble import Trouble, trouble_of
from tests.cards.reading import words

ROOT = Path(__file__).parents[2]
MOMENTS = {"asked", "oldest", "now"}
NOT_FACTS = {"ref", "retry_after_seconds"}


@dataclass(frozen=True)
class Raiser:
    place: str
    kind: Kind
    facts: tuple[str, ...]
    passes_on: bool  # facts of another error, by `**`


def raisers() -> Iterator[Raiser]:
    for folder in ("bot", "commands", "store"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "sandbox" not in path.parts:
                yield from _in(path)


def _in(path: Path) -> Iterator[Raiser]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(
                func=ast.Name(id=family),
                args=[ast.Attribute(value=ast.Name(id="Kind"), attr=kind), *_],
                keywords=keywords,
            ) if family in FAMILIES:
                named = tuple(word.arg for word in keywords if word.arg and word.arg not in NOT_FACTS)
                passes_on = any(word.arg is None for word in keywords)
                yield Raiser(f"{path.relative_to(ROOT)}:{node.lineno}", Kind[kind], named, passes_on)


RAISERS = list(raisers())


def sample(name: str) -> Fact:
    return "2026-11-20T10:25:00.000Z" if name in MOMENTS else f"some {name}"


def unfilled(text: str) -> bool:
    """Whether a fact that is missing shows as a question mark; a question of ours ends in one, too."""
    return "?" in re.sub(r"Did you mean `[^`?]+`\?", "", text)


def test_the_raisers_are_found() -> None:
    assert len(RAISERS) > 30
    assert {raiser.kind for raiser in RAISERS if raiser.passes_on} <= {Kind.SNAPSHOT_REFUSED}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_sentence_of_fact_and_one_of_advice(kind: Kind) -> None:
    fact, advice = sentences(kind, {})
    for sentence in (fact, advice):
        assert sentence.strip()
        assert sentence[-1] in ".?"


def test_no_kind_has_words_that_nobody_can_hear() -> None:
    assert set(WORDS) == set(Kind)


@pytest.mark.parametrize(
    "raiser",
    [raiser for raiser in RAISERS if not raiser.passes_on],  # the others are tried below
    ids=lambda raiser: f"{raiser.place} {raiser.kind}",
)
def test_every_raiser_passes_the_facts_its_words_ask_for(raiser: Raiser) -> None:
    fact, advice = sentences(raiser.kind, {name: sample(name) for name in raiser.facts})
    assert not unfilled(fact), f"{raiser.place} says: {fact}"
    assert not unfilled(advice), f"{raiser.place} advises: {advice}"


@pytest.mark.parametrize(
    "facts",
    [
        {"message": "snapshots are not supported", "status": 400},
        {"what": "branch"},
        {"limit": "SNAPSHOTS_LIMIT_EXCEEDED"},
    ],
)
def test_a_refused_snapshot_is_explained_whatever_was_behind_it(facts: dict[str, Fact]) -> None:
    fact, _ = sentences(Kind.SNAPSHOT_REFUSED, facts)
    assert not unfilled(fact)


@pytest.mark.parametrize(
    "message",
    [
        'timestamp is before retention window; timestamp:"2026-11-19 05:00:00 +0000 UTC", retention_window:"6h0m0s"',
        'timestamp is before retention window; timestamp:"yesterday", retention_window:"a while"',
    ],
)
def test_neons_own_refusal_of_a_moment_is_explained(message: str) -> None:
    error = refusal(Answer(400, ErrorBody(message=message), "branch"))
    assert error.kind is Kind.OUTSIDE_WINDOW
    fact, advice = sentences(error.kind, error.facts)
    assert not unfilled(f"{fact} {advice}")


def test_a_refusal_of_neons_without_a_message_still_reads_as_a_sentence() -> None:
    error = refusal(Answer(400, ErrorBody(), "branch"))
    fact, _ = sentences(error.kind, error.facts)
    assert fact == "Neon refused (status 400)."


facts = st.dictionaries(
    st.sampled_from(sorted({name for raiser in RAISERS for name in raiser.facts} | {"what", "why"})),
    st.none() | st.booleans() | st.integers() | st.text(max_size=4000),
)


@given(st.sampled_from(Kind), facts)
def test_no_fact_breaks_out_of_its_place(kind: Kind, said: dict[str, Fact]) -> None:
    card = trouble_card(Trouble("Refused", kind, said, "e-abc234"))
    dates = r"<!date\^-?\d+\^[^<>]*>"
    assert not {"<", ">"} & set(re.sub(dates, "", words(card)).replace("<target>", ""))


def test_a_missing_fact_reads_as_a_question_mark_and_hides_no_error() -> None:
    assert sentences(Kind.NAME_TAKEN, {})[0] == "There is already a backup or branch named `?`."


def test_the_ref_is_on_the_card_as_it_is_in_the_log() -> None:
    error = Unavailable(Kind.NEON_DOWN)
    assert f"ref `{error.ref}`" in words(trouble_card(trouble_of(error)))


def test_a_moment_that_cannot_be_read_is_shown_as_it_came() -> None:
    facts = {"asked": "<yesterday>", "oldest": "2026-11-20T10:25:00Z"}
    fact, advice = sentences(Kind.OUTSIDE_WINDOW, facts)
    assert "&lt;yesterday&gt;" in fact
    assert "2026-11-20 10:25:00.000 UTC" in advice
