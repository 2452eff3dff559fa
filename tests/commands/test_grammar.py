import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Kind, Refused
from commands.grammar import (
    BACKUP_USAGE,
    RESTORE_USAGE,
    BackupWords,
    RestoreWords,
    is_help,
    nearest,
    read_backup,
    read_restore,
)


@pytest.mark.parametrize("text", ["", "  ", "help", "HELP", " Help ", "-h", "--help", "?", "\n"])
def test_help_is_asked_for_in_many_ways(text: str) -> None:
    assert is_help(text)


@pytest.mark.parametrize("text", ["hlep", "prod", "help me", "help prod to 10:25 UTC"])
def test_what_is_not_exactly_help_is_no_help(text: str) -> None:
    assert not is_help(text)


@pytest.mark.parametrize(
    ("text", "target", "when"),
    [
        ("prod to 10:25 UTC", "prod", "10:25 UTC"),
        ("  prod  to   10:25 UTC  ", "prod", "10:25 UTC"),
        ("prod TO 10:25 UTC", "prod", "10:25 UTC"),
        ("PROD to 10:25 UTC", "PROD", "10:25 UTC"),
        ("prod\nto\n10:25 UTC", "prod", "10:25 UTC"),
        ("to to to", "to", "to"),
        ("prod to to 10:25", "prod", "to 10:25"),
        ("prod from nightly", "prod", "from nightly"),
        ("prod  FROM  nightly ", "prod", "FROM  nightly"),
        ("from from from", "from", "from from"),
        ("prod to from nightly", "prod", "from nightly"),
    ],
)
def test_a_restore_names_a_target_and_a_moment(text: str, target: str, when: str) -> None:
    assert read_restore(text) == RestoreWords(target, when)


@pytest.mark.parametrize(
    "text", ["prod", "prod 10:25 UTC", "prod to", "to 10:25 UTC", "prod tomorrow 10:25", "prod from"]
)
def test_any_other_restore_is_answered_with_the_usage(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_restore(text)
    assert caught.value.kind is Kind.NOT_UNDERSTOOD
    assert caught.value.facts["usage"] == RESTORE_USAGE
    assert caught.value.facts["text"] == f"/restore {text}"


@pytest.mark.parametrize("text", ["hlep", "hepl", "HLEP", "halp", "helpp"])
def test_a_mistyped_help_is_suggested(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_restore(text)
    assert (caught.value.kind, caught.value.facts["nearest"]) == (Kind.UNKNOWN_COMMAND, "/restore help")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prod", BackupWords("prod", "")),
        ("prod before-migration", BackupWords("prod", "before-migration")),
        ("  prod   x ", BackupWords("prod", "x")),
    ],
)
def test_a_backup_names_a_target_and_maybe_itself(text: str, words: BackupWords) -> None:
    assert read_backup(text) == words


@pytest.mark.parametrize("text", ["", "prod before migration", "prod a b c"])
def test_any_other_backup_is_answered_with_the_usage(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_backup(text)
    assert (caught.value.kind, caught.value.facts["usage"]) == (Kind.NOT_UNDERSTOOD, BACKUP_USAGE)


@given(st.text())
def test_any_text_is_read_or_refused_and_quoted_only_in_part(text: str) -> None:
    for read in (read_restore, read_backup):
        try:
            read(text)
        except Refused as error:
            assert len(str(error.facts["text"])) <= 200


@pytest.mark.parametrize(
    "text", ["a " + " " * 50_000 + "b", "to " * 20_000, "x" * 50_000, "a" + " to" * 20_000]
)
def test_a_very_long_text_is_read_at_once(text: str) -> None:
    try:
        read_restore(text)
    except Refused as error:
        assert error.kind is Kind.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("prdo", "prod"),
        ("PROD", "prod"),
        ("Prod", "prod"),
        ("prd", "prod"),
        ("production", "prod"),
        ("stagign", "staging"),
        ("banana", ""),
        ("", ""),
    ],
)
def test_a_mistyped_name_gets_the_nearest_there_is(word: str, known: str) -> None:
    assert nearest(word, ["prod", "staging"]) == known


def test_nothing_is_near_where_there_is_nothing() -> None:
    assert nearest("prod", []) == ""
