"""Failed pipeline runs, for Data Factory and Synapse alike.

In order: an alert that needs nobody is ignored; runs named in rows or dimensions become one failure each; an
alert that names no run becomes one failure by fingerprint, with a query for the runs where it can be asked.
"""

from __future__ import annotations

from dataclasses import replace

from audit import actions
from ingestion.sources import keys
from ingestion.sources.alerts import Alert
from ingestion.sources.azure_monitor import read_alert
from ingestion.sources.base import Failures, Ignored, Json, ParseResult, Success, Unsupported
from ingestion.sources.custom_json import custom_alert
from ingestion.sources.envelope import through_wrapper
from ingestion.sources.fields import Fields, key_list
from ingestion.sources.pipeline_failures import PipelineService, alert_failure, merged, run_failure
from ingestion.sources.runs import RunFacts, names_run, read_run, simple_fields
from ingestion.sources.verdict import why_ignored


def parse_pipelines(body: Json, service: PipelineService) -> ParseResult:
    """A body for `service`, wrapper and all, to its meaning. Never raises."""
    return through_wrapper(body, lambda inner: _parse(inner, service))


def _parse(body: Json, service: PipelineService) -> ParseResult:
    alert = read_alert(body)
    if alert and (alert.has_identity or (alert.rows and _named_runs(alert, service))):
        return _parse_alert(alert, service, body)
    return _parse_simple(body, service)


def _parse_alert(alert: Alert, service: PipelineService, body: Json) -> ParseResult:
    if service.is_duration(alert):
        alert = replace(alert, kind="run-duration")
    runs = _named_runs(alert, service)
    run_keys = tuple(dict.fromkeys(keys.run_key(service.slug, run.run_id) for run in runs))
    if ignored := why_ignored(alert, service.slug, run_keys):
        return ignored
    failed = [run for run in runs if not (run.has_succeeded or run.is_running)]
    if runs and not failed:
        return _not_failed(runs[0], service, alert.event, run_keys)
    items = merged(run_failure(run, service, alert, body) for run in failed)
    return Failures(alert.event, items or (alert_failure(alert, service, body),), alert_rule=alert.rule)


def _named_runs(alert: Alert, service: PipelineService) -> list[RunFacts]:
    """The runs that rows, dimensions or custom properties name."""
    found = [read_run(fields) for row in alert.rows if names_run(fields := Fields((row,)))]
    for condition in alert.conditions:
        if names_run(fields := condition.fields()):
            more = ("name",) if condition.metric.lower() == service.duration_metric else ()
            found.append(read_run(fields, *more))
    if not found and names_run(alert.fields):
        found.append(read_run(alert.fields))
    return found


def _parse_simple(body: Json, service: PipelineService) -> ParseResult:
    run = read_run(simple_fields(body))
    if not run.is_named:
        if read_alert(body):
            return Unsupported(
                "An Azure Monitor alert without any essentials: no rule, no target, no alert id."
            )
        return custom_alert(body, service.slug) or Unsupported(
            f"Neither an Azure Monitor alert (schemaId, data.essentials) nor a {service.label} pipeline"
            f" or run (PipelineName, PipelineRunId) was found; the body's keys are: {key_list(body)}."
        )
    if run.has_succeeded or run.is_running:
        return _not_failed(run, service, "", (keys.run_key(service.slug, run.run_id),) if run.run_id else ())
    return Failures("simple-failed", (run_failure(run, service, None, body),))


def _not_failed(run: RunFacts, service: PipelineService, event: str, run_keys: tuple[str, ...]) -> Ignored:
    what = f'The run of "{run.pipeline or run.run_id}"'
    if run.has_succeeded:
        scope = service.resource_id(run.resource_id).lower()
        whole = None if run.activity else Success(service.slug, run.pipeline, scope, run.at)
        return Ignored(
            f"{what} succeeded.",
            event or "simple-succeeded",
            actions.RUN_SUCCEEDED,
            run_keys,
            succeeded=whole,
            run_id=run.run_id,
        )
    return Ignored(
        f"{what} has only started.",
        event or "simple-started",
        actions.RUN_STARTED,
        run_keys,
        run_id=run.run_id,
    )
