from datetime import timedelta

import pytest

from bot.errors import Kind, Refused, SafepointError, Unavailable
from bot.neon.answers import (
    Answer,
    ErrorBody,
    error_body,
    go_duration,
    is_busy,
    refusal,
    retry_after_seconds,
)
from tests.neon.scripted import T0

WINDOW = 'timestamp is before retention window; timestamp:"2026-06-04 00:25:59 +0000 UTC", retention_window:"6h0m0s"'
QUOTA = "compute time quota exceeded; usage:360000, limit:360000"
RUNNING = "project already has running conflicting operations, scheduling of new ones is prohibited"


def told(status: int, message: str = "", code: str = "") -> Answer:
    return Answer(status, ErrorBody(code=code, message=message, request_id="neon-1"), "branch")


def test_a_time_before_the_window_is_refused_with_the_window_in_words() -> None:
    error = refusal(told(400, WINDOW))
    assert (type(error), error.kind) == (Refused, Kind.OUTSIDE_WINDOW)
    assert error.facts == {"asked": "2026-06-04T00:25:59.000Z", "window": "6 h", "window_seconds": 21600.0}


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("2026-06-04 00:25:59.5 +0000 UTC", "2026-06-04T00:25:59.500Z"),
        ("2026-06-04 00:25:59.123456789 +0000 UTC", "2026-06-04T00:25:59.123Z"),
        ("some other day", "some other day"),
    ],
)
def test_the_time_asked_for_is_shown_even_if_neon_writes_it_in_a_new_way(asked: str, seen: str) -> None:
    assert refusal(told(400, WINDOW.replace("2026-06-04 00:25:59 +0000 UTC", asked))).facts["asked"] == seen


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("6h0m0s", timedelta(hours=6)),
        ("168h0m0s", timedelta(days=7)),
        ("45m30s", timedelta(minutes=45, seconds=30)),
        ("1.5s", timedelta(seconds=1)),
        ("", None),
        ("a week", None),
    ],
)
def test_go_durations_are_read(text: str, length: timedelta | None) -> None:
    assert go_duration(text) == length


@pytest.mark.parametrize(
    ("answer", "family", "kind", "facts"),
    [
        (told(401, "supplied credentials do not pass authentication"), Refused, Kind.WRONG_KEY, {}),
        (told(403), Refused, Kind.WRONG_KEY, {}),
        (told(404, "project not found"), Refused, Kind.NOT_FOUND, {"what": "project"}),
        (told(404), Refused, Kind.NOT_FOUND, {"what": "branch"}),
        (told(422, "no", "ROOT_BRANCHES_LIMIT_EXCEEDED"), Refused, Kind.LIMIT_REACHED, {}),
        (told(422, "no", "BRANCH_SIZE_LIMIT_EXCEEDED_THRESHOLD"), Refused, Kind.LIMIT_REACHED, {}),
        (told(423, QUOTA), Unavailable, Kind.QUOTA_USED_UP, {}),
        (told(422, "", "NON_PRIMARY_BRANCH_COMPUTE_TIME_EXCEEDED"), Unavailable, Kind.QUOTA_USED_UP, {}),
        (told(422, "Branch has children, preserve_under_name is required"), Refused, Kind.NEON_REFUSED, {}),
        (told(302), Refused, Kind.NEON_REFUSED, {"status": 302}),
    ],
)
def test_an_answer_that_will_not_get_better_is_named_by_what_to_do_next(
    answer: Answer, family: type[SafepointError], kind: Kind, facts: dict[str, object]
) -> None:
    error = refusal(answer)
    assert (type(error), error.kind) == (family, kind)
    assert facts.items() <= dict(error.facts).items()


def test_the_limit_is_named_by_neons_own_code() -> None:
    facts = refusal(told(422, "no more", "BRANCHES_LIMIT_EXCEEDED")).facts
    assert facts == {"limit": "BRANCHES_LIMIT_EXCEEDED", "message": "no more"}


def test_neons_message_is_kept_but_not_at_any_length() -> None:
    facts = refusal(told(400, "x" * 5000)).facts
    assert facts == {"status": 400, "message": "x" * 300, "neon_request_id": "neon-1"}


def test_a_project_held_by_its_operations_is_busy_and_a_used_up_quota_is_not() -> None:
    assert is_busy(told(423, RUNNING))
    assert is_busy(told(423))
    assert is_busy(told(422, "branch not ready yet"))
    assert not is_busy(told(423, QUOTA))
    assert not is_busy(told(422, "Branch has children, preserve_under_name is required"))


@pytest.mark.parametrize("content", [b"", b"<html>524</html>", b'{"code":"","mess', b"[]", b"\xff\xfe"])
def test_a_body_that_is_not_neons_says_nothing(content: bytes) -> None:
    assert error_body(content) == ErrorBody()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("Fri, 20 Nov 2026 10:00:09 GMT", 9.0),
        ("Fri, 20 Nov 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(header, T0) == seconds
