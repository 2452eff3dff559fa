from datetime import timedelta

import pytest

from bot.errors import Kind, Refused
from bot.rules.backup import (
    MAX_NAME,
    Backup,
    BackupKind,
    BackupStage,
    default_name,
    failed,
    taken,
    usable_name,
)
from bot.rules.ids import BackupId
from bot.rules.trouble import trouble_of
from tests.builders import OLGA, PROD, T0, TARGET

WISH = Backup(BackupId("b-abc2345"), PROD, TARGET.project, TARGET.branch, "nightly", OLGA, T0, TARGET.channel)
LATER = T0 + timedelta(minutes=1)
TROUBLE = trouble_of(Refused(Kind.NAME_TAKEN, name="nightly"))


@pytest.mark.parametrize("name", ["a", "before-migration", "v1.2_3", "2026-11-20", "x" * MAX_NAME])
def test_a_plain_name_is_used_as_it_is(name: str) -> None:
    assert usable_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "x" * (MAX_NAME + 1), "a b", "a/b", "<!channel>", "a`b", "a\nb", "a\x00b", "☃", "x" * 9000]
)
def test_a_name_that_is_not_plain_is_refused_and_not_repeated_at_length(name: str) -> None:
    with pytest.raises(Refused) as caught:
        usable_name(name)
    assert caught.value.kind is Kind.NAME_UNUSABLE
    assert len(str(caught.value.facts["name"])) <= MAX_NAME


def test_a_made_name_is_usable_and_its_own() -> None:
    name = default_name(PROD, T0, WISH.id)
    assert name == "prod-20261120-120000-b-abc2345"
    assert usable_name(name) == name


def test_a_backup_counts_once_it_is_taken() -> None:
    done = taken(WISH, BackupKind.BRANCH, "br-1", T0, LATER, "not on this plan")
    assert (WISH.stage, WISH.taken_at) == (BackupStage.TAKING, None)
    assert (done.stage, done.taken_at, done.ended_at) == (BackupStage.TAKEN, T0, LATER)
    assert (done.kind, done.neon_id, done.instead_of_snapshot) == (
        BackupKind.BRANCH,
        "br-1",
        "not on this plan",
    )


def test_a_backup_that_failed_says_why() -> None:
    ended = failed(WISH, TROUBLE, LATER)
    assert (ended.stage, ended.trouble, ended.ended_at) == (BackupStage.FAILED, TROUBLE, LATER)


def test_a_backup_that_was_taken_cannot_fail_afterwards() -> None:
    done = taken(WISH, BackupKind.SNAPSHOT, "snap-1", T0, LATER)
    assert failed(done, TROUBLE, LATER) is done
