"""A run of a Databricks job, as the workspace tells of it now."""

from __future__ import annotations

from datetime import timedelta

from integrations.databricks.client import DatabricksClient
from integrations.databricks.models import Run, Task
from integrations.errors import IntegrationError
from remediation.sighting.clients import databricks_client
from remediation.sighting.clusters import end_codes
from remediation.sighting.target import CannotAskError, Condition, Sighting, Target, after_later, time_text

_EMPTY_CODES = frozenset({"", "FAILED", "SUCCESS", "UNKNOWN"})
_LATER_RUNS = 25


def look_at_job(target: Target) -> Sighting:
    """A job run, and what became of its failure in later runs. Raises CannotAskError, IntegrationError."""
    if not target.run_id:
        raise CannotAskError("The ticket names no run.")
    client = databricks_client(target)
    run = client.get_run(target.run_id, include_history=True)
    if run.parent_run_id:  # the id was that of a task's own run
        run = client.get_run(run.parent_run_id, include_history=True)
    elif run.run_id != target.run_id:
        raise CannotAskError("The vendor answered with another run than the one asked for.")
    if not run.job_id or run.job_id == "0" or run.run_type == "SUBMIT_RUN":
        raise CannotAskError("The run belongs to no job: who submitted it runs it again.")
    confirmed = Target(
        target.kind, target.source, client.config.workspace_id or target.scope, run.job_id, run.run_id
    )
    condition, note = job_condition(run)
    later: tuple[Run, ...] = ()
    if condition == "failed":
        later = client.list_runs(
            job_id=run.job_id, started_after=run.ended_at, completed_only=False, limit=_LATER_RUNS
        )
        later = tuple(item for item in later if item.run_id != run.run_id and item.job_id in {"", run.job_id})
        condition, note = after_later(
            [(item.run_id, job_condition(item)[0]) for item in later
             if dict(item.parameters) == dict(run.parameters)],
            (condition, note),
        )  # fmt: skip
    return Sighting(
        confirmed,
        condition,
        note,
        codes=_job_codes(run) or _cluster_codes(client, run),
        runs=tuple(item.run_id for item in later),
        repair_ids=run.repair_ids,
        ended_at=time_text(run.ended_at),
        has_tasks=bool(run.tasks),
        parameters=run.parameters,
    )


def job_condition(run: Run) -> tuple[Condition, str]:
    if not run.state.is_over:
        return "active", f"The run is {run.state.life_cycle.lower() or 'not ended'}."
    if "CANCEL" in run.state.result:
        return "ended", "The run was cancelled."
    if run.state.has_failed:
        return "failed", ""
    return "good", "The run has succeeded."


def _job_codes(run: Run) -> tuple[str, ...]:
    """The termination code of the failed tasks where they agree; where they do not, no code speaks for the run."""
    told = [found for task in run.failed_tasks if (found := _task_codes(task))]
    if told and any(codes != told[0] for codes in told):
        return ()
    own = tuple(code for code in (run.state.code, run.state.result) if code not in _EMPTY_CODES)
    return told[0] if told else tuple(dict.fromkeys(own))


def _task_codes(task: Task) -> tuple[str, ...]:
    codes = (task.state.code, task.state.result)
    return tuple(dict.fromkeys(code for code in codes if code not in _EMPTY_CODES))


def _cluster_codes(client: DatabricksClient, run: Run) -> tuple[str, ...]:
    """Where the run tells no code: why its cluster ended, if that was when the run did."""
    ids = [task.cluster_id for task in run.failed_tasks] + [run.cluster_id]
    for cluster_id in list(dict.fromkeys(filter(None, ids)))[:1]:
        try:
            cluster = client.get_cluster(cluster_id)
        except IntegrationError:
            return ()
        if (
            cluster.terminated_at
            and run.ended_at
            and abs(cluster.terminated_at - run.ended_at) < timedelta(minutes=15)
        ):
            return end_codes(cluster)
    return ()
