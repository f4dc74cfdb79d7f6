"""A failed run that a vendor listed, as the failure that opens its ticket. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ingestion.sources.base import Failure
from ingestion.sources.keys import canonical_id, databricks_run_key, run_key
from integrations.databricks.errors_text import error_text
from integrations.databricks.models import Run
from integrations.datafactory.leaf import specific_code
from integrations.datafactory.models import PipelineRun
from tickets.choices import ProcessingMode, ResourceType, Source


def failure_of_run(
    run: PipelineRun, *, source: str, resource_id: str, like: Failure | None = None
) -> Failure:
    """A Data Factory or Synapse run; `like` is the alert's own failure, which gives severity and metadata."""
    base = like or Failure(source, ResourceType.PIPELINE, "", "", processing_mode=ProcessingMode.RECONCILED)
    scope = resource_id.lower()
    named: Mapping[str, Any] = {"resource_id": scope, "resource_name": scope.rsplit("/", 1)[-1]}
    return replace(
        base,
        resource_type=ResourceType.PIPELINE,
        name=run.pipeline or base.name or "Pipeline",
        dedup_key=run_key(source, run.run_id),
        family_key="",
        run_id=canonical_id(run.run_id),
        run_scope=scope,
        error_message=run.message or base.error_message,
        error_code=specific_code("", run.message) or base.error_code,
        fired_at=run.ended_at or run.updated_at or base.fired_at,
        has_firing=True,
        metadata={**base.metadata, **named},
    )


def failure_of_job_run(run: Run, *, workspace_id: str) -> Failure:
    """A Databricks job run that no webhook told of."""
    told = {
        "workspace_id": workspace_id,
        "job_id": run.job_id,
        "result_state": run.state.result,
        "run_page_url": run.page_url,
    }
    return Failure(
        source=Source.DATABRICKS,
        resource_type=ResourceType.JOB,
        name=run.name or f"job {run.job_id}",
        dedup_key=databricks_run_key(workspace_id, run.run_id),
        run_id=run.run_id,
        run_scope=workspace_id,
        error_message=error_text(run) or f"The run ended as {run.state.result or run.state.life_cycle}.",
        fired_at=run.ended_at,
        can_recur=True,
        processing_mode=ProcessingMode.RECONCILED,
        metadata={name: value for name, value in told.items() if value},
    )
