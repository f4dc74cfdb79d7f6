"""A data factory and a Databricks workspace on one loopback server: runs are put there, requests are read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.vendor_server import Answer, Received, VendorServer, ok

FACTORY = "/subscriptions/0a1b/resourceGroups/rg-tide/providers/Microsoft.DataFactory/factories/adf-tide"
SCOPE = FACTORY.lower()
START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
FAILED = {"life_cycle_state": "TERMINATED", "result_state": "FAILED", "state_message": "Workload failed"}
GOOD = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""}
TRACE = "Traceback (most recent call last):\n  File \"clean.py\", line 7, in <module>\nKeyError: 'berth_id'\n"


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def pipeline_run(run_id: str, name: str, status: str = "Failed", **more: Any) -> dict[str, Any]:
    started = more.pop("started", START)
    ended = started + timedelta(minutes=more.pop("minutes", 10))
    return {
        "runId": run_id,
        "pipelineName": name,
        "status": status,
        "message": more.pop("message", "an activity failed" if status == "Failed" else ""),
        "runStart": iso(started),
        "runEnd": iso(ended),
        "lastUpdated": iso(ended),
        "durationInMs": int((ended - started).total_seconds() * 1000),
        "parameters": more.pop("parameters", {}),
        **more,
    }


def copy_activity(name: str = "CopyBerths", code: str = "UserErrorSourceBlobNotExist") -> dict[str, Any]:
    """A failed copy, whose own code is generic and whose message names the real one."""
    said = f"ErrorCode={code},'Type=HybridDeliveryException,Message=The blob berths.csv is missing.'"
    error = {"errorCode": "2200", "message": said, "failureType": "UserError", "target": name}
    return {"activityName": name, "activityType": "Copy", "status": "Failed", "error": error}


def calling_activity(name: str, child_run_id: str) -> dict[str, Any]:
    error = {"errorCode": "BadRequest", "message": "Operation on target failed", "failureType": "UserError"}
    output = {"pipelineRunId": child_run_id}
    return {"activityName": name, "activityType": "ExecutePipeline", "status": "Failed", "error": error,
            "output": output}  # fmt: skip


def notebook_activity(name: str, page: str) -> dict[str, Any]:
    error = {"errorCode": "3204", "message": "Databricks execution failed", "failureType": "UserError"}
    return {"activityName": name, "activityType": "DatabricksNotebook", "status": "Failed", "error": error,
            "output": {"runPageUrl": page}}  # fmt: skip


def job_run(run_id: int, state: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    started = more.pop("started", START)
    ended = started + timedelta(minutes=more.pop("minutes", 5))
    return {
        "run_id": run_id,
        "job_id": 5,
        "run_name": "berth-cleaning",
        "state": state or FAILED,
        "start_time": millis(started),
        "end_time": millis(ended),
        "run_page_url": f"https://adb.example.test/#job/5/run/{run_id}",
        **more,
    }


def task(run_id: int, key: str = "clean", state: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"run_id": run_id, "task_key": key, "state": state or FAILED,
            "notebook_task": {"notebook_path": "/Shared/clean"}, **more}  # fmt: skip


@dataclass
class Play:
    """What the two vendors know. Lists are answered newest first, filtered as the real ones do."""

    vendor: VendorServer
    pipeline_runs: list[dict[str, Any]] = field(default_factory=list)
    job_runs: list[dict[str, Any]] = field(default_factory=list)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    factory_tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.vendor.on("POST", f"{FACTORY}/queryPipelineRuns", self._query_runs)
        self.vendor.on("GET", FACTORY, lambda _: ok({"name": "adf-tide", "tags": self.factory_tags}))
        self.vendor.on("GET", "/api/2.2/jobs/runs/get", self._get_run)
        self.vendor.on("GET", "/api/2.2/jobs/runs/list", self._list_runs)
        self.vendor.on("GET", "/api/2.2/jobs/runs/get-output", self._get_output)
        self.vendor.on("GET", "/api/2.2/jobs/get", ok({"job_id": 5, "settings": {"name": "berth-cleaning"}}))

    def add_pipeline_run(self, run: dict[str, Any], *activities: dict[str, Any]) -> None:
        self.pipeline_runs.append(run)
        path = f"{FACTORY}/pipelineruns/{run['runId']}"
        self.vendor.on("GET", path, ok(run))
        self.vendor.on("POST", f"{path}/queryActivityruns", ok({"value": list(activities)}))

    def add_job_run(self, run: dict[str, Any], output: dict[str, Any] | None = None) -> None:
        self.job_runs.append(run)
        for each in run.get("tasks", []):
            self.outputs[str(each["run_id"])] = output or {}

    def add_cluster(self, cluster: dict[str, Any], *events: dict[str, Any]) -> None:
        self.vendor.on("GET", "/api/2.1/clusters/get", ok(cluster))
        self.vendor.on("POST", "/api/2.1/clusters/events", ok({"events": list(events)}))

    def queries(self) -> list[Any]:
        return [request.json() for request in self.vendor.to(f"{FACTORY}/queryPipelineRuns")]

    def _query_runs(self, request: Received) -> Answer:
        asked = request.json()
        allowed = {item["operand"]: item["values"] for item in asked["filters"]}
        found = [
            run
            for run in self.pipeline_runs
            if run["status"] in allowed.get("Status", [run["status"]])
            and run["pipelineName"] in allowed.get("PipelineName", [run["pipelineName"]])
            and asked["lastUpdatedAfter"] <= run["lastUpdated"] <= asked["lastUpdatedBefore"]
        ]
        return ok({"value": sorted(found, key=lambda run: str(run["runEnd"]), reverse=True)})

    def _get_run(self, request: Received) -> Answer:
        wanted = request.query["run_id"]
        found = next((run for run in self.job_runs if str(run["run_id"]) == wanted), None)
        missing = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"Run {wanted} does not exist."}
        return ok(found) if found else ok(missing, 404)

    def _list_runs(self, request: Received) -> Answer:
        since = int(request.query.get("start_time_from", 0))
        found = [run for run in self.job_runs if run["start_time"] >= since]
        return ok({"runs": sorted(found, key=lambda run: int(run["start_time"]), reverse=True)})

    def _get_output(self, request: Received) -> Answer:
        return ok(self.outputs.get(request.query["run_id"], {}))
