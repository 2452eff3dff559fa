"""Cards of a restore with what others wrote into them, hostile or huge."""

import re
from dataclasses import replace

import pytest

from bot.cards.blocks import Card, local
from bot.cards.restore import approve_modal, request_card
from bot.errors import Kind, Refused, as_ours
from bot.rules.ids import BranchId, PersonId
from bot.rules.plan import Lineage, Preview
from bot.rules.request import (
    LeftBehind,
    Request,
    Stage,
    begin_phase,
    deny,
    fail,
    finish,
)
from bot.rules.trouble import trouble_of
from bot.rules.verdict import Check, Outcome, Verification
from tests.builders import (
    ALI,
    ANNA,
    T0,
    TARGET,
    approve,
    preview,
    request,
    request_at,
    target,
)
from tests.cards.reading import labels, words

MARKUP = re.compile(r"<!date\^-?\d+\^[^<>|]*\|[^<>|]*>|<@[A-Z0-9]+>")
HOSTILE = "<!channel> & <https://evil.example|click> `x` ```*approved*\n```"


def card_of(value: Request) -> Card:
    return request_card(value, TARGET)


def test_no_secret_of_an_unexpected_error_reaches_the_card() -> None:
    try:
        raise RuntimeError("could not connect to postgresql://owner:hunter2@ep-1.neon.tech/shop")
    except RuntimeError as error:
        trouble = trouble_of(as_ours(error))
    shown = str(card_of(fail(request_at(Stage.RUNNING), Stage.NEEDS_HUMAN, trouble, T0)))
    assert "hunter2" not in shown
    assert "RuntimeError" not in shown
    assert trouble.ref in shown


def hostile() -> Request:
    """A request into which others wrote what they could: people, Neon, and who names tables and branches."""
    many = tuple(f"{HOSTILE} {number}" for number in range(3))
    found = preview(
        now=dict.fromkeys(many, 1),
        then={},
        child_names=many,
        lineage=Lineage(None, tuple(BranchId(name) for name in many)),
    )
    start = request(words=f"/restore {HOSTILE}")
    value = request_at(Stage.RUNNING, start=start, found=found)
    checks = (Check("rows", Outcome.FAILED, f"fewer than previewed: {HOSTILE}"),)
    left = replace(value, left_behind=LeftBehind(BranchId("br-2"), HOSTILE))
    return finish(left, Verification(checks, ("contents of rows",)), T0)


@pytest.mark.parametrize(
    "value",
    [
        hostile(),
        replace(hostile(), stage=Stage.CHOOSING),
        replace(hostile(), stage=Stage.APPROVING),
        deny(request_at(Stage.APPROVING), ANNA, HOSTILE, T0),
        fail(
            request_at(Stage.RUNNING),
            Stage.FAILED_UNCHANGED,
            trouble_of(Refused(Kind.NEON_REFUSED, message=HOSTILE, status=400)),
            T0,
        ),
    ],
    ids=["ended", "choosing", "approving", "denied", "failed"],
)
def test_nothing_others_wrote_calls_people_or_makes_links(value: Request) -> None:
    card = card_of(value)
    assert not {"<", ">"} & set(MARKUP.sub("", words(card)))


def test_names_do_not_break_out_of_their_code() -> None:
    shown = words(card_of(replace(hostile(), stage=Stage.CHOOSING)))
    for line in shown.splitlines():
        assert line.replace("```", "").count("`") % 2 == 0
    assert shown.count("```") == 2


def large() -> Request:
    tables = {f"public.{'x' * 193}{number:04}": 10**18 for number in range(300)}
    found = Preview(
        now=tables,
        then={},
        lineage=Lineage(None, tuple(BranchId(f"br-{number}") for number in range(300))),
        child_names=tuple("&" * 256 for _ in range(300)),
        taken_at=T0,
        oldest=T0,
    )
    crowd = frozenset(PersonId(f"U{number:010}") for number in range(300))
    policy = target(approvers=crowd | {ANNA, ALI}, quorum=2).policy
    return request_at(Stage.APPROVING, start=request(words="&" * 9000), found=found, policy=policy)


def test_the_largest_card_of_a_vote_keeps_its_buttons_and_when_it_expires() -> None:
    value = large()
    crowd = target(approvers=frozenset(PersonId(f"U{number:010}") for number in range(300)))
    card = request_card(value, crowd)
    assert labels(card) == ["Approve", "Deny", "Cancel"]
    assert value.expires_at is not None
    assert local(value.expires_at) in words(card)


def test_the_largest_card_of_an_end_keeps_its_button() -> None:
    """Longer names than PostgreSQL and Neon allow, in as many checks and phases as a run has."""
    running = replace(large(), stage=Stage.RUNNING)
    for name in ("checking the plan", "restoring", "waiting for Neon", "verifying"):
        running = begin_phase(running, name, T0)
    checks = tuple(
        Check(f"check {number}", Outcome.FAILED, ", ".join(["<" * 63 + "." + ">" * 63] * 5))
        for number in range(6)
    )
    left = replace(running, left_behind=LeftBehind(BranchId("br-2"), "&" * 256))
    done = finish(left, Verification(checks, ("contents of rows", "sequences")), T0)
    assert labels(card_of(done)) == ["Undo"]


def test_the_hostile_window_calls_nobody() -> None:
    waiting = replace(approve(request_at(Stage.APPROVING, found=hostile().preview)), stage=Stage.APPROVING)
    view = approve_modal(waiting)
    assert "<!channel" not in str(view)
