"""Building the failures of Data Factory and Synapse: by run, and by fingerprint with a query for the runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ingestion.sources import keys
from ingestion.sources.alerts import Alert, Condition, severity_of
from ingestion.sources.base import Failure, Json, RunQuery
from ingestion.sources.error_text import is_generic
from ingestion.sources.fields import Fields, body_as_message, compact
from ingestion.sources.runs import RunFacts, essentials_description, read_run
from tickets.choices import ResourceType

_MAX_SCOPE = 300
_MOST_COUNTED = 1_000
_ANY = frozenset({"", "*"})
RUN_DURATION_EXCEEDED = "RunDurationExceeded"


@dataclass(frozen=True, slots=True)
class PipelineService:
    """Where Data Factory and Synapse differ.

    `queries` maps a metric that counts failed runs to its dimensions for the pipeline and the activity;
    `log_tables` are the tables whose rows are runs; metric and table names in lower case.
    """

    slug: str
    label: str
    resource: re.Pattern[str]
    queries: Mapping[str, tuple[str, str]]
    log_tables: tuple[str, ...]
    duration_metric: str = ""

    def resource_id(self, *candidates: str) -> str:
        """The ARM id of the factory or workspace that begins the first fitting candidate; "" without one."""
        for candidate in candidates:
            if match := self.resource.match(candidate):
                return match.group()[:_MAX_SCOPE]
        return ""

    def is_duration(self, alert: Alert | None) -> bool:
        """Whether the alert says that a run takes too long."""
        return alert is not None and any(
            c.metric.lower() == self.duration_metric for c in alert.conditions if c.metric
        )


def run_failure(run: RunFacts, service: PipelineService, alert: Alert | None, body: Json) -> Failure:
    """A failure that names its run; of the simple form also one that names only a pipeline or activity."""
    scope = service.resource_id(run.resource_id, *(alert.targets if alert else ())).lower()
    told = alert.message() if alert else essentials_description(body)
    message = run.error.message or told or _status_sentence(run) or body_as_message(body)
    is_duration = service.is_duration(alert)
    failure = Failure(
        source=service.slug,
        resource_type=ResourceType.PIPELINE if run.pipeline or run.run_id else ResourceType.ACTIVITY,
        name=run.pipeline or (alert.rule if alert else "") or run.activity or service.label,
        dedup_key=keys.run_key(service.slug, run.run_id),
        run_id=run.run_id,
        run_scope=scope,
        error_message=message,
        error_code=run.error.code,
        error_type=RUN_DURATION_EXCEEDED if is_duration else "",
        severity=(alert.severity if alert else "") or severity_of(run.severity),
        fired_at=(alert.fired_at if alert else None) or run.at,
        is_warning=is_duration,
        metadata={**(alert.metadata() if alert else {}), **_run_metadata(run, scope)},
    )
    return failure if run.run_id else _without_run(failure, run)


def _status_sentence(run: RunFacts) -> str:
    """A cancelled run has no error of its own; Data Factory and Synapse write `Cancelled`."""
    if run.status.lower() not in ("cancelled", "canceled"):
        return ""
    return f'Pipeline "{run.pipeline or run.run_id}": the run was cancelled.'


def _without_run(failure: Failure, run: RunFacts) -> Failure:
    series = (run.pipeline, run.activity)
    at = run.at.isoformat() if run.at else ""
    return replace(
        failure,
        dedup_key=keys.fingerprint(failure.source, *series, run.error.code, run.error.message, at),
        family_key=keys.family(failure.source, *series, run.error.code),
        has_firing=bool(at),
    )


def alert_failure(alert: Alert, service: PipelineService, body: Json) -> Failure:
    """One failure for an alert that names no run; `query` asks for its runs where that can be asked."""
    run = read_run(alert.fields)
    query = _run_query(alert, service)
    is_duration = service.is_duration(alert)
    names = alert.conditions[0].fields().scalar("name") if is_duration else ""
    pipeline = (query.pipeline_names[0] if query and query.pipeline_names else "") or run.pipeline or names
    activity = (query.activity_names[0] if query and query.activity_names else "") or run.activity
    scope = service.resource_id(run.resource_id, *alert.targets).lower()
    return Failure(
        source=service.slug,
        resource_type=_resource_type(pipeline, activity, is_about_runs=is_duration or query is not None),
        name=pipeline or activity or alert.rule or service.label,
        dedup_key=alert.dedup_key(service.slug),
        run_scope=scope,
        family_key=alert.family_key(service.slug),
        error_message=run.error.message or alert.message() or body_as_message(body),
        error_code=run.error.code,
        error_type=RUN_DURATION_EXCEEDED if is_duration else "",
        severity=alert.severity or severity_of(run.severity),
        fired_at=alert.fired_at,
        has_firing=bool(alert.firing),
        is_warning=is_duration,
        query=query,
        metadata={**alert.metadata(), **_run_metadata(run, scope), **compact(activity_name=activity)},
    )


def _resource_type(pipeline: str, activity: str, *, is_about_runs: bool) -> str:
    if pipeline or (is_about_runs and not activity):
        return ResourceType.PIPELINE
    return ResourceType.ACTIVITY if activity else ResourceType.OTHER


def _run_query(alert: Alert, service: PipelineService) -> RunQuery | None:
    """The query for the failed runs, or None where the alert is not about failed runs of a known resource."""
    dimensions = [condition.fields() for condition in alert.conditions]
    scope = service.resource_id(*alert.targets, *(f.scalar("resourceid", limit=1000) for f in dimensions))
    pipelines: list[str] = []
    activities: list[str] = []
    counts: list[int | None] = []
    for condition, fields in zip(alert.conditions, dimensions, strict=True):
        if names := service.queries.get(condition.metric.lower()):
            if fields.scalar("result").lower() not in ("", "failed"):
                continue
            pipelines.append(fields.scalar(names[0]))
            activities.append(fields.scalar(names[1]))
            counts.append(_counted_runs(condition, fields) if not names[1] else None)
        elif condition.query and any(table in condition.query.lower() for table in service.log_tables):
            pipelines.append(fields.scalar("pipelinename"))
            activities.append(fields.scalar("activityname"))
            counts.append(None)
    if not (scope and counts):
        return None
    return RunQuery(
        resource_id=scope,
        pipeline_names=_restriction(pipelines),
        activity_names=_restriction(activities),
        window_start=alert.window_start,
        window_end=alert.window_end,
        fired_at=alert.fired_at,
        expected_runs=counts[0] if len(counts) == 1 else None,
    )


def _counted_runs(condition: Condition, fields: Fields) -> int | None:
    """How many failed runs the metric counted; None for other aggregations, and where it counts good runs, too."""
    is_of_failures = "failed" in condition.metric.lower() or fields.scalar("result").lower() == "failed"
    try:
        count = float(condition.value)
    except ValueError:
        return None
    is_count = count.is_integer() and 1 <= count <= _MOST_COUNTED
    is_total = condition.aggregation.lower() in ("", "total")
    return int(count) if is_count and is_total and is_of_failures else None


def _restriction(names: list[str]) -> tuple[str, ...]:
    """The names to restrict a query to; none at all when one of the conditions was not split by name."""
    return () if _ANY.intersection(names) else tuple(dict.fromkeys(names))


def _run_metadata(run: RunFacts, scope: str) -> Mapping[str, Any]:
    return compact(
        activity_name=run.activity,
        activity_type=run.activity_type,
        activity_run_id=run.activity_run_id,
        failure_type=run.error.failure_type,
        error_target=run.error.target,
        correlation_id=run.correlation_id,
        run_status=run.status,
        resource_id=scope,
        resource_name=scope.rsplit("/", 1)[-1],
    )


def merged(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    """One failure per run: the more detailed message wins and takes its code along."""
    by_key: dict[str, Failure] = {}
    for failure in failures:
        known = by_key.get(failure.dedup_key)
        by_key[failure.dedup_key] = failure if known is None else _merge(known, failure)
    return tuple(by_key.values())


def _merge(first: Failure, second: Failure) -> Failure:
    best, other = (second, first) if _weight(second) > _weight(first) else (first, second)
    return replace(
        best,
        error_code=other.error_code if is_generic(best.error_code) and other.error_code else best.error_code,
        severity=best.severity or other.severity,
        metadata={**other.metadata, **best.metadata},
    )


def _weight(failure: Failure) -> tuple[bool, int]:
    return not is_generic(failure.error_code), len(failure.error_message)
