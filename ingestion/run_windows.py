"""What an alert that names no run says of its runs: when they ended, how many, whether more are to come. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ingestion.sources.base import RunQuery
from integrations.datafactory.models import PipelineRun

MARGIN = timedelta(minutes=5)
BEFORE_FIRING = timedelta(minutes=15)
AFTER_FIRING = timedelta(minutes=5)
LOOK_AGAIN_FOR = timedelta(minutes=2)
_WHILE_SOME_ARE_MISSING: Sequence[timedelta] = [timedelta(seconds=seconds) for seconds in (20, 60, 120)]
_WHERE_NOBODY_COUNTED: Sequence[timedelta] = [timedelta(seconds=45)]


def window_of(query: RunQuery, *, received_at: datetime) -> tuple[datetime, datetime]:
    """The time in which the runs were last updated (UTC): the alert's window and five minutes on both sides.

    Without a window: from fifteen minutes before the firing to five after it. An alert that tells no time at all
    fired when it was received. Half a window, or one that ends before it begins, is completed in the same way.
    """
    fired_at = query.fired_at or query.window_end or received_at
    start, end = query.window_start, query.window_end
    if start is None and end is None:
        return fired_at - BEFORE_FIRING, fired_at + AFTER_FIRING
    if start is None:
        start = (end or fired_at) - BEFORE_FIRING
    if end is None or end < start:
        end = max(fired_at, start)
    return start - MARGIN, end + MARGIN


def is_within(run: PipelineRun, query: RunQuery) -> bool:
    """Whether the run ended in the alert's own window, so that the alert speaks of it beyond doubt."""
    ended_at = run.ended_at or run.updated_at
    if query.window_start is None or query.window_end is None or ended_at is None:
        return True
    return query.window_start <= ended_at <= query.window_end


def next_look(
    query: RunQuery, runs: Sequence[PipelineRun], *, found_at: datetime, now: datetime
) -> datetime | None:
    """When to ask again after the first answer with runs came at `found_at`; None: that was all.

    A run may be listed later than the metric that counted it. Where the alert tells the count, it is asked after 20,
    60 and 120 seconds for as long as fewer runs of its own window are listed; where it does not, once after 45.
    """
    pauses = _WHERE_NOBODY_COUNTED
    if query.expected_runs is not None:
        if sum(is_within(run, query) for run in runs) >= query.expected_runs:
            return None
        pauses = _WHILE_SOME_ARE_MISSING
    return next((found_at + pause for pause in pauses if found_at + pause > now), None)
