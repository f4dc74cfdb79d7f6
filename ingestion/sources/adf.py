"""Azure Data Factory, at `/azure-monitor`: Azure Monitor in all its schemas, and relays' simple form."""

from __future__ import annotations

import re

from ingestion.sources.base import Json, ParseResult, SourceSpec
from ingestion.sources.pipeline_failures import PipelineService
from ingestion.sources.pipelines import parse_pipelines
from tickets.choices import Source

_FACTORY = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.datafactory/factories/[^/]+",
    re.IGNORECASE,
)

SERVICE = PipelineService(
    slug=Source.ADF.value,
    label="Data Factory",
    resource=_FACTORY,
    queries={"pipelinefailedruns": ("name", ""), "activityfailedruns": ("pipelinename", "name")},
    log_tables=("adfpipelinerun", "adfactivityrun"),
    duration_metric="pipelineelapsedtimeruns",
)


def parse(body: Json) -> ParseResult:
    """A body posted to `/azure-monitor`."""
    return parse_pipelines(body, SERVICE)


SOURCE = SourceSpec(
    slug=SERVICE.slug,
    label="Data Factory",
    path="/azure-monitor",
    key_prefix="ADF-",
    parse=parse,
    events=(
        "alerts-management-smart-detector-fired",
        "classic-metric-fired",
        "classic-metric-resolved",
        "common-activity-log-fired",
        "common-availability-fired",
        "common-budget-fired",
        "common-log-v1-fired",
        "common-log-v2-fired",
        "common-log-v2-resolved",
        "common-metric-fired",
        "common-metric-resolved",
        "common-prometheus-fired",
        "common-resource-health-fired",
        "common-run-duration-fired",
        "common-service-health-fired",
        "common-smart-detector-fired",
        "custom-json",
        "plain-activity-log-fired",
        "plain-availability-fired",
        "plain-budget-fired",
        "plain-log-v1-fired",
        "plain-metric-fired",
        "plain-metric-resolved",
        "plain-resource-health-fired",
        "plain-service-health-fired",
        "simple-failed",
        "simple-started",
        "simple-succeeded",
    ),
)
