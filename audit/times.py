"""Moments as people, and the JSON of pages and API, read them."""

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
