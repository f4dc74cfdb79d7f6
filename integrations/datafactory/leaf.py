"""Which activity a failed pipeline run really failed at, and what that activity points to. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from integrations.databricks.links import RunPage, parse_run_page_url
from integrations.datafactory.models import ActivityRun

# These fail because of what is in them, and what is in them is listed beside them.
_CONTAINERS = frozenset({"foreach", "ifcondition", "switch", "until"})
_NAMED = re.compile(
    r"(?:Operation on target|Inner activity name:)\s+(.+?)(?:\s+failed:|,\s*Error:)", re.DOTALL
)
_COPY_CODE = re.compile(r"ErrorCode=([A-Za-z][A-Za-z0-9_.-]+)")
_DATA_FLOW_CODE = re.compile(r"\b(DF-[A-Za-z]+(?:-[A-Za-z0-9]+)+)\b")
_STATUS_CODE = re.compile(r'"StatusCode"\s*:\s*"([A-Za-z][A-Za-z0-9_-]+)"')
_LAST = datetime.max.replace(tzinfo=UTC)


def failed_activities(activities: Iterable[ActivityRun]) -> tuple[ActivityRun, ...]:
    """The activities whose last attempt failed, in the order in which they ended."""
    last: dict[tuple[str, str], ActivityRun] = {}
    for activity in activities:
        key = activity.name, activity.iteration
        last[key] = _later(last.get(key), activity)
    failed = [activity for activity in last.values() if activity.has_failed]
    return tuple(sorted(failed, key=lambda activity: activity.ended_at or _LAST))


def failing_leaf(activities: Iterable[ActivityRun], run_message: str = "") -> ActivityRun | None:
    """The activity that failed by itself; None when none did.

    Loops and conditions give way to what is in them. Of several, the one that the run's own message names
    innermost, because an activity whose failure was handled also counts as failed; else the first to fail.
    """
    failed = failed_activities(activities)
    leaves = [item for item in failed if item.kind.lower() not in _CONTAINERS] or list(failed)
    for name in reversed(_NAMED.findall(run_message)):
        if named := [item for item in leaves if item.name == name.strip()]:
            return named[0]
    return leaves[0] if leaves else None


def databricks_run(activity: ActivityRun) -> RunPage | None:
    """The Databricks run behind an activity, out of its `runPageUrl`; None for other activities."""
    return parse_run_page_url(activity.run_page_url) if activity.run_page_url else None


def specific_code(code: str, message: str) -> str:
    """The code that says what happened, where `code` is only a number for the kind of activity.

    `2200` with `ErrorCode=UserErrorSourceBlobNotExist,'Type=…` is `UserErrorSourceBlobNotExist`; data flows
    name theirs as `DF-Executor-…` or as a `StatusCode`. A code that is a word stays as it is.
    """
    if code and not code.isdigit():
        return code
    for pattern in (_COPY_CODE, _DATA_FLOW_CODE, _STATUS_CODE):
        if found := pattern.search(message):
            return found[1].rstrip(".-")
    return code


def _later(known: ActivityRun | None, new: ActivityRun) -> ActivityRun:
    """Of two attempts the later; of two turns of a loop that cannot be told apart, the one that failed."""
    if known is None or new.retry_attempt > known.retry_attempt:
        return new
    if new.retry_attempt < known.retry_attempt or known.has_failed:
        return known
    return new
