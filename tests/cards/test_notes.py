from dataclasses import replace

import pytest

from bot.cards.blocks import Card
from bot.cards.moment import question_facts
from bot.cards.notes import note_card, stage_card
from bot.errors import Kind, Refused
from bot.rules.ids import TargetName
from bot.rules.moment import Question
from bot.rules.request import Stage
from bot.rules.said import Note, NoteKind, note_of
from bot.rules.target import Target
from store.memory import BELLS
from tests.builders import ANNA, OLGA, PROD, T0, TARGET, request_at, target
from tests.cards.reading import words

NOTES = [
    note_of(Refused(Kind.NAME_TAKEN, ref="e-abc234", name="nightly")),
    Note(NoteKind.RESTORE_HELP),
    Note(NoteKind.BACKUP_HELP),
    Note(NoteKind.ASKED_ELSEWHERE, {"request": "r-abc2345", "channel": "CTARGET"}),
    Note(NoteKind.VOTE_COUNTED, {"request": "r-abc2345", "missing": 1}),
    Note(NoteKind.WHICH_MOMENT, question_facts("10 UTC", "prod", Question.BARE_NUMBER, [T0], T0)),
    Note(NoteKind.ALERT_RESOLVED, {"target": "prod", "after": "5 min"}),
]


def test_every_kind_of_note_is_tried_here() -> None:
    assert {note.kind for note in NOTES} == set(NoteKind) - {NoteKind.STAGE_REACHED}


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.kind.value)
def test_a_note_of_any_kind_knows_all_it_says(note: Note) -> None:
    assert "?" not in words(note_card(note, [PROD]))


def test_a_refusal_is_told_with_what_to_do_and_its_ref() -> None:
    shown = words(note_card(NOTES[0], []))
    assert "There is already a backup or branch named `nightly`." in shown
    assert "ref `e-abc234`" in shown


@pytest.mark.parametrize(
    ("kind", "usage", "button"),
    [
        (NoteKind.RESTORE_HELP, "/restore <target> to <when>", "new branch"),
        (NoteKind.BACKUP_HELP, "/backup <target> [name]", "snapshot"),
    ],
)
def test_help_shows_how_to_say_it_and_for_which_targets(kind: NoteKind, usage: str, button: str) -> None:
    shown = words(note_card(Note(kind), [PROD, TargetName("staging")]))
    assert usage in shown.replace("&lt;", "<").replace("&gt;", ">")
    assert "Targets: `prod`, `staging`" in shown
    assert button in shown


def test_help_without_any_target_says_so() -> None:
    assert "none configured" in words(note_card(Note(NoteKind.RESTORE_HELP), []))


@pytest.mark.parametrize(
    ("missing", "rest"),
    [(0, "It starts now."), (1, "It needs 1 approval more."), (2, "It needs 2 approvals more.")],
)
def test_a_counted_vote_says_how_many_are_missing(missing: int, rest: str) -> None:
    note = Note(NoteKind.VOTE_COUNTED, {"request": "r-abc2345", "missing": missing})
    assert words(note_card(note, [])).splitlines()[0] == f"Your approval of `r-abc2345` is counted. {rest}"


def bell(stage: Stage, prod: Target = TARGET) -> Card:
    return stage_card(request_at(stage), prod)


def test_approvers_are_called_by_name_except_who_wanted_it() -> None:
    everyone = target(approvers=frozenset({OLGA, ANNA}))
    assert bell(Stage.APPROVING, everyone).text == "<@UANNA>: 2 approvals needed, on the card above."


@pytest.mark.parametrize("stage", sorted(BELLS - {Stage.APPROVING}))
def test_who_asked_is_called_when_it_is_over(stage: Stage) -> None:
    assert bell(stage).text.startswith("<@UOLGA>: *")


def test_a_stage_is_not_told_without_its_request() -> None:
    with pytest.raises(ValueError, match="stage_card"):
        note_card(Note(NoteKind.STAGE_REACHED, {"request": "r-abc2345"}), [])


def test_a_bell_that_comes_late_says_where_the_request_stands_now() -> None:
    ended = replace(request_at(Stage.DENIED), reason="<!here>", ended_at=T0)
    assert "<!here>" not in stage_card(ended, TARGET).text
