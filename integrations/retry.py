"""When to try again, and after how long: decisions only, no clock and no network."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
MAX_SLEEP_SECONDS = 5.0  # a longer wait belongs to Celery or to a row: a sleeping worker helps nobody
MAX_RETRY_AFTER_SECONDS = 86_400.0
_FIRST_BACKOFF_SECONDS = 0.5


def is_permanent(status: int) -> bool:
    """Whether the same request would get the same refusal until a person changes something."""
    return status not in {408, 425, 429} and status < 500


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header, which is a number of seconds or an HTTP date.

    Returns seconds from `now` (UTC, aware), never negative, at most a day; None where the header is absent or
    says nothing that can be read.
    """
    text = (value or "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text, now)
    if math.isnan(seconds):  # written so in the header, or left by an unreadable date
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def _seconds_until(text: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return float("nan")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()


def backoff_seconds(attempt: int, chance: float) -> float:
    """The pause after failed attempt number `attempt` (from 0): doubling, and spread by `chance` in [0, 1).

    The spread is half of the pause, so that workers that failed together do not come back together.
    """
    pause = min(_FIRST_BACKOFF_SECONDS * 2.0 ** min(attempt, 10), MAX_SLEEP_SECONDS)
    return pause * (0.5 + chance / 2)
