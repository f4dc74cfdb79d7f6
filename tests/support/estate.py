"""A data factory and a Databricks workspace with a memory: what is started there is remembered and goes on.

`effects` lists every write in the order of its effect, so that a test can say what was done, and what was not.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.faults import Faults
from tests.support.vendor_server import Answer, Received, VendorServer, ok

FACTORY = "/subscriptions/0a1b/resourceGroups/rg-tide/providers/Microsoft.DataFactory/factories/adf-tide"
SCOPE = FACTORY.lower()
WORKSPACE = "77"
FAILED = {"life_cycle_state": "TERMINATED", "result_state": "FAILED", "state_message": "Workload failed"}
GOOD = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""}
RUNNING = {"life_cycle_state": "RUNNING", "state_message": ""}


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@dataclass
class Estate:
    vendor: VendorServer
    faults: Faults = field(default_factory=Faults)
    effects: list[tuple[str, str]] = field(default_factory=list)
    pipeline_runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    activities: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    job_runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    clusters: dict[str, dict[str, Any]] = field(default_factory=dict)
    libraries: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    playbook_answer: Answer = field(default_factory=lambda: Answer(202))

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._repairs = itertools.count(5001)
        self.now = datetime.now(UTC)
        self.vendor.under(f"{FACTORY}/", self._factory)
        self.vendor.under("/api/2.", self._databricks)
        self.vendor.under("/playbook/", self._playbook)

    # --- What the test puts there ---------------------------------------------------------------------

    def pipeline_fails(
        self, code: str = "GatewayTimeout", *, run_id: str = "run-0", name: str = "load", kind: str = "WebActivity",
        message: str = "", **more: Any,
    ) -> dict[str, Any]:  # fmt: skip
        run = self._pipeline_run(run_id, name, "Failed", **more)
        said = message or f"{code}: the call did not succeed."
        error = {"errorCode": code, "message": said, "failureType": "SystemError", "target": "Call"}
        self.activities[run_id] = [
            {"activityName": "Call", "activityType": kind, "status": "Failed", "error": error}
        ]
        return run

    def end_pipeline_run(self, run_id: str, status: str = "Succeeded", code: str = "GatewayTimeout") -> None:
        run = self.pipeline_runs[run_id]
        run.update(status=status, runEnd=iso(datetime.now(UTC)), lastUpdated=iso(datetime.now(UTC)))
        if status == "Failed":
            error = {
                "errorCode": code,
                "message": f"{code} again",
                "failureType": "SystemError",
                "target": "Call",
            }
            self.activities[run_id] = [
                {"activityName": "Call", "activityType": "WebActivity", "status": "Failed", "error": error}
            ]

    def pipeline_run(self, run_id: str, name: str, status: str, **more: Any) -> dict[str, Any]:
        return self._pipeline_run(run_id, name, status, **more)

    def job_fails(
        self,
        code: str = "DRIVER_ERROR",
        run_id: int = 900,
        result: str = "FAILED",
        job_id: int = 5,
        **more: Any,
    ) -> dict[str, Any]:
        details = {"code": code, "type": "CLOUD_FAILURE", "message": f"{code} befell the run"}
        status = {"state": "TERMINATED", "termination_details": details}
        state = {"state": {**FAILED, "result_state": result}, "status": status}
        run = {
            "run_id": run_id, "job_id": job_id, "run_name": "berths", "run_type": "JOB_RUN",
            "start_time": millis(self.now - timedelta(minutes=12)), "end_time": millis(self.now - timedelta(minutes=2)),
            "tasks": [{"run_id": run_id + 1, "task_key": "clean", **state}],
            "repair_history": [{"type": "ORIGINAL"}],
            **state, **more,
        }  # fmt: skip
        self.job_runs[str(run_id)] = run
        return run

    def end_job_run(
        self, run_id: int | str = 900, *, is_good: bool = True, code: str = "DRIVER_ERROR"
    ) -> None:
        run = self.job_runs[str(run_id)]
        state = {"state": dict(GOOD if is_good else FAILED)}
        run.update(state, end_time=millis(datetime.now(UTC)))
        run["tasks"] = [{**task, **state} for task in run.get("tasks", [])]
        if not is_good:
            details = {"code": code, "type": "CLOUD_FAILURE"}
            run["status"] = {"state": "TERMINATED", "termination_details": details}
            for task in run["tasks"]:
                task["status"] = run["status"]

    def cluster_ends(
        self, code: str = "COMMUNICATION_LOST", kind: str = "CLOUD_FAILURE", cluster_id: str = "c-1",
        node_type: str = "Standard_DS3_v2",
    ) -> None:  # fmt: skip
        self.clusters[cluster_id] = {
            "cluster_id": cluster_id, "cluster_name": "shared", "state": "TERMINATED", "node_type_id": node_type,
            "termination_reason": {"code": code, "type": kind, "parameters": {}},
            "terminated_time": millis(datetime.now(UTC)),
        }  # fmt: skip

    def cluster_runs(self, cluster_id: str = "c-1") -> None:
        self.clusters.setdefault(cluster_id, {"cluster_id": cluster_id, "cluster_name": "shared"})
        self.clusters[cluster_id]["state"] = "RUNNING"

    def library_fails(self, package: str = "pandas==3.0", cluster_id: str = "c-1") -> None:
        self.cluster_runs(cluster_id)
        self.libraries[cluster_id] = [
            {"library": {"pypi": {"package": package}}, "status": "FAILED", "messages": ["no wheel"]},
            {"library": {"pypi": {"package": "requests"}}, "status": "INSTALLED"},
        ]

    def writes(self) -> list[str]:
        return [name for name, _ in self.effects]

    # --- Data Factory ---------------------------------------------------------------------------------

    def _pipeline_run(self, run_id: str, name: str, status: str, **more: Any) -> dict[str, Any]:
        started = more.pop("started", self.now - timedelta(minutes=12))
        ended = None if status in {"InProgress", "Queued"} else started + timedelta(minutes=5)
        run = {
            "runId": run_id, "pipelineName": name, "status": status, "message": more.pop("message", ""),
            "runStart": iso(started), "runEnd": iso(ended) if ended else None,
            "lastUpdated": iso(ended or started), "parameters": more.pop("parameters", {"day": "2026-11-20"}),
            "runGroupId": more.pop("group", run_id), **more,
        }  # fmt: skip
        self.pipeline_runs[run_id] = run
        return run

    def _factory(self, request: Received) -> Answer:
        rest = request.path.removeprefix(f"{FACTORY}/")
        parts = rest.split("/")
        if rest == "queryPipelineRuns":
            return self._query_runs(request)
        if parts[0] == "pipelineruns" and len(parts) == 2:
            found = self.pipeline_runs.get(parts[1])
            return (
                ok(found) if found else ok({"error": {"code": "PipelineRunNotFound", "message": "no"}}, 404)
            )
        if parts[0] == "pipelineruns" and parts[2] == "queryActivityruns":
            return ok({"value": self.activities.get(parts[1], [])})
        if parts[0] == "pipelines" and parts[2] == "createRun":
            return self.faults.play("createRun", lambda: self._create_run(parts[1], request.query))
        return ok({"error": {"code": "NotFound", "message": rest}}, 404)

    def _query_runs(self, request: Received) -> Answer:
        allowed = {item["operand"]: item["values"] for item in request.json()["filters"]}
        found = [
            run for run in self.pipeline_runs.values()
            if run["status"] in allowed.get("Status", [run["status"]])
            and run["pipelineName"] in allowed.get("PipelineName", [run["pipelineName"]])
        ]  # fmt: skip
        return ok({"value": sorted(found, key=lambda run: str(run["runStart"]), reverse=True)})

    def _create_run(self, name: str, query: dict[str, str]) -> Answer:
        number = next(self._numbers)
        old = self.pipeline_runs[query["referencePipelineRunId"]]
        run_id = f"new-{number}"
        self._pipeline_run(
            run_id, name, "InProgress", started=datetime.now(UTC), parameters=old["parameters"],
            group=old["runGroupId"] if query.get("isRecovery") == "true" else run_id,
        )  # fmt: skip
        self.effects.append(
            ("createRun", f"{query['referencePipelineRunId']} {query.get('startFromFailure', '')}")
        )
        return ok({"runId": run_id})

    # --- Databricks -----------------------------------------------------------------------------------

    def _databricks(self, request: Received) -> Answer:
        name = request.path.split("/", 3)[3]
        if name == "jobs/runs/get":
            found = self.job_runs.get(request.query["run_id"])
            missing = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such run"}
            return ok(found) if found else ok(missing, 404)
        if name == "jobs/runs/list":
            since = int(request.query.get("start_time_from", 0))
            runs = [run for run in self.job_runs.values() if run["start_time"] >= since]
            return ok({"runs": sorted(runs, key=lambda run: int(run["start_time"]), reverse=True)})
        if name == "jobs/runs/get-output":
            return ok({})
        if name == "clusters/get":
            found = self.clusters.get(request.query["cluster_id"])
            return ok(found) if found else ok({"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}, 400)
        if name == "clusters/events":
            return ok({"events": []})
        if name == "libraries/cluster-status":
            return ok({"library_statuses": self.libraries.get(request.query["cluster_id"], [])})
        writes = {
            "jobs/runs/repair": self._repair, "jobs/run-now": self._run_now, "clusters/start": self._start,
            "clusters/update": self._update, "libraries/install": self._install,
        }  # fmt: skip
        if name in writes:
            return self.faults.play(name, lambda: writes[name](request.json()))
        return ok({"error_code": "ENDPOINT_NOT_FOUND", "message": name}, 404)

    def _repair(self, body: dict[str, Any]) -> Answer:
        run = self.job_runs[str(body["run_id"])]
        repairs = [item["id"] for item in run["repair_history"] if "id" in item]
        if repairs and body.get("latest_repair_id") != repairs[-1]:
            return ok({"error_code": "INVALID_PARAMETER_VALUE", "message": "latest repair id needed"}, 400)
        if run["state"]["life_cycle_state"] == "RUNNING":
            return ok({"error_code": "INVALID_STATE", "message": "the run is active"}, 400)
        repair_id = next(self._repairs)
        run["repair_history"].append({"type": "REPAIR", "id": repair_id})
        run["state"] = dict(RUNNING)
        run.pop("status", None)
        self.effects.append(("repair", str(body["run_id"])))
        return ok({"repair_id": repair_id})

    def _run_now(self, body: dict[str, Any]) -> Answer:
        token = body["idempotency_token"]
        if token not in self.tokens:
            number = next(self._repairs)
            self.tokens[token] = str(number)
            self.job_runs[str(number)] = {
                "run_id": number, "job_id": body["job_id"], "state": dict(RUNNING),
                "start_time": millis(datetime.now(UTC)),
            }  # fmt: skip
            self.effects.append(("run-now", str(body["job_id"])))
        return ok({"run_id": int(self.tokens[token])})

    def _start(self, body: dict[str, Any]) -> Answer:
        cluster = self.clusters[body["cluster_id"]]
        if cluster["state"] != "TERMINATED":
            return ok({"error_code": "INVALID_STATE", "message": "not terminated"}, 400)
        cluster["state"] = "PENDING"
        self.effects.append(("start", cluster["node_type_id"]))
        return ok({})

    def _update(self, body: dict[str, Any]) -> Answer:
        assert body["update_mask"] == "node_type_id,driver_node_type_id"
        self.clusters[body["cluster_id"]].update(body["cluster"])
        self.effects.append(("update", body["cluster"]["node_type_id"]))
        return ok({})

    def _install(self, body: dict[str, Any]) -> Answer:
        packages = [library["pypi"]["package"] for library in body["libraries"]]
        names = {package.split("==")[0] for package in packages}
        kept = [
            status for status in self.libraries[body["cluster_id"]]
            if status["library"]["pypi"]["package"].split("==")[0] not in names
        ]  # fmt: skip
        new = [{"library": library, "status": "INSTALLING"} for library in body["libraries"]]
        self.libraries[body["cluster_id"]] = [*kept, *new]
        self.effects.append(("install", ",".join(packages)))
        return ok({})

    def end_installation(self, status: str, cluster_id: str = "c-1") -> None:
        for each in self.libraries[cluster_id]:
            if each["status"] == "INSTALLING":
                each["status"] = status

    # --- HTTP playbooks -------------------------------------------------------------------------------

    def _playbook(self, request: Received) -> Answer:
        def act() -> Answer:
            self.effects.append(("playbook", request.path.removeprefix("/playbook/")))
            return self.playbook_answer

        return self.faults.play("playbook", act)
