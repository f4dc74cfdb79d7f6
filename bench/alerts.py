"""Alerts to post: a log alert of Data Factory in the common schema, each with a run of its own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence

from bench.load import http_request
from bench.servers import KEY

FACTORY = "/subscriptions/0f0e/resourcegroups/rg-data/providers/microsoft.datafactory/factories/adf-sales"


def essentials(run_id: str) -> dict[str, object]:
    return {
        "alertId": f"/subscriptions/0f0e/providers/Microsoft.AlertsManagement/alerts/{run_id}",
        "alertRule": "adf-sales-pipeline-failed",
        "severity": "Sev1",
        "signalType": "Log",
        "monitorCondition": "Fired",
        "monitoringService": "Log Alerts V2",
        "alertTargetIDs": [FACTORY],
        "originAlertId": run_id,
        "firedDateTime": "2026-11-20T18:00:00.0000000Z",
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    }


def properties(run_id: str) -> dict[str, str]:
    return {
        "PipelineName": "DataEng_LoadOrders",
        "PipelineRunId": run_id,
        "ErrorCode": "UserErrorSourceBlobNotExist",
        "ErrorMessage": "The required Blob is missing. ContainerName: landing, path: orders/today.csv.",
    }


def alert_body(run_id: str = "") -> bytes:
    """One failed run; a run of its own where none is named."""
    run_id = run_id or str(uuid.uuid4())
    data = {"essentials": essentials(run_id), "alertContext": {"properties": properties(run_id)}}
    return json.dumps({"schemaId": "azureMonitorCommonAlertSchema", "data": data}).encode()


def alert_requests(
    url: str, count: int, body: Callable[[str], bytes] = alert_body, key: str = KEY
) -> Sequence[bytes]:
    """Ready-made requests, so that making them costs nothing while the server is measured."""
    headers = {"X-Api-Key": key} if key else {}
    return [http_request(url, body(str(uuid.uuid4())), headers) for _ in range(count)]
