"""Failures that are over: runs that the vendors' own lists show as succeeded since.

Azure Monitor tells of no run that succeeded, and not every Databricks job has a destination for it; without this
the time to recovery would be known of few failures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from audit.services import Actor
from integrations.databricks.models import Run
from integrations.datafactory.models import PipelineRun
from tickets import services
from tickets.choices import Source

MOST_NAMES = 50
ACTOR = Actor(name="Reconciliation")

ListRuns = Callable[[tuple[str, ...]], Iterable[PipelineRun]]


@dataclass(frozen=True, slots=True)
class Success:
    """A run that succeeded, and of which pipeline or job."""

    name: str
    run: services.GoodRun


def note_good_pipeline_runs(source: str, scope: str, list_runs: ListRuns, now: datetime) -> int:
    """Ask for the good runs of pipelines whose failure waits for one; returns how many tickets recovered.

    Nobody is asked where none waits. Raises IntegrationError.
    """
    names = _waiting(source, scope, now)
    if not names:
        return 0
    good = [
        Success(run.pipeline, services.GoodRun(run.ended_at, run.run_id, run.started_at))
        for run in list_runs(names)
        if run.status == "Succeeded" and run.ended_at is not None
    ]
    return _note(source, scope, good)


def note_good_job_runs(workspace_id: str, runs: Iterable[Run], now: datetime) -> int:
    """Of the runs of a workspace, whichever way they ended, the good ones of jobs whose failure waits for one."""
    names = set(_waiting(Source.DATABRICKS, workspace_id, now))
    good = [
        Success(run.name, services.GoodRun(run.ended_at, run.run_id, run.started_at))
        for run in runs
        if run.name in names and run.state.result == "SUCCESS" and run.ended_at is not None
        if not run.parent_run_id
    ]
    return _note(Source.DATABRICKS, workspace_id, good)


def _waiting(source: str, scope: str, now: datetime) -> tuple[str, ...]:
    """Names of pipelines or jobs, those that failed last first."""
    newest = services.not_recovered(source=source, scope=scope, now=now).exclude(pipeline="")
    names = newest.order_by("-opened_at").values_list("pipeline", flat=True)[: 10 * MOST_NAMES]
    return tuple(dict.fromkeys(names))[:MOST_NAMES]


def _note(source: str, scope: str, good: Iterable[Success]) -> int:
    """The earliest first: it is the one that ended the failure."""
    recovered = 0
    for success in sorted(good, key=lambda each: each.run.succeeded_at):
        tickets = services.mark_recovered(
            source=source, pipeline=success.name, scope=scope, run=success.run, actor=ACTOR
        )
        recovered += len(tickets)
    return recovered
