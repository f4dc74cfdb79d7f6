"""Alert bodies for tests of the door and the journey."""

from __future__ import annotations

import uuid
from typing import Any


def data_factory_alert(run_id: str = "", **properties: Any) -> dict[str, Any]:
    """A common-schema log alert that carries the failed run in `alertContext.properties`."""
    factory = "/subscriptions/0f0e/resourcegroups/rg-data/providers/microsoft.datafactory/factories/adf-sales"
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "alertId": f"/subscriptions/0f0e/providers/Microsoft.AlertsManagement/alerts/{uuid.uuid4()}",
                "alertRule": "adf-sales-pipeline-failed",
                "severity": "Sev1",
                "signalType": "Log",
                "monitorCondition": "Fired",
                "monitoringService": "Log Alerts V2",
                "alertTargetIDs": [factory],
                "originAlertId": str(uuid.uuid4()),
                "firedDateTime": "2026-11-20T18:00:00.0000000Z",
                "essentialsVersion": "1.0",
                "alertContextVersion": "1.0",
            },
            "alertContext": {
                "properties": {
                    "PipelineName": "DataEng_LoadOrders",
                    "PipelineRunId": run_id or str(uuid.uuid4()),
                    "ErrorCode": "UserErrorSourceBlobNotExist",
                    "ErrorMessage": "The required Blob is missing. ContainerName: landing, path: orders/today.csv.",
                    **properties,
                }
            },
        },
    }


def data_factory_forms(run_id: str) -> list[tuple[str, dict[str, Any]]]:
    """One failed pipeline run in the three forms that different senders give it, each with its path."""
    told = {"PipelineName": "DataEng_LoadOrders", "ErrorMessage": "The required Blob is missing."}
    return [
        ("/azure-monitor", data_factory_alert(run_id)),
        ("/azure-monitor", {**told, "PipelineRunId": run_id.upper()}),
        ("/azure-monitor", {"body": {**told, "runId": run_id}}),
    ]


def databricks_forms(run_id: int, workspace_id: int = 77) -> list[tuple[str, dict[str, Any]]]:
    """One failed job run: told of the job, told of its task, and told by a relay that leaves the workspace out."""
    return [
        (
            "/databricks-monitor",
            {
                "event_type": "jobs.on_failure",
                "workspace_id": workspace_id,
                "job": {"job_id": 11, "name": "DataEng_Nightly"},
                "run": {"run_id": run_id},
            },
        ),
        (
            "/databricks-monitor",
            {
                "event_type": "jobs.on_failure",
                "workspace_id": workspace_id,
                "job": {"job_id": 11, "name": "DataEng_Nightly"},
                "run": {"run_id": run_id + 5, "parent_run_id": run_id},
                "task": {"task_key": "load"},
            },
        ),
        (
            "/databricks-monitor",
            {
                "event": "job.failed",
                "job": {"job_id": 11, "settings": {"name": "DataEng_Nightly"}},
                "run": {"run_id": str(run_id), "state": {"result_state": "FAILED"}},
            },
        ),
    ]


def resolved_alert() -> dict[str, Any]:
    """The end of an alert, which is understood and opens nothing."""
    alert = data_factory_alert()
    alert["data"]["essentials"]["monitorCondition"] = "Resolved"
    return alert
