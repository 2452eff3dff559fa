from datetime import timedelta

import pytest

from bot.cards.backup import back_up_button, backup_card
from bot.cards.blocks import Card, actions, local
from bot.errors import Kind, Refused
from bot.rules.backup import Backup, BackupKind, failed, taken
from bot.rules.ids import BackupId
from bot.rules.trouble import trouble_of
from tests.builders import OLGA, PROD, T0, TARGET
from tests.cards.reading import labels, words

TAKING = Backup(
    BackupId("b-abc2345"), PROD, TARGET.project, TARGET.branch, "nightly", OLGA, T0, TARGET.channel
)
SNAPSHOT = taken(TAKING, BackupKind.SNAPSHOT, "snap-1", T0 + timedelta(seconds=2), T0)
BRANCH = taken(TAKING, BackupKind.BRANCH, "br-1", T0, T0, "<limit> & more")
FAILED = failed(TAKING, trouble_of(Refused(Kind.NAME_TAKEN, ref="e-abc234", name="nightly")), T0)


@pytest.mark.parametrize("backup", [TAKING, SNAPSHOT, BRANCH, FAILED])
def test_a_card_of_any_stage_says_who_asked(backup: Backup) -> None:
    assert "`b-abc2345` · asked for by <@UOLGA>" in words(backup_card(backup))


def test_a_backup_is_not_confirmed_before_it_is_taken() -> None:
    assert "*Taking* `nightly`… It counts once Neon has finished it." in words(backup_card(TAKING))
    assert backup_card(TAKING).text == "Backup of prod: taking"


def test_a_taken_backup_says_what_it_is_and_which_moment_it_holds() -> None:
    shown = words(backup_card(SNAPSHOT))
    assert "*Taken:* snapshot `nightly`" in shown
    assert "*prod* as of `2026-11-20 12:00:02.000 UTC`" in shown
    assert local(T0 + timedelta(seconds=2)) in shown


def test_a_branch_in_place_of_a_snapshot_says_why() -> None:
    shown = words(backup_card(BRANCH))
    assert "*Taken:* branch `nightly`" in shown
    assert "A branch, since Neon refused a snapshot: &lt;limit&gt; &amp; more" in shown


def test_a_backup_that_failed_says_why_and_its_ref() -> None:
    shown = words(backup_card(FAILED))
    assert "*Failed:* `nightly` was not taken. There is already a backup or branch named `nightly`." in shown
    assert "ref `e-abc234`" in shown


def test_the_button_is_labelled_back_up_now() -> None:
    card = Card("text", (actions("row", back_up_button("prod")),))
    assert labels(card) == ["Back up now"]
