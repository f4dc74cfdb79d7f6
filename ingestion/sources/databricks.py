"""Databricks, at `/databricks-monitor`: real job notifications, and the events that relays post.

Real ones ("Add notifications on a job") carry ids only: `event_type` `jobs.on_failure` and its kin,
`workspace_id`, `run`, `job`, and for a task `task` with `run.parent_run_id`. Relays post `job.*`,
`cluster.*` and `library.*`.
"""

from __future__ import annotations

from ingestion.sources.base import Json, ParseResult, SourceSpec, Unsupported
from ingestion.sources.databricks_cluster_events import parse_cluster_event, parse_library_event
from ingestion.sources.databricks_jobs import parse_job_event
from ingestion.sources.envelope import through_wrapper
from ingestion.sources.fields import Fields, key_list
from tickets.choices import Source


def parse(body: Json) -> ParseResult:
    """A body posted to `/databricks-monitor`. Never raises."""
    return through_wrapper(body, _dispatch)


def _dispatch(body: Json) -> ParseResult:
    """On the event's name where there is one, else on the objects in the body."""
    fields = Fields.of(body, body.get("data"), body.get("properties"))
    event = fields.scalar("eventtype", "event").lower()
    subject = event.replace("_", ".").split(".")[0]
    is_unnamed = not event and not fields.object("run")
    if subject == "library" or (is_unnamed and fields.raw("library")):
        return parse_library_event(event, fields)
    if subject == "cluster" or (is_unnamed and fields.object("cluster")):
        return parse_cluster_event(event, fields)
    if subject in ("jobs", "job", "run", "task") or fields.object("run", "job"):
        return parse_job_event(event, fields)
    if fields.identifier("runid", "jobrunid") and fields.scalar("jobname", "errormessage", "jobid"):
        return parse_job_event(event, fields)
    if fields.identifier("clusterid") and fields.scalar("terminationcode", "clustername", "errormessage"):
        return parse_cluster_event(event, fields)
    found = f'event type "{event}"' if event else "no event type"
    return Unsupported(
        f"No Databricks job, cluster or library event: {found}; the body's keys are: {key_list(body)}."
    )


SOURCE = SourceSpec(
    slug=Source.DATABRICKS.value,
    label="Databricks",
    path="/databricks-monitor",
    key_prefix="DBX-",
    parse=parse,
    events=(
        "cluster-ended-well",
        "cluster-failed",
        "cluster-other",
        "job-backlog-warning",
        "job-duration-warning",
        "job-failed",
        "job-maintenance",
        "job-started",
        "job-succeeded",
        "library-failed",
        "library-other",
        "relayed-job-failed",
        "relayed-job-succeeded",
        "task-duration-warning",
        "task-failed",
        "task-started",
        "task-succeeded",
    ),
)
