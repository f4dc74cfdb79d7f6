"""Moments as the JSON of pages and API writes them."""

from __future__ import annotations

from datetime import datetime
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
