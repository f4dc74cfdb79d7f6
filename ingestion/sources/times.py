"""Times as senders write them, to aware UTC datetimes. Nothing here reads the clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = re.compile(r"[0-9]{9,13}")
_COMPACT = re.compile(r"[0-9]{14}")
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2}):(\d{2})(?: ?([AaPp])[Mm])?", re.ASCII)
_DURATION = re.compile(
    r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})(?:\.\d+)?S)?)?", re.ASCII
)
_YEARS = range(1990, 2201)


def parse_time(value: Any) -> datetime | None:
    """ISO 8601 (no zone means UTC), `3/22/2019 1:36:31 PM`, or (milli)seconds since 1970; else None.

    .NET writes 0001-01-01 for "not set": years outside 1990–2200 are no times.
    """
    try:
        moment = _read(value)
        if moment is None or moment.year not in _YEARS:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read(value: Any) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return _from_epoch(value)
    if not isinstance(value, str) or len(value) > 40:
        return None
    text = value.strip()
    if _EPOCH.fullmatch(text):
        return _from_epoch(int(text))
    if _COMPACT.fullmatch(text):
        return datetime.fromisoformat(f"{text[:8]}T{text[8:]}")
    if match := _AMERICAN.fullmatch(text):
        return _american(match)
    return datetime.fromisoformat(text)


def _from_epoch(value: float) -> datetime | None:
    """Seconds up to the year 2286, milliseconds above."""
    if not 0 < value < 10**13:
        return None
    return datetime.fromtimestamp(value / 1000 if value >= 10**10 else value, tz=UTC)


def _american(match: re.Match[str]) -> datetime:
    month, day, year, hour, minute, second = (int(part) for part in match.groups()[:6])
    if half := match.group(7):
        hour = hour % 12 + (12 if half in "pP" else 0)
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def parse_duration(value: Any) -> timedelta | None:
    """An ISO 8601 duration of days, hours, minutes and seconds (`PT5M`); None for anything else."""
    if not isinstance(value, str) or not (match := _DURATION.fullmatch(value.strip())):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds) or None


def stamp(moment: datetime) -> str:
    """`yyyymmddhhmmss` in UTC, as composite keys carry it."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")
