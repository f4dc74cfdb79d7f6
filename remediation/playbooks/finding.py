"""What became of a call whose outcome is not known: asked of the vendor, so that none is made twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from remediation import sighting
from remediation.models import Attempt
from remediation.playbooks.by_url import url_of
from remediation.sighting import target_from, time_text
from remediation.states import Kind

# The vendors' clocks are not ours, and a run may be listed some seconds after it was started.
CLOCK_DIFFERENCE = timedelta(minutes=2)
LIST_LAG = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Trace:
    """What became of a call whose outcome is not known: `made` (with its run), `none`, or `open`: not known yet."""

    outcome: Literal["made", "none", "open"]
    run_id: str = ""


def find(attempt: Attempt, now: datetime) -> Trace:
    """Ask the vendor whether a call took effect. Raises CannotAskError, IntegrationError."""
    return _FIND[Kind(target_from(attempt.target).kind)](attempt, now)


def _find_pipeline_run(attempt: Attempt, now: datetime) -> Trace:
    target = target_from(attempt.target)
    client = sighting.pipelines_client(target)
    called_at = attempt.called_at or now
    runs = client.query_pipeline_runs(
        called_at - CLOCK_DIFFERENCE, now + CLOCK_DIFFERENCE, statuses=(), pipelines=(target.name,), limit=100
    )
    known = {*attempt.before.get("runs", ()), attempt.run_id}
    group = {attempt.before.get("group_id", ""), attempt.run_id} - {""}
    is_ours = bool(url_of(attempt.playbook))  # an HTTP playbook may start a run outside the group
    new = [
        run for run in runs
        if run.run_id not in known
        and (run.started_at is None or run.started_at >= called_at - CLOCK_DIFFERENCE)
        and (is_ours or run.group_id in group)
    ]  # fmt: skip
    if new:
        first = min(new, key=lambda run: run.started_at or now)
        return Trace("made", first.run_id)
    return _none_after(LIST_LAG, attempt, now)


def _find_repair(attempt: Attempt, now: datetime) -> Trace:
    target = target_from(attempt.target)
    client = sighting.databricks_client(target)
    run = client.get_run(target.run_id, include_history=True)
    known = set(attempt.before.get("repair_ids", ()))
    if new := [repair for repair in run.repair_ids if repair not in known]:
        return Trace("made", new[0])
    if not run.state.is_over:
        return Trace("open")
    if not attempt.before.get("is_repair") and attempt.called_at:
        later = client.list_runs(
            job_id=target.name,
            started_after=attempt.called_at - CLOCK_DIFFERENCE,
            completed_only=False,
            limit=25,
        )
        old = {*attempt.before.get("runs", ()), target.run_id}
        if new_runs := [item.run_id for item in later if item.run_id not in old]:
            return Trace("made", new_runs[-1])
    return _none_after(LIST_LAG, attempt, now)


def _find_cluster_start(attempt: Attempt, now: datetime) -> Trace:
    target = target_from(attempt.target)
    cluster = sighting.databricks_client(target).get_cluster(target.name)
    if cluster.state == "TERMINATING":
        return Trace("open")
    has_ended_anew = time_text(cluster.terminated_at) != attempt.before.get("ended_at", "")
    if cluster.state != "TERMINATED" or has_ended_anew:
        return Trace("made")
    return _none_after(LIST_LAG, attempt, now)


def _find_installation(attempt: Attempt, now: datetime) -> Trace:
    target = target_from(attempt.target)
    statuses = sighting.databricks_client(target).library_statuses(target.name)
    return Trace("none") if sighting.library_condition(statuses)[0] == "failed" else Trace("made")


def _none_after(lag: timedelta, attempt: Attempt, now: datetime) -> Trace:
    """An empty answer proves nothing until the vendor has had the time to list what was begun."""
    return Trace("none" if attempt.called_at is None or now - attempt.called_at >= lag else "open")


_FIND: dict[Kind, Callable[[Attempt, datetime], Trace]] = {
    Kind.PIPELINE: _find_pipeline_run,
    Kind.JOB: _find_repair,
    Kind.CLUSTER: _find_cluster_start,
    Kind.LIBRARY: _find_installation,
}
