"""Reading and writing instants as Neon does."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.neon.instants import go_duration, go_time, read_rfc3339, rfc3339, rfc3339_exact
from bot.sandbox.neon.wal import Lsn

_INSTANT = datetime(2026, 6, 4, 0, 25, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-04T00:25:59Z", _INSTANT),
        ("2026-06-04T00:25:59.5Z", _INSTANT + timedelta(milliseconds=500)),
        ("2026-06-04T02:25:59.000001+02:00", _INSTANT + timedelta(microseconds=1)),
        ("2026-06-04t00:25:59.123456789z", _INSTANT + timedelta(microseconds=123456)),
    ],
)
def test_an_instant_is_read_to_the_microsecond(text: str, expected: datetime) -> None:
    assert read_rfc3339(text) == expected


@pytest.mark.parametrize(
    "text", ["2026-06-04T00:25:59", "2026-06-04 00:25:59Z", "2026-06-04", "now", "2026-13-04T00:25:59Z", ""]
)
def test_a_time_without_a_zone_or_in_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_rfc3339(text)


def test_instants_are_written_as_neon_and_go_write_them() -> None:
    later = _INSTANT + timedelta(milliseconds=120)
    assert rfc3339(later) == "2026-06-04T00:25:59Z"
    assert rfc3339_exact(_INSTANT) == "2026-06-04T00:25:59Z"
    assert rfc3339_exact(later) == "2026-06-04T00:25:59.12Z"
    assert go_time(_INSTANT) == "2026-06-04 00:25:59 +0000 UTC"
    assert go_time(later) == "2026-06-04 00:25:59.12 +0000 UTC"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(21600, "6h0m0s"), (86400, "24h0m0s"), (90, "1m30s"), (3600, "1h0m0s"), (5, "5s"), (0, "0s")],
)
def test_durations_are_written_as_go_writes_them(seconds: int, text: str) -> None:
    assert go_duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize("text", ["0/1DE2850", "A/0", "FFFFFFFF/FFFFFFFF"])
def test_a_position_in_the_log_is_read_and_written_back(text: str) -> None:
    assert str(Lsn.read(text)) == text


@pytest.mark.parametrize("text", ["", "1DE2850", "/", "0/", "0/1/2", "g/0", "123456789/0", "-1/0", "0/ 1"])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Lsn.read(text)
