"""From a failed pipeline run down to what really failed, through its children to a Databricks run."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.databricks.links import RunPage
from integrations.datafactory.client import PipelinesClient
from integrations.datafactory.leaf import databricks_run, failing_leaf
from integrations.datafactory.models import ActivityRun, PipelineRun
from integrations.errors import IntegrationError

MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Step:
    """A pipeline run and the activity it failed at; None when the run names none."""

    run: PipelineRun
    activity: ActivityRun | None


@dataclass(frozen=True, slots=True)
class FailurePath:
    """The way down, the given run first. `problem` tells why it ends early ("" when it does not), and
    `is_worth_retrying` that a later try may get further.
    """

    steps: tuple[Step, ...]
    databricks: RunPage | None = None
    problem: str = ""
    is_worth_retrying: bool = False


def follow_failure(client: PipelinesClient, run_id: str) -> FailurePath:
    """Follow ExecutePipeline activities to the run that failed by itself, at most six runs deep.

    Raises IntegrationError only when the first run cannot be read; later the path so far is returned.
    """
    steps: list[Step] = []
    seen: set[str] = set()
    problem = ""
    is_worth_retrying = False
    while run_id and run_id not in seen:
        if len(seen) == MAX_DEPTH:
            problem = f"the pipelines are nested more than {MAX_DEPTH} deep"
            break
        seen.add(run_id)
        try:
            run = client.get_pipeline_run(run_id)
            activity = failing_leaf(client.query_activity_runs(run), run.message)
        except IntegrationError as error:
            if not steps:
                raise
            problem = f"the child run {run_id[:64]} could not be read: {error}"
            is_worth_retrying = not error.permanent
            break
        steps.append(Step(run, activity))
        run_id = activity.child_run_id if activity else ""
    last = steps[-1].activity
    return FailurePath(tuple(steps), databricks_run(last) if last else None, problem, is_worth_retrying)
