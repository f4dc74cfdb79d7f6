"""Calls to one Databricks workspace. Every method raises IntegrationError and nothing else.

Facts: Databricks REST reference, Jobs 2.2, Clusters 2.1, Libraries 2.0. A workspace allows 20 runs/get-output
a second, so a report asks for the outputs of at most `MAX_OUTPUTS` failed tasks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from integrations.azure_identity import DATABRICKS_SCOPE, FixedToken, TokenSource, entra_tokens
from integrations.bearer import BearerApi, pages
from integrations.databricks.advice import advise
from integrations.databricks.clusters import Cluster, ClusterEvent, LibraryStatus
from integrations.databricks.config import VENDOR, DatabricksConfig, Workspaces
from integrations.databricks.models import Job, Run, RunReport, TaskOutput
from integrations.errors import IntegrationError, NotConfiguredError
from integrations.reading import objects, text

MAX_OUTPUTS = 10
MAX_PAGES = 20
_RUNS_PER_PAGE = 25
_API_VERSIONS = ("2.2", "2.1")


@dataclass(frozen=True, slots=True)
class DatabricksClient:
    """One workspace. Cheap to make; holds no connection of its own."""

    config: DatabricksConfig
    api: BearerApi

    @classmethod
    def connect(cls, config: DatabricksConfig, tokens: TokenSource | None = None) -> DatabricksClient:
        """`tokens` are used where the workspace has no token of its own. Raises NotConfiguredError."""
        source = FixedToken(config.token) if config.token else tokens
        if source is None:
            raise NotConfiguredError(
                VENDOR, "Set DATABRICKS_TOKEN, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET."
            )
        return cls(config, BearerApi(VENDOR, config.host, source, DATABRICKS_SCOPE, advise))

    def within(self, seconds: float) -> DatabricksClient:
        """The same client with `seconds` for all its calls together."""
        return replace(self, api=self.api.within(seconds))

    def get_run(self, run_id: str, *, include_history: bool = False) -> Run:
        """A run with all its tasks, page by page. `include_history` fills `repair_ids`."""
        asked = {"run_id": run_id, **({"include_history": "true"} if include_history else {})}

        def fetch(token: str) -> dict[str, Any]:
            return self._jobs("GET", "runs/get", {**asked, **({"page_token": token} if token else {})})

        whole: dict[str, Any] = {}
        tasks: list[dict[str, Any]] = []
        for page in pages(fetch, "next_page_token", MAX_PAGES):
            whole = whole or page
            tasks += objects(page, "tasks")
        return Run.from_json({**whole, "tasks": tasks})

    def get_output(self, task_run_id: str) -> TaskOutput:
        """The output of one task's own run; the API refuses the run of a job with several tasks."""
        return TaskOutput.from_json(self._jobs("GET", "runs/get-output", {"run_id": task_run_id}))

    def report(self, run_id: str) -> RunReport:
        """A run with the outputs of its failed tasks. An output that cannot be had is told, not raised."""
        run = self.get_run(run_id)
        failed = run.failed_tasks
        wanted = [task.run_id for task in failed if task.run_id] if run.tasks else [run.run_id or run_id]
        outputs: dict[str, TaskOutput] = {}
        problems = []
        is_worth_retrying = False
        if len(wanted) > MAX_OUTPUTS:
            problems.append(
                f"{len(wanted)} tasks failed; the outputs of the first {MAX_OUTPUTS} were fetched"
            )
        for task_run_id in wanted[:MAX_OUTPUTS]:
            try:
                outputs[task_run_id] = self.get_output(task_run_id)
            except IntegrationError as error:
                problems.append(f"the output of task run {task_run_id} could not be fetched: {error}")
                is_worth_retrying = is_worth_retrying or not error.permanent
                if error.code in {"out_of_time", "circuit_open"}:
                    break
        return RunReport(run, outputs, tuple(problems), is_worth_retrying)

    def list_runs(
        self,
        *,
        job_id: str = "",
        started_after: datetime | None = None,
        completed_only: bool = True,
        limit: int = 100,
    ) -> tuple[Run, ...]:
        """Runs, newest first, at most `limit`; without a `job_id` those of every job the token may see."""
        asked = {"limit": str(min(limit, _RUNS_PER_PAGE)), "completed_only": str(completed_only).lower()}
        if job_id:
            asked["job_id"] = job_id
        if started_after:
            asked["start_time_from"] = str(int(started_after.timestamp() * 1000))

        def fetch(token: str) -> dict[str, Any]:
            return self._jobs("GET", "runs/list", {**asked, **({"page_token": token} if token else {})})

        found: list[Run] = []
        for page in pages(fetch, "next_page_token", MAX_PAGES):
            found += [Run.from_json(run) for run in objects(page, "runs")]
            if len(found) >= limit or page.get("has_more") is False:
                break
        return tuple(found[:limit])

    def get_job(self, job_id: str) -> Job:
        """A job's settings: its name, tags and schedule."""
        return Job.from_json(self._jobs("GET", "get", {"job_id": job_id}))

    def get_cluster(self, cluster_id: str) -> Cluster:
        """A cluster; one that is unknown or purged (30 days after its end) is refused with 400, not 404."""
        return Cluster.from_json(self.api.get("/api/2.1/clusters/get", {"cluster_id": cluster_id}))

    def cluster_events(
        self,
        cluster_id: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        kinds: Sequence[str] = (),
        limit: int = 50,
    ) -> tuple[ClusterEvent, ...]:
        """A cluster's events, newest first, at most `limit` (500 at a time)."""
        asked: dict[str, object] = {"cluster_id": cluster_id, "order": "DESC", "page_size": min(limit, 500)}
        if start:
            asked["start_time"] = int(start.timestamp() * 1000)
        if end:
            asked["end_time"] = int(end.timestamp() * 1000)
        if kinds:
            asked["event_types"] = list(kinds)

        def fetch(token: str) -> dict[str, Any]:
            return self.api.post(
                "/api/2.1/clusters/events", {**asked, **({"page_token": token} if token else {})}
            )

        found: list[ClusterEvent] = []
        for page in pages(fetch, "next_page_token", MAX_PAGES):
            found += [ClusterEvent.from_json(event) for event in objects(page, "events")]
            if len(found) >= limit:
                break
        return tuple(found[:limit])

    def run_now(
        self, job_id: str, idempotency_token: str, job_parameters: Mapping[str, str] | None = None
    ) -> str:
        """Start a job; returns the run's id. The same token (at most 64 characters) starts it only once."""
        if not 0 < len(idempotency_token) <= 64:
            raise ValueError("idempotency_token: expected 1 to 64 characters")
        body: dict[str, object] = {"job_id": _number(job_id), "idempotency_token": idempotency_token}
        if job_parameters:
            body["job_parameters"] = dict(job_parameters)
        return self._made(self._jobs("POST", "run-now", body), "run_id")

    def repair_run(self, run_id: str, latest_repair_id: str = "") -> str:
        """Run the failed tasks of an ended run again; returns the repair's id.

        Never repeated here: there is no idempotency token. From the second repair on `latest_repair_id` (the
        last of `Run.repair_ids`) is required, which also makes an accidental second one fail.
        """
        body: dict[str, object] = {"run_id": _number(run_id), "rerun_all_failed_tasks": True}
        if latest_repair_id:
            body["latest_repair_id"] = _number(latest_repair_id)
        return self._made(self._jobs("POST", "runs/repair", body, idempotent=False), "repair_id")

    def start_cluster(self, cluster_id: str) -> None:
        """Start a terminated cluster; INVALID_STATE (400) when it is not terminated."""
        self.api.call("POST", "/api/2.1/clusters/start", json={"cluster_id": cluster_id}, idempotent=False)

    def change_node_type(self, cluster_id: str, node_type: str) -> None:
        """Give a cluster another node type, for driver and workers; a terminated one has it at its next start.

        Repeating it does no harm. The mask leaves every other setting as it is (Clusters API, update).
        """
        fields = ("node_type_id", "driver_node_type_id")
        body = {
            "cluster_id": cluster_id,
            "update_mask": ",".join(fields),
            "cluster": dict.fromkeys(fields, node_type),
        }
        self.api.call("POST", "/api/2.1/clusters/update", json=body)

    def library_statuses(self, cluster_id: str) -> tuple[LibraryStatus, ...]:
        """The libraries of a cluster and whether each is installed."""
        answer = self.api.get("/api/2.0/libraries/cluster-status", {"cluster_id": cluster_id})
        return tuple(LibraryStatus.from_json(entry) for entry in objects(answer, "library_statuses"))

    def install_libraries(self, cluster_id: str, libraries: Sequence[Mapping[str, object]]) -> None:
        """Ask for libraries (each as `LibraryStatus.library`) to be installed; returns before they are."""
        body = {"cluster_id": cluster_id, "libraries": [dict(library) for library in libraries]}
        self.api.call("POST", "/api/2.0/libraries/install", json=body)

    def _jobs(
        self, method: str, name: str, asked: Mapping[str, Any], *, idempotent: bool = True
    ) -> dict[str, Any]:
        """A Jobs call in the newest version that the workspace knows. A call in a version that it does not
        know does nothing, so falling back is safe for writes as well.
        """
        last: IntegrationError | None = None
        for version in _API_VERSIONS:
            path = f"/api/{version}/jobs/{name}"
            try:
                if method == "GET":
                    return self.api.get(path, asked)
                return self.api.post(path, asked, idempotent=idempotent)
            except IntegrationError as error:
                # An older version knows no other runs: when it fails as well, the first refusal says more.
                last = last or error
                if not _is_unknown_version(error):
                    break
        assert last is not None
        raise last

    def _made(self, answer: dict[str, Any], name: str) -> str:
        if made := text(answer, name):
            return made
        raise IntegrationError(
            f"{VENDOR}: the answer holds no {name}",
            vendor=VENDOR,
            permanent=False,
            code="not_json",
            outcome_unknown=True,
        )


def client_for_workspace(workspace_id: str) -> DatabricksClient | None:
    """The client for the workspace of an event ("" when untold); None when no token of ours belongs to it.

    Raises IntegrationError when the settings cannot be used, NotConfiguredError when they hold no credential.
    """
    config = Workspaces.from_settings().for_id(workspace_id)
    return DatabricksClient.connect(config, entra_tokens()) if config else None


def client_for_host(host: str) -> DatabricksClient | None:
    """The client for a host name that stood in somebody's output; None unless it is one of the settings'."""
    config = Workspaces.from_settings().for_host(host)
    return DatabricksClient.connect(config, entra_tokens()) if config else None


def _is_unknown_version(error: IntegrationError) -> bool:
    if error.status in {404, 405, 501}:
        return error.code != "RESOURCE_DOES_NOT_EXIST"
    return error.status == 400 and "api version" in str(error).lower()


def _number(identifier: str) -> int | str:
    """Ids are 64-bit numbers on the wire and text with us."""
    return (
        int(identifier)
        if identifier.isascii() and identifier.isdigit() and len(identifier) < 20
        else identifier
    )
