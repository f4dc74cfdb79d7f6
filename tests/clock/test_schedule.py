"""When a window is open: midnight, weekdays, and both changes of the clock in Europe and America."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.quiet.schedule import Period, Schedule, next_period, period_at

EVERY_DAY = frozenset(range(7))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def night(
    zone: str = "Europe/Berlin", starts: str = "22:00", ends: str = "06:00", **more: object
) -> Schedule:
    fields: dict[str, object] = {"first_day": date(2026, 1, 1), "weekdays": EVERY_DAY, **more}
    return Schedule(zone=zone, starts=time.fromisoformat(starts), ends=time.fromisoformat(ends), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("schedule", "at", "start", "end"),
    [
        (night(), "2026-11-20 23:30", "2026-11-20 21:00", "2026-11-21 05:00"),
        (night(), "2026-07-01 03:59", "2026-06-30 20:00", "2026-07-01 04:00"),
        # The night in which the clock goes back lasts an hour longer, the one in which it goes forward an hour less.
        (night(), "2026-10-25 04:30", "2026-10-24 20:00", "2026-10-25 05:00"),
        (night(), "2027-03-28 03:30", "2027-03-27 21:00", "2027-03-28 04:00"),
        (night("America/New_York"), "2026-11-01 05:30", "2026-11-01 02:00", "2026-11-01 11:00"),
        # 02:30 comes twice: from the first one to the second one.
        (night(starts="02:30", ends="02:45"), "2026-10-25 01:40", "2026-10-25 00:30", "2026-10-25 01:45"),
        # 02:30 does not come: an hour later, as long as ever.
        (night(starts="02:30", ends="03:00"), "2027-03-28 01:45", "2027-03-28 01:30", "2027-03-28 02:00"),
        (night(starts="01:30", ends="02:30"), "2027-03-28 01:15", "2027-03-28 00:30", "2027-03-28 01:30"),
        # The same time twice means a whole day.
        (night("UTC", "05:00", "05:00"), "2026-11-21 04:59", "2026-11-20 05:00", "2026-11-21 05:00"),
    ],
)
def test_period_that_holds_a_moment(schedule: Schedule, at: str, start: str, end: str) -> None:
    assert period_at(schedule, utc(at)) == Period(utc(start), utc(end))


def test_start_belongs_to_the_window_and_the_end_does_not() -> None:
    assert period_at(night(), utc("2026-11-20 21:00")) is not None
    assert period_at(night(), utc("2026-11-20 20:59")) is None
    assert period_at(night(), utc("2026-11-21 05:00")) is None


def test_weekly_window_begins_on_its_days_and_ends_on_the_next() -> None:
    weekend = night("UTC", weekdays=frozenset({4}))  # Friday
    assert period_at(weekend, utc("2026-11-20 23:00")) is not None
    assert period_at(weekend, utc("2026-11-21 05:00")) is not None
    assert period_at(weekend, utc("2026-11-21 23:00")) is None
    following = next_period(weekend, utc("2026-11-21 07:00"))
    assert following == Period(utc("2026-11-27 22:00"), utc("2026-11-28 06:00"))


def test_last_day_is_the_last_on_which_one_begins() -> None:
    ended = night("UTC", last_day=date(2026, 11, 20))
    assert period_at(ended, utc("2026-11-21 05:00")) is not None
    assert period_at(ended, utc("2026-11-21 22:30")) is None
    assert next_period(ended, utc("2026-11-21 00:00")) is None


def test_window_that_opens_once_may_last_for_days() -> None:
    once = Schedule("Europe/Berlin", date(2026, 10, 24), time(18), time(8), last_day=date(2026, 10, 26))
    assert period_at(once, utc("2026-10-25 12:00")) == Period(
        utc("2026-10-24 16:00"), utc("2026-10-26 07:00")
    )
    assert period_at(once, utc("2026-10-26 07:00")) is None
    assert next_period(once, utc("2026-10-01 00:00")) == period_at(once, utc("2026-10-25 12:00"))


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    st.times(),
    st.times(),
    st.integers(0, 720 * 24 * 60),
)
def test_every_daily_window_opens_within_26_hours_and_lasts_no_longer(
    zone: str, starts: time, ends: time, minutes: int
) -> None:
    schedule = Schedule(zone, date(2026, 1, 1), starts, ends, weekdays=EVERY_DAY)
    moment = datetime(2026, 1, 3, tzinfo=UTC) + timedelta(minutes=minutes)
    coming = next_period(schedule, moment)
    assert coming is not None
    assert timedelta(0) < coming.start - moment <= timedelta(hours=26)
    assert timedelta(0) < coming.end - coming.start <= timedelta(hours=26)
    assert period_at(schedule, coming.start) is not None
