"""How far the run is that an attempt started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from remediation import sighting
from remediation.models import Attempt
from remediation.playbooks import finding
from remediation.sighting import target_from, time_text
from remediation.states import Kind

NEW_END_LAG = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the new run is; `run_id` where it has only now become known."""

    state: Literal["running", "good", "failed"]
    note: str = ""
    run_id: str = ""


def watch(attempt: Attempt, now: datetime) -> Progress:
    """How far the run is that an attempt started. Raises CannotAskError, IntegrationError."""
    return _WATCH[Kind(target_from(attempt.target).kind)](attempt, now)


def _watch_pipeline(attempt: Attempt, now: datetime) -> Progress:
    target = target_from(attempt.target)
    if not attempt.new_run_id:
        return _watch_for_run(attempt, now)
    run = sighting.pipelines_client(target).get_pipeline_run(attempt.new_run_id)
    if run.pipeline != target.name:
        return Progress("failed", f"Run {attempt.new_run_id} is of another pipeline.")
    status = run.status.lower()
    if status == "succeeded":
        return Progress("good")
    if status in {"failed", "cancelled"}:
        return Progress("failed", f"Run {attempt.new_run_id} {status}.")
    return Progress("running")


def _watch_job(attempt: Attempt, now: datetime) -> Progress:
    target = target_from(attempt.target)
    if not attempt.new_run_id:
        return _watch_for_run(attempt, now)
    client = sighting.databricks_client(target)
    run = client.get_run(target.run_id, include_history=True)
    is_repair = attempt.new_run_id in run.repair_ids
    if not is_repair and attempt.before.get("is_repair"):
        return Progress("running")  # not listed yet
    if not is_repair:
        run = client.get_run(attempt.new_run_id)
        if run.job_id != target.name:
            return Progress("failed", f"Run {attempt.new_run_id} is of another job.")
    condition, note = sighting.job_condition(run)
    if condition == "active":
        return Progress("running")
    if condition == "good":
        return Progress("good")
    is_old_end = is_repair and time_text(run.ended_at) == attempt.before.get("ended_at", "")
    if is_old_end and _is_young(attempt, now):
        return Progress("running")  # the run still shows how it ended before
    return Progress("failed", note or "The tasks failed again.")


def _watch_for_run(attempt: Attempt, now: datetime) -> Progress:
    """The HTTP playbook told no run: look for one that began since."""
    trace = finding.find(attempt, now)
    if trace.outcome == "made":
        return Progress("running", run_id=trace.run_id)
    return Progress("running")


def _watch_cluster(attempt: Attempt, now: datetime) -> Progress:
    target = target_from(attempt.target)
    cluster = sighting.databricks_client(target).get_cluster(target.name)
    condition, note = sighting.cluster_condition(cluster)
    if condition == "good":
        return Progress("good")
    if condition == "active":
        return Progress("running")
    if time_text(cluster.terminated_at) == attempt.before.get("ended_at", "") and _is_young(attempt, now):
        return Progress("running")
    return Progress("failed", note or f"It ended again: {cluster.termination.code or cluster.state}.")


def _watch_libraries(attempt: Attempt, now: datetime) -> Progress:
    target = target_from(attempt.target)
    condition, note = sighting.library_condition(
        sighting.databricks_client(target).library_statuses(target.name)
    )
    if condition == "good":
        return Progress("good")
    if condition == "active" or _is_very_young(attempt, now):
        return Progress("running")
    return Progress("failed", note)


def _is_young(attempt: Attempt, now: datetime) -> bool:
    return attempt.called_at is not None and now - attempt.called_at < NEW_END_LAG


def _is_very_young(attempt: Attempt, now: datetime) -> bool:
    return attempt.called_at is not None and now - attempt.called_at < finding.LIST_LAG


_WATCH: dict[Kind, Callable[[Attempt, datetime], Progress]] = {
    Kind.PIPELINE: _watch_pipeline,
    Kind.JOB: _watch_job,
    Kind.CLUSTER: _watch_cluster,
    Kind.LIBRARY: _watch_libraries,
}
