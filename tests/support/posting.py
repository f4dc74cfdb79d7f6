"""Posting alerts to the door in tests, and small bodies whose identity is the point."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

ADF, CLUSTERS, DATABRICKS, FUNCTIONS, SYNAPSE = (
    "/azure-monitor",
    "/azure-monitor-alert",
    "/databricks-monitor",
    "/azure-functions-monitor",
    "/synapse-monitor",
)


def post(client: Client, path: str, body: object) -> dict[str, Any]:
    """What the door answers to a JSON body; fails the test unless it is 202."""
    told = client.post(path, json.dumps(body), content_type="application/json")
    assert told.status_code == 202, told.content
    answer: dict[str, Any] = json.loads(told.content)
    return answer


def job_failed(run_id: int | str, workspace: int | str | None = 11, **more: Any) -> dict[str, Any]:
    """A real Databricks notification; without a workspace it is the form of a relay."""
    body: dict[str, Any] = {
        "event_type": "jobs.on_failure",
        "run": {"run_id": run_id},
        "job": {"job_id": 7, "name": "DataEng_Nightly"},
        **more,
    }
    if workspace is not None:
        body["workspace_id"] = workspace
    return body


def task_failed(task_run: int, parent_run: int, workspace: int | None = 11) -> dict[str, Any]:
    run = {"run_id": task_run, "parent_run_id": parent_run}
    return job_failed(task_run, workspace, run=run, task={"task_key": "load"})


def pipeline_failed(run_id: str = "", **properties: Any) -> dict[str, Any]:
    """The simple form; without a run id it has no mark of its own firing."""
    named = {"PipelineRunId": run_id} if run_id else {}
    told = {"PipelineName": "pl_load", "Status": "Failed", "ErrorMessage": "Disk full.", **named}
    return {"properties": {**told, **properties}}
