import re

import pytest

from bot.errors import FAMILIES, Bug, Kind, Refused, SafepointError, Unavailable, as_ours, new_ref

SECRET = "postgresql://owner:hunter2@127.0.0.1/shop"


def test_a_ref_can_be_read_out_over_the_phone() -> None:
    refs = {new_ref("e") for _ in range(200)}
    assert len(refs) == 200
    assert all(re.fullmatch(r"e-[2-9a-hjkmnp-z]{6}", ref) for ref in refs)


def test_every_error_has_a_ref_of_its_own_unless_it_is_given_one() -> None:
    assert Refused(Kind.NOT_FOUND).ref != Refused(Kind.NOT_FOUND).ref
    assert Refused(Kind.NOT_FOUND, ref="e-same22").ref == "e-same22"


def test_an_error_carries_its_facts_and_nothing_finished() -> None:
    error = Refused(Kind.NOT_FOUND, what="branch")
    assert dict(error.facts) == {"what": "branch"}
    assert error.kind is Kind.NOT_FOUND


def test_when_to_try_again_is_no_fact() -> None:
    error = Unavailable(Kind.NEON_BUSY, retry_after_seconds=7.0)
    assert error.retry_after_seconds == 7.0
    assert dict(error.facts) == {}


def test_an_error_of_ours_stays_itself() -> None:
    error = Refused(Kind.NOT_FOUND)
    assert as_ours(error) is error


def _bug(message: str) -> SafepointError:
    try:
        raise ValueError(message)
    except ValueError as error:
        return as_ours(error)


def test_any_other_error_is_a_bug_known_by_its_type_and_place() -> None:
    bug = _bug("whatever")
    assert isinstance(bug, Bug)
    assert bug.kind is Kind.BUG
    assert bug.facts["error"] == "ValueError"
    assert re.fullmatch(r"test_errors\.py:\d+", str(bug.facts["place"]))


def test_a_bug_keeps_nothing_of_a_message_that_may_quote_a_secret() -> None:
    bug = _bug(SECRET)
    assert "hunter2" not in f"{bug} {bug!r} {bug.facts} {bug.args}"


def test_an_error_that_was_never_raised_is_a_bug_from_nowhere() -> None:
    assert as_ours(ValueError()).facts["place"] == "nowhere"


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES.keys())
def test_every_family_can_be_made_from_a_kind_a_ref_and_facts(family: type[SafepointError]) -> None:
    error = family(Kind.NOT_FOUND, ref="e-abc234", what="branch")
    assert (error.kind, error.ref, dict(error.facts)) == (Kind.NOT_FOUND, "e-abc234", {"what": "branch"})
