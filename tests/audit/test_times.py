"""Moments are said in UTC, whatever zone they are given in; durations in two units at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from audit.times import duration, iso, utc, utc_second, utc_span

LATE = datetime(2025, 11, 29, 16, 0, 7, tzinfo=timezone(timedelta(hours=2)))


def test_times_are_said_in_utc() -> None:
    assert utc(LATE) == utc(LATE.astimezone(UTC)) == "2025-11-29 14:00 UTC"
    assert utc_second(LATE) == "2025-11-29 14:00:07 UTC"
    assert utc_span(LATE, LATE + timedelta(days=1)) == "2025-11-29 14:00 to 2025-11-30 14:00 UTC"


def test_json_of_a_moment_ends_in_z_and_of_none_is_none() -> None:
    assert iso(LATE.astimezone(UTC)) == "2025-11-29T14:00:07Z"
    assert iso(None) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (4000, "1 h 6 min"),
        (3600, "1 h"),
        (200_000, "2 d 7 h"),
        (86_400, "1 d"),
        (86_459, "1 d"),
        (119.6, "2 min"),
    ],
)
def test_duration_is_said_in_two_units_at_most(seconds: float, said: str) -> None:
    assert duration(seconds) == said
