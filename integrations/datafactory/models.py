"""Pipeline and activity runs as plain data. Pure and tolerant: what is missing or odd is the empty value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from integrations.reading import at, first_text, integer, mapping, moment_iso, text, text_map


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """One run of a pipeline. `status` is Queued, InProgress, Succeeded, Failed, Canceling or Cancelled."""

    run_id: str
    pipeline: str = ""
    status: str = ""
    message: str = ""
    group_id: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    dimensions: Mapping[str, str] = field(default_factory=dict)
    invoked_by: str = ""
    invoked_by_type: str = ""
    parent_pipeline: str = ""
    parent_run_id: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    duration_ms: int | None = None

    @classmethod
    def from_json(cls, run: object) -> PipelineRun:
        return cls(
            run_id=text(run, "runId"),
            pipeline=text(run, "pipelineName"),
            status=text(run, "status"),
            message=text(run, "message"),
            group_id=text(run, "runGroupId"),
            parameters=text_map(run, "parameters"),
            # The vendor's own example spells it in the singular.
            dimensions=text_map(run, "runDimensions") or text_map(run, "runDimension"),
            invoked_by=text(run, "invokedBy", "name"),
            invoked_by_type=text(run, "invokedBy", "invokedByType"),
            parent_pipeline=text(run, "invokedBy", "pipelineName"),
            parent_run_id=text(run, "invokedBy", "pipelineRunId"),
            started_at=moment_iso(run, "runStart"),
            ended_at=moment_iso(run, "runEnd"),
            updated_at=moment_iso(run, "lastUpdated"),
            duration_ms=integer(run, "durationInMs"),
        )


@dataclass(frozen=True, slots=True)
class ActivityRun:
    """One run of an activity. `error_code` is as given, often a generic number: see `leaf.specific_code`.

    `child_run_id` is the pipeline run that an ExecutePipeline activity began, `run_page_url` the Databricks
    run behind a Databricks activity; both "" elsewhere. `iteration` tells the turns of a loop apart.
    """

    name: str
    kind: str = ""
    run_id: str = ""
    pipeline_run_id: str = ""
    status: str = ""
    error_code: str = ""
    error_message: str = ""
    failure_type: str = ""
    error_target: str = ""
    linked_service: str = ""
    child_run_id: str = ""
    child_pipeline: str = ""
    run_page_url: str = ""
    retry_attempt: int = 0
    iteration: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: int | None = None
    input_json: str = ""
    output_json: str = ""

    @classmethod
    def from_json(cls, activity: object) -> ActivityRun:
        error = at(activity, "error")
        return cls(
            name=text(activity, "activityName"),
            kind=text(activity, "activityType"),
            run_id=text(activity, "activityRunId"),
            pipeline_run_id=text(activity, "pipelineRunId"),
            status=text(activity, "status"),
            error_code=first_text(error, "errorCode", "code"),
            error_message=text(error, "message"),
            failure_type=text(error, "failureType"),
            error_target=text(error, "target"),
            linked_service=text(activity, "linkedServiceName"),
            child_run_id=text(activity, "output", "pipelineRunId"),
            child_pipeline=text(activity, "output", "pipelineName")
            or text(activity, "input", "pipeline", "referenceName"),
            run_page_url=text(activity, "output", "runPageUrl"),
            retry_attempt=integer(activity, "retryAttempt") or 0,
            iteration=text(activity, "iterationHash"),
            started_at=moment_iso(activity, "activityRunStart"),
            ended_at=moment_iso(activity, "activityRunEnd"),
            duration_ms=integer(activity, "durationInMs"),
            input_json=_as_json(activity, "input"),
            output_json=_as_json(activity, "output"),
        )

    @property
    def has_failed(self) -> bool:
        return self.status.lower() in {"failed", "timedout"}


def _as_json(activity: object, name: str) -> str:
    found = mapping(activity, name)
    return json.dumps(found, ensure_ascii=True, sort_keys=True) if found else ""
