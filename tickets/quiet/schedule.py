"""When a maintenance window is open: wall-clock times turned into moments. Pure; `at` is passed in, aware.

Daylight saving: a time that the clock skips begins an hour later, and the window keeps its length; of a time that
comes twice, a start is the first and an end the second. So quiet is rather too long than too short.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """`weekdays` are those on which it begins (Monday 0); None for a window that opens once.

    `last_day` is the end's day for a window that opens once, else the last day on which one begins.
    """

    zone: str
    first_day: date
    starts: time
    ends: time
    last_day: date | None = None
    weekdays: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, and without, `end`; both UTC."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


def period_at(schedule: Schedule, at: datetime) -> Period | None:
    """The period that holds `at`; of two that overlap, the one that ends later."""
    today = at.astimezone(ZoneInfo(schedule.zone)).date()
    # A period lasts a day and an hour at most, so nothing that began before the day before yesterday is open.
    days = [schedule.first_day] if schedule.weekdays is None else [today - 2 * DAY, today - DAY, today]
    found = [period for day in days if (period := _beginning_on(schedule, day)) and period.holds(at)]
    return max(found, key=lambda period: period.end, default=None)


def next_period(schedule: Schedule, after: datetime) -> Period | None:
    """The first period that begins after a moment, looked for among the coming eight days."""
    if schedule.weekdays is None:
        only = _beginning_on(schedule, schedule.first_day)
        return only if only and only.start > after else None
    today = max(after.astimezone(ZoneInfo(schedule.zone)).date(), schedule.first_day)
    coming = (_beginning_on(schedule, today + number * DAY) for number in range(9))
    return next((period for period in coming if period and period.start > after), None)


def _beginning_on(schedule: Schedule, day: date) -> Period | None:
    if day < schedule.first_day:
        return None
    if schedule.weekdays is None:
        last = schedule.last_day or schedule.first_day
    elif day.weekday() not in schedule.weekdays or (schedule.last_day and day > schedule.last_day):
        return None
    else:
        last = day + DAY if schedule.ends <= schedule.starts else day
    start, end = datetime.combine(day, schedule.starts), datetime.combine(last, schedule.ends)
    if end <= start:
        return None
    return _between(start, end, ZoneInfo(schedule.zone))


def _between(start: datetime, end: datetime, zone: ZoneInfo) -> Period:
    starts_at = start.replace(tzinfo=zone, fold=0).astimezone(UTC)
    ends_at = end.replace(tzinfo=zone, fold=0 if _is_skipped(end, zone) else 1).astimezone(UTC)
    if _is_skipped(start, zone):
        ends_at = max(ends_at, starts_at + (end - start))
    return Period(starts_at, ends_at)


def _is_skipped(wall: datetime, zone: ZoneInfo) -> bool:
    there = wall.replace(tzinfo=zone, fold=0).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None) != wall
