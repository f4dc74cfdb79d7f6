"""Moments and durations as people, and the JSON of pages and API, read them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload


@overload
def iso(moment: datetime) -> str: ...
@overload
def iso(moment: None) -> None: ...
@overload
def iso(moment: datetime | None) -> str | None: ...
def iso(moment: datetime | None) -> str | None:
    """`2026-11-20T14:30:22.000512Z`; `moment` is in UTC."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def utc(moment: datetime) -> str:
    """`2025-11-29 14:30 UTC`, for people."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def utc_second(moment: datetime) -> str:
    """`2025-11-29 14:30:22 UTC`, for people."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def utc_span(start: datetime, end: datetime) -> str:
    """`2025-11-29 14:30 to 2025-11-29 15:00 UTC`, for people."""
    return f"{start.astimezone(UTC):%Y-%m-%d %H:%M} to {utc(end)}"


def duration(seconds: float) -> str:
    """The two largest units: `3 d 4 h`, `2 h 5 min`, `3 min 9 s`, `12 s`; negative counts as none."""
    left = max(round(seconds), 0)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"
