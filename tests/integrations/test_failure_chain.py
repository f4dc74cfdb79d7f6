"""From a parent pipeline to the Python trace of a Databricks task, over two vendors on loopback."""

from __future__ import annotations

from integrations.azure_identity import FixedToken
from integrations.databricks.client import DatabricksClient
from integrations.databricks.config import DatabricksConfig, Workspaces
from integrations.databricks.errors_text import error_text, traces
from integrations.datafactory.client import PipelinesClient, PipelinesConfig
from integrations.datafactory.follow import follow_failure
from integrations.datafactory.resource import parse_host_id
from tests.support.vendor_server import VendorServer, ok

FACTORY = "/subscriptions/0a1b/resourceGroups/rg/providers/Microsoft.DataFactory/factories/adf-orders"
TRACE = "Traceback (most recent call last):\n  File \"clean.py\", line 7, in <module>\nKeyError: 'order_id'\n"


def play_factory(vendor: VendorServer) -> None:
    """`nightly` runs `load`, which runs the notebook; both say only that what they started failed."""
    parent = {"runId": "run-parent", "pipelineName": "nightly", "status": "Failed",
              "message": "Operation on target Load failed: Operation on target Clean failed: see below"}  # fmt: skip
    child = {"runId": "run-child", "pipelineName": "load", "status": "Failed",
             "message": "Operation on target Clean failed: see below"}  # fmt: skip
    start = {"activityName": "Load", "activityType": "ExecutePipeline", "status": "Failed",
             "output": {"pipelineRunId": "run-child"}}  # fmt: skip
    notebook = {"activityName": "Clean", "activityType": "DatabricksNotebook", "status": "Failed",
                "error": {"errorCode": "3204", "message": "Databricks execution failed"},
                "output": {"runPageUrl": "https://127.0.0.1/?o=77#job/5/run/900"}}  # fmt: skip
    for run, activity in ((parent, start), (child, notebook)):
        path = f"{FACTORY}/pipelineruns/{run['runId']}"
        vendor.on("GET", path, ok(run))
        vendor.on("POST", f"{path}/queryActivityruns", ok({"value": [activity]}))


def test_chain_ends_in_the_trace_of_the_task_that_failed(vendor: VendorServer) -> None:
    play_factory(vendor)
    failed = {"life_cycle_state": "TERMINATED", "result_state": "FAILED", "state_message": "Workload failed"}
    task = {"task_key": "clean", "run_id": 901, "state": failed}
    vendor.on(
        "GET", "/api/2.2/jobs/runs/get", ok({"run_id": 900, "job_id": 5, "state": failed, "tasks": [task]})
    )
    vendor.on(
        "GET", "/api/2.2/jobs/runs/get-output", ok({"error": "KeyError: 'order_id'", "error_trace": TRACE})
    )
    host = parse_host_id(FACTORY)
    assert host is not None
    factory = PipelinesClient.connect(host, PipelinesConfig(vendor.url), FixedToken("arm"))

    path = follow_failure(factory.within(10), "run-parent")
    assert [step.run.pipeline for step in path.steps] == ["nightly", "load"]
    page = path.databricks
    assert page is not None

    workspaces = Workspaces(DatabricksConfig(vendor.url, "dapi-1", "77"))
    config = workspaces.for_host(page.host)
    assert config is not None
    assert config is workspaces.for_id(page.workspace_id)
    report = DatabricksClient.connect(config).within(10).report(page.run_id)
    assert error_text(report.run, report.outputs) == "[Task: clean] KeyError: 'order_id'"
    assert traces(report) == (("clean", TRACE),)
    assert [request.headers["authorization"] for request in vendor.requests] == [
        *["Bearer arm"] * 4,
        *["Bearer dapi-1"] * 2,
    ]
