import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.blocks import Card, local
from bot.cards.restore import MOST_TABLES, approve_modal, deny_modal, plain_headline, request_card
from bot.errors import Kind, Refused
from bot.rules.ids import BranchId, RequestId
from bot.rules.loss import Counts
from bot.rules.plan import Method
from bot.rules.point import Head, Instant
from bot.rules.request import (
    LeftBehind,
    Purpose,
    Request,
    Stage,
    begin_phase,
    choose,
    deny,
    fail,
    finish,
    undone_by,
    vote,
)
from bot.rules.trouble import trouble_of
from bot.rules.verdict import Outcome
from tests.builders import (
    ALI,
    ANNA,
    OLGA,
    OMAR,
    T0,
    TARGET,
    digest_of,
    preview,
    request,
    request_at,
    target,
    verification,
)
from tests.cards.reading import labels, words

UNDO = request(purpose=Purpose.UNDO, point=Head(), source=BranchId("br-copy"), undoes=RequestId("r-1"))


def card_of(value: Request) -> Card:
    return request_card(value, TARGET)


def at(stage: Stage, **found: object) -> Request:
    return request_at(stage, found=preview(**found))  # type: ignore[arg-type]


# What is on it


BUTTONS: Mapping[Stage, list[str]] = {
    Stage.LOOKING: ["Cancel"],
    Stage.CHOOSING: ["Restore to a new branch", "Restore in place", "Cancel"],
    Stage.APPROVING: ["Approve", "Deny", "Cancel"],
    Stage.APPROVED: ["Cancel"],
    Stage.VERIFIED: ["Undo"],
    Stage.UNVERIFIED: ["Undo"],
    Stage.NEEDS_HUMAN: ["Undo"],
}


@pytest.mark.parametrize("stage", Stage)
def test_a_card_offers_what_its_stage_allows_and_nothing_else(stage: Stage) -> None:
    assert labels(card_of(request_at(stage))) == BUTTONS.get(stage, [])


@pytest.mark.parametrize("stage", [Stage.VERIFIED, Stage.UNVERIFIED, Stage.NEEDS_HUMAN])
def test_a_new_branch_offers_no_undo(stage: Stage) -> None:
    assert labels(card_of(request_at(stage, method=Method.NEW_BRANCH))) == []


def test_an_undo_that_was_asked_for_is_named_and_not_offered_again() -> None:
    card = card_of(undone_by(request_at(Stage.VERIFIED), RequestId("r-undo234")))
    assert labels(card) == []
    assert "Its undo is `r-undo234`" in words(card)


def test_every_button_carries_the_request_and_the_plan_on_the_card() -> None:
    waiting = request_at(Stage.APPROVING)
    [row] = [block for block in card_of(waiting).blocks if block["type"] == "actions"]
    for element in row["elements"]:
        assert json.loads(element["value"]) == {"request": waiting.id, "digest": digest_of(waiting)}


def test_a_row_of_buttons_has_a_new_id_when_what_they_mean_changes() -> None:
    waiting = request_at(Stage.APPROVING)
    drawn = [
        request_at(Stage.CHOOSING),
        waiting,
        vote(waiting, ANNA, digest_of(waiting), T0),
        request_at(Stage.APPROVED),
        request_at(Stage.VERIFIED),
    ]
    rows = [block for value in drawn for block in card_of(value).blocks if block["type"] == "actions"]
    assert len({row["block_id"] for row in rows}) == len(drawn)


def test_the_moment_is_shown_in_utc_in_the_readers_zone_and_as_an_age() -> None:
    point = Instant(T0 - timedelta(hours=1, minutes=35))
    card = card_of(request_at(Stage.CHOOSING, start=request(point=point)))
    for shown in ("2026-11-20 10:25:00.000 UTC", local(point.at), "1 h 35 min"):
        assert shown in words(card)


def test_what_would_be_lost_and_what_would_return_is_counted_and_said_to_be_net() -> None:
    shown = words(card_of(request_at(Stage.CHOOSING)))
    assert "*20 rows* written since would be lost and *2 rows* would return" in shown
    assert "Net row counts" in shown
    assert re.search(r"public\.orders +120 +100 +-20", shown)
    assert re.search(r"public\.users +10 +12 +\+2", shown)
    assert "1 table unchanged" in shown
    assert "public.tags" not in shown


def test_what_cannot_be_told_is_said_and_never_shown_as_zero() -> None:
    shown = words(card_of(at(Stage.CHOOSING, now={"public.locked": None}, then={"public.locked": 3})))
    assert re.search(r"public\.locked +cannot tell +3 +cannot tell", shown)
    assert "*1 table could not be counted*" in shown


def test_a_table_that_is_not_there_is_no_table_of_zero_rows() -> None:
    shown = words(card_of(at(Stage.CHOOSING, now={"public.new": 4}, then={})))
    assert re.search(r"public\.new +4 +no table +-4", shown)


def test_without_any_change_the_card_says_so() -> None:
    shown = words(card_of(at(Stage.CHOOSING, now={"public.a": 1}, then={"public.a": 1})))
    assert "No table's row count would change." in shown
    assert "```" not in shown


@given(
    st.dictionaries(
        st.text("ab.<&`\n\r", min_size=1, max_size=200), st.none() | st.integers(0, 10**18), max_size=60
    )
)
def test_every_change_is_in_the_table_or_counted_as_not_shown(now: Counts) -> None:
    value = at(Stage.CHOOSING, now=now, then={})
    card = card_of(value)
    assert value.preview is not None
    changes = value.preview.loss.changes
    tables = [block["text"]["text"] for block in card.blocks if "```" in str(block.get("text"))]
    rows = [row for table in tables for row in table.strip("`").splitlines()[1:]]
    told = re.search(r"(\d+) more tables? not shown", words(card))
    assert len(rows) + (int(told[1]) if told else 0) == len(changes)
    assert len(rows) <= MOST_TABLES
    assert all(table.startswith("```") and table.endswith("```") for table in tables)
    assert all(table.count("`") == 6 for table in tables)


def test_the_branches_that_would_move_are_named_by_a_few_and_counted() -> None:
    names = tuple(f"feature-{number}" for number in range(7))
    shown = words(card_of(at(Stage.CHOOSING, child_names=names)))
    assert "7 child branches" in shown
    assert "`feature-4` and 2 more" in shown
    assert "1 child branch: `dev`" in words(card_of(at(Stage.CHOOSING, child_names=("dev",))))


def test_approvers_see_who_has_voted_who_may_and_until_when() -> None:
    waiting = vote(request_at(Stage.APPROVING), ANNA, digest_of(request_at(Stage.APPROVING)), T0)
    shown = words(card_of(waiting))
    assert "*Approvals: 1 of 2*, approved by <@UANNA>" in shown
    assert "May approve: <@UADA>, <@UALI>" in shown
    assert waiting.expires_at is not None
    assert local(waiting.expires_at) in shown


def test_who_asked_and_who_chose_are_not_among_those_who_may_approve() -> None:
    everyone = target(approvers=frozenset({OLGA, OMAR, ANNA, ALI}))
    waiting = choose(request_at(Stage.CHOOSING), Method.IN_PLACE, OMAR, everyone.policy, T0)
    assert "May approve: <@UALI>, <@UANNA>" in words(request_card(waiting, everyone))


def test_who_denied_and_why_is_on_the_card() -> None:
    denied = deny(request_at(Stage.APPROVING), ANNA, "not <now> & not here", T0)
    assert "*Denied* by <@UANNA>: “not &lt;now&gt; &amp; not here” Nothing was changed." in words(
        card_of(denied)
    )


def test_a_run_shows_its_phases_and_how_long_each_took() -> None:
    later = T0 + timedelta(seconds=4.25)
    running = begin_phase(request_at(Stage.RUNNING), "verifying", later)
    shown = words(card_of(running))
    assert "restoring · 4.2 s" in shown
    assert f"verifying, since {local(later)}" in shown
    assert "*Under way:* verifying…" in shown


@pytest.mark.parametrize(
    ("outcome", "words_"),
    [
        (Outcome.PASSED, "*Restored in place and verified* in 9.0 s."),
        (Outcome.WARNING, "*Restored in place and verified with warnings* in 9.0 s."),
        (Outcome.NOT_RUN, "*Restored, unverified.*"),
        (Outcome.FAILED, "*Failed, needs a human.* The checks below disagree with the preview"),
    ],
)
def test_the_end_is_one_of_the_four_words_and_lists_its_checks(outcome: Outcome, words_: str) -> None:
    running = request_at(Stage.RUNNING)
    done = finish(
        replace(running, left_behind=LeftBehind(BranchId("br-2"), "safepoint-before-r-1")),
        verification(outcome),
        T0 + timedelta(seconds=9),
    )
    shown = words(card_of(done))
    assert words_ in shown
    assert "check 0: as seen" in shown
    assert "Not checked: contents of rows." in shown
    assert "*Safety copy:* `safepoint-before-r-1` keeps the state from before." in shown


def test_a_new_branch_tells_how_to_connect_without_a_password() -> None:
    running = request_at(Stage.RUNNING, method=Method.NEW_BRANCH)
    left = LeftBehind(BranchId("br-new-000003"), "safepoint-restored-r-1", T0 + timedelta(days=7))
    shown = words(card_of(finish(replace(running, left_behind=left), verification(Outcome.PASSED), T0)))
    assert "*The new branch is ready and verified.* prod itself was not touched." in shown
    assert (
        "neonctl connection-string br-new-000003 --project-id shiny-wind-028834"
        " --database-name shop --role-name shop_owner" in shown
    )
    assert local(T0 + timedelta(days=7)) in shown
    assert "postgres" not in shown


def test_a_failure_says_what_happened_what_to_do_and_its_ref() -> None:
    trouble = trouble_of(Refused(Kind.LIMIT_REACHED, ref="e-abc234", limit="BRANCHES_LIMIT_EXCEEDED"))
    ended = fail(request_at(Stage.RUNNING), Stage.FAILED_UNCHANGED, trouble, T0)
    shown = words(card_of(ended))
    for part in (
        "*Failed, nothing changed.*",
        "BRANCHES_LIMIT_EXCEEDED",
        "Delete branches",
        "ref `e-abc234`",
    ):
        assert part in shown


@pytest.mark.parametrize("stage", [Stage.FAILED_UNCHANGED, Stage.VOID, Stage.REFUSED])
def test_where_nothing_was_changed_the_card_says_so_once(stage: Stage) -> None:
    assert words(card_of(request_at(stage))).count("Nothing was changed.") == 1


@pytest.mark.parametrize("stage", Stage)
def test_the_notification_says_where_it_stands(stage: Stage) -> None:
    value = request_at(stage)
    assert card_of(value).text == f"Restore prod: {plain_headline(value)}"
    assert plain_headline(value).strip()


def test_an_undo_says_what_it_goes_back_to() -> None:
    card = card_of(request_at(Stage.APPROVING, start=UNDO))
    assert card.text.startswith("Undo the restore of prod:")
    assert "the state right before that restore" in words(card)
    assert "goes back to its state from before the restore" in words(card)


# The windows


def test_the_window_of_an_approval_says_what_happens_and_asks_for_the_name() -> None:
    waiting = request_at(Stage.APPROVING)
    view = approve_modal(waiting)
    assert view["callback_id"] == "vote.approve"
    assert view["submit"]["text"] == "Approve"
    assert json.loads(view["private_metadata"]) == {
        "request": waiting.id,
        "digest": digest_of(waiting),
        "target": "prod",
        "channel": "CINCIDENT",
    }
    shown = str(view["blocks"])
    for part in ("goes back *in place* to", "2026-11-20 10:25:00.000 UTC", "20 rows", "exactly: prod"):
        assert part in shown


def test_the_window_of_a_denial_asks_why() -> None:
    view = deny_modal(request_at(Stage.APPROVING))
    assert (view["callback_id"], view["submit"]["text"]) == ("vote.deny", "Deny")
    assert [block.get("block_id") for block in view["blocks"]] == [None, "reason"]


def test_the_window_of_an_undo_says_what_it_goes_back_to() -> None:
    waiting = request_at(Stage.APPROVING, start=UNDO)
    assert "goes back to the state from before its restore" in str(approve_modal(waiting))
