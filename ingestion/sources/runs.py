"""One run of a pipeline as a body tells it: simple form, dimensions of an alert, or row of a log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingestion.sources import keys
from ingestion.sources.base import Json
from ingestion.sources.error_text import ErrorFacts, read_error
from ingestion.sources.fields import MAX_TEXT, Fields, as_object
from ingestion.sources.times import parse_time

_SUCCEEDED = frozenset({"succeeded", "success", "successful", "completed"})
_RUNNING = frozenset({"inprogress", "in progress", "in_progress", "running", "started", "queued"})


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Each part "" or None where the body says nothing."""

    pipeline: str
    run_id: str
    activity: str
    activity_type: str
    status: str
    error: ErrorFacts
    resource_id: str
    severity: str
    at: datetime | None
    activity_run_id: str
    correlation_id: str

    @property
    def is_named(self) -> bool:
        """Whether this is about a run, a pipeline or an activity at all."""
        return bool(self.pipeline or self.run_id or self.activity)

    @property
    def has_succeeded(self) -> bool:
        return self.status.lower() in _SUCCEEDED

    @property
    def is_running(self) -> bool:
        return self.status.lower() in _RUNNING


def simple_fields(body: Json) -> Fields:
    """The places of the simple form: top, `properties`, `data`, `alertContext.properties`, `essentials`."""
    data = as_object(body.get("data"))
    context: Any = data.get("alertContext") or body.get("alertContext")
    return Fields.of(
        as_object(context).get("properties"),
        data.get("properties"),
        body.get("properties"),
        body,
        data,
        data.get("essentials"),
        body.get("essentials"),
    )


def essentials_description(body: Json) -> str:
    """What a body in the simple form says in its `essentials`; "" where it says nothing."""
    data = as_object(body.get("data"))
    return Fields.of(data.get("essentials"), body.get("essentials")).text("description")


def names_run(fields: Fields) -> bool:
    """Whether `read_run` would find a run id; far cheaper than reading the rest."""
    return bool(_run_id(fields))


def read_run(fields: Fields, *more_pipeline_names: str) -> RunFacts:
    """The run in these fields; `more_pipeline_names` may hold the pipeline, too (a metric's `Name`)."""
    nested = Fields.of(fields.raw("pipeline"))
    return RunFacts(
        pipeline=fields.scalar("pipelinename", "pipeline", *more_pipeline_names)
        or nested.scalar("name", "pipelinename"),
        run_id=_run_id(fields),
        activity=fields.scalar("activityname", "activity"),
        activity_type=fields.scalar("activitytype"),
        status=fields.scalar("status", "runstatus", "pipelinestatus", "state"),
        error=read_error(fields),
        resource_id=fields.scalar("resourceid", "factoryid", "workspaceresourceid", limit=1000),
        severity=fields.scalar("severity"),
        at=parse_time(fields.raw("end", "timegenerated", "fireddatetime", "timestamp", "time", "start")),
        activity_run_id=fields.identifier("activityrunid"),
        correlation_id=fields.identifier("correlationid"),
    )


def _run_id(fields: Fields) -> str:
    nested = fields.raw("pipeline")
    return keys.canonical_id(
        fields.identifier("pipelinerunid", "runid", limit=MAX_TEXT)
        or (Fields.of(nested).identifier("runid", limit=MAX_TEXT) if isinstance(nested, dict) else "")
    )
