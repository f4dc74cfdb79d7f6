"""A run of Data Factory or Synapse, as the service tells of it now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from integrations.datafactory.client import PipelinesClient
from integrations.datafactory.follow import follow_failure
from integrations.datafactory.models import ActivityRun, PipelineRun
from remediation.sighting.clients import pipelines_client
from remediation.sighting.target import CannotAskError, Condition, Sighting, Target, after_later, time_text

# What a Copy activity and its kin write at the very head of a message; further in, text of others may stand.
_HEAD_CODE = re.compile(
    r"(?:Failure happened on '(?:Source|Sink)' side\. )?ErrorCode=([A-Za-z]\w{2,100}),'Type="
)
_DATA_FLOW_HEAD = re.compile(r'\s*\{\s*"StatusCode"\s*:\s*"([A-Za-z][\w-]{2,100})"')
_VENDOR_WRITES_MESSAGE = frozenset(
    {"copy", "lookup", "getmetadata", "delete", "validation", "sqlserverstoredprocedure"}
)
_USER_WRITES_CODE = frozenset({"fail"})


def look_at_pipeline(target: Target) -> Sighting:
    """A pipeline run, and what became of its failure in later runs. Raises CannotAskError, IntegrationError."""
    if not target.run_id:
        raise CannotAskError("The ticket names no run.")
    client = pipelines_client(target)
    path = follow_failure(client, target.run_id)
    run = path.steps[0].run
    if run.run_id.lower() != target.run_id.lower() or not run.pipeline:
        raise CannotAskError("The vendor answered with another run than the one asked for.")
    confirmed = Target(target.kind, target.source, client.host.arm_id.lower(), run.pipeline, run.run_id)
    condition, note = _pipeline_condition(run)
    later: Sequence[PipelineRun] = ()
    if condition == "failed":
        later = _later_pipeline_runs(client, run)
        condition, note = after_later(
            [(item.run_id, _pipeline_condition(item)[0]) for item in later if _is_same_work(run, item)],
            (condition, note),
        )
    leaf = path.steps[-1].activity
    return Sighting(
        confirmed,
        condition,
        note,
        codes=_activity_codes(leaf) if leaf and not path.problem else (),
        group_id=run.group_id or run.run_id,
        parent=run.parent_run_id,
        runs=tuple(item.run_id for item in later),
        ended_at=time_text(run.ended_at),
        parameters=run.parameters,
    )


def _pipeline_condition(run: PipelineRun) -> tuple[Condition, str]:
    status = run.status.lower()
    if status == "failed":
        return "failed", ""
    if status == "succeeded":
        return "good", "The run has succeeded."
    if status == "cancelled":
        return "ended", "The run was cancelled."
    return "active", f"The run is {run.status or 'not ended'}."


def _later_pipeline_runs(client: PipelinesClient, run: PipelineRun) -> tuple[PipelineRun, ...]:
    """Runs of the same pipeline since the failed one began, without it."""
    since = (run.started_at or run.updated_at or datetime.now(UTC)) - timedelta(minutes=1)
    found = client.query_pipeline_runs(
        since, datetime.now(UTC) + timedelta(minutes=5), statuses=(), pipelines=(run.pipeline,), limit=100
    )
    return tuple(item for item in found if item.run_id != run.run_id and _is_later(run, item))


def _is_later(run: PipelineRun, other: PipelineRun) -> bool:
    ended = run.ended_at or run.updated_at
    return ended is None or other.started_at is None or other.started_at >= ended - timedelta(seconds=1)


def _is_same_work(run: PipelineRun, other: PipelineRun) -> bool:
    """A rerun of this run, or a run with the same parameters."""
    is_rerun = bool(other.group_id) and other.group_id in {run.group_id, run.run_id}
    return is_rerun or dict(other.parameters) == dict(run.parameters)


def _activity_codes(activity: ActivityRun) -> tuple[str, ...]:
    """The codes that the service itself wrote. A Fail activity's code and most messages are other people's text."""
    kind = activity.kind.lower()
    if kind in _USER_WRITES_CODE:
        return ()
    if activity.error_code and not activity.error_code.isdigit():
        return (activity.error_code,)
    found = _HEAD_CODE.match(activity.error_message) if kind in _VENDOR_WRITES_MESSAGE else None
    if found is None and kind == "executedataflow":
        found = _DATA_FLOW_HEAD.match(activity.error_message)
    return (found[1],) if found else ()
