"""When waiting work is due, as a condition on its rows; for every table whose rows are the work."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q


def is_due(now: datetime, farthest: timedelta, field: str = "due_at") -> Q:
    """Due at `now` (UTC), or due further ahead than `farthest`, which is longer than any lease or pause of that table.

    A row due later still was written by a clock that was ahead: it would wait for a time that nobody meant.
    """
    return Q(**{f"{field}__lte": now}) | Q(**{f"{field}__gt": now + farthest})
