"""Azure Synapse pipelines, at `/synapse-monitor`: Data Factory's forms with Synapse's own metrics."""

from __future__ import annotations

import re

from ingestion.sources.base import Json, ParseResult, SourceSpec
from ingestion.sources.pipeline_failures import PipelineService
from ingestion.sources.pipelines import parse_pipelines
from tickets.choices import Source

_WORKSPACE = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.synapse/workspaces/[^/]+", re.IGNORECASE
)

SERVICE = PipelineService(
    slug=Source.SYNAPSE.value,
    label="Synapse",
    resource=_WORKSPACE,
    queries={
        "integrationpipelinerunsended": ("pipeline", ""),
        "integrationactivityrunsended": ("pipeline", "activity"),
    },
    log_tables=("synapseintegrationpipelineruns", "synapseintegrationactivityruns"),
)


def parse(body: Json) -> ParseResult:
    """A body posted to `/synapse-monitor`."""
    return parse_pipelines(body, SERVICE)


SOURCE = SourceSpec(
    slug=SERVICE.slug,
    label="Synapse",
    path="/synapse-monitor",
    key_prefix="SYN-",
    parse=parse,
    events=(
        "common-log-v1-fired",
        "common-log-v2-fired",
        "common-metric-fired",
        "common-metric-resolved",
        "simple-failed",
        "simple-started",
        "simple-succeeded",
    ),
)
