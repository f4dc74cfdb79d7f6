"""When a delivery is tried again, and when it is given up: decisions only, no clock and no database."""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.errors import IntegrationError

RETRY_FOR = timedelta(hours=24)
LONGEST_RETRY_AFTER = timedelta(hours=6)
# A lost answer may still take effect, or not be visible yet, in the seconds after.
UNKNOWN_OUTCOME_PAUSE = timedelta(seconds=3)
_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (1, 4, 15, 60, 180, 600, 1800))


def retry_delay(failed_attempts: int, error: IntegrationError) -> timedelta:
    """The pause after failure number `failed_attempts` (from 1): what the vendor asked for, else growing."""
    if error.retry_after is not None:
        return min(timedelta(seconds=max(error.retry_after, 0.1)), LONGEST_RETRY_AFTER)
    delay = _DELAYS[min(max(failed_attempts, 1), len(_DELAYS)) - 1]
    return max(delay, UNKNOWN_OUTCOME_PAUSE) if error.outcome_unknown else delay


def is_given_up(error: IntegrationError, failing_since: datetime, now: datetime) -> bool:
    """Whether a person must act first: the refusal is permanent, or it has been tried for a day."""
    return error.permanent or now - failing_since >= RETRY_FOR


def channel_pause(error: IntegrationError) -> timedelta | None:
    """How long the whole channel is to be left alone; None when the trouble is this delivery's own."""
    if error.permanent or error.retry_after is None or (error.status != 429 and error.code != "circuit_open"):
        return None
    return min(timedelta(seconds=error.retry_after), LONGEST_RETRY_AFTER)
