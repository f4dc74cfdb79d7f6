"""The Databricks client against a workspace on loopback: what is asked, and what is made of the answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.databricks.client import MAX_OUTPUTS, DatabricksClient
from integrations.databricks.config import DatabricksConfig
from integrations.errors import IntegrationError, NotConfiguredError
from tests.support.vendor_server import Answer, Received, VendorServer, html, ok

GET = "/api/2.2/jobs/runs/get"
OUTPUT = "/api/2.2/jobs/runs/get-output"
FAILED = {"life_cycle_state": "TERMINATED", "result_state": "FAILED", "state_message": "Task failed"}
FINE = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""}


@pytest.fixture
def client(vendor: VendorServer) -> DatabricksClient:
    return DatabricksClient.connect(DatabricksConfig(vendor.url, "dapi-test-token", "77"))


def task(key: str, run_id: int, state: object = FAILED, **more: object) -> dict[str, object]:
    return {"task_key": key, "run_id": run_id, "state": state, **more}


def run(*tasks: object, **more: object) -> dict[str, object]:
    return {"run_id": 900, "job_id": 5, "run_name": "nightly", "state": FAILED, "tasks": list(tasks), **more}


def test_run_is_asked_for_with_the_token_and_read(vendor: VendorServer, client: DatabricksClient) -> None:
    vendor.on("GET", GET, ok(run(task("load", 901), start_time=1_760_000_000_000, run_duration=65_000)))
    found = client.get_run("900")
    (request,) = vendor.requests
    assert request.headers["authorization"] == "Bearer dapi-test-token"
    assert request.query == {"run_id": "900"}
    assert (found.run_id, found.job_id, found.name, found.duration_ms) == ("900", "5", "nightly", 65_000)
    assert found.started_at == datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC)
    assert [(item.key, item.run_id) for item in found.failed_tasks] == [("load", "901")]


def test_tasks_of_all_pages_are_read(vendor: VendorServer, client: DatabricksClient) -> None:
    vendor.on(
        "GET", GET, ok(run(task("a", 1), next_page_token="p2")), ok(run(task("b", 2), next_page_token=""))
    )
    assert [item.key for item in client.get_run("900").tasks] == ["a", "b"]
    assert [request.query.get("page_token") for request in vendor.requests] == [None, "p2"]


def test_page_token_that_repeats_ends_the_paging(vendor: VendorServer, client: DatabricksClient) -> None:
    vendor.on("GET", GET, ok(run(task("a", 1), next_page_token="same")))
    client.get_run("900")
    assert len(vendor.requests) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        ok({"error_code": "ENDPOINT_NOT_FOUND", "message": "No API found"}, 404),
        html(404, "Not found"),
        ok({"error_code": "BAD_REQUEST", "message": "Unsupported API version 2.2"}, 400),
    ],
)
def test_older_version_is_used_where_the_newer_is_unknown(
    vendor: VendorServer, client: DatabricksClient, refusal: Answer
) -> None:
    vendor.on("GET", GET, refusal)
    vendor.on("GET", "/api/2.1/jobs/runs/get", ok(run(task("a", 1))))
    assert client.get_run("900").run_id == "900"
    assert [request.path for request in vendor.requests] == [GET, "/api/2.1/jobs/runs/get"]


def test_run_that_does_not_exist_is_refused_without_asking_twice(
    vendor: VendorServer, client: DatabricksClient
) -> None:
    vendor.on(
        "GET", GET, ok({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Run 900 does not exist"}, 404)
    )
    with pytest.raises(IntegrationError, match="Run 900 does not exist") as caught:
        client.get_run("900")
    assert (caught.value.permanent, caught.value.code) == (True, "RESOURCE_DOES_NOT_EXIST")
    assert "60 days" in caught.value.advice
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    ("status", "word"), [(401, "DATABRICKS_TOKEN"), (403, "CAN_VIEW"), (404, "DATABRICKS_HOST")]
)
def test_refusal_carries_advice_and_no_token(
    vendor: VendorServer, client: DatabricksClient, status: int, word: str
) -> None:
    vendor.on("GET", "/api/2.1/clusters/get", ok({"message": "no: dapi-test-token"}, status))
    with pytest.raises(IntegrationError) as caught:
        client.get_cluster("c")
    assert word in caught.value.advice
    assert "dapi" not in str(caught.value)


def test_report_fetches_each_failed_tasks_own_output(vendor: VendorServer, client: DatabricksClient) -> None:
    tasks = task("a", 1), task("b", 2, FINE), task("c", 3), task("d", 4, {"result_state": "UPSTREAM_FAILED"})
    vendor.on("GET", GET, ok(run(*tasks)))

    def output(request: Received) -> Answer:
        return ok({"error": f"E{request.query['run_id']}", "error_trace": "Traceback"})

    vendor.on("GET", OUTPUT, output)
    report = client.report("900")
    assert [request.query["run_id"] for request in vendor.to(OUTPUT)] == ["1", "3"]
    assert {key: value.error for key, value in report.outputs.items()} == {"1": "E1", "3": "E3"}
    assert report.problems == ()


def test_run_without_tasks_has_its_own_output(vendor: VendorServer, client: DatabricksClient) -> None:
    vendor.on("GET", GET, ok({"run_id": 900, "job_id": 5, "state": FAILED}))
    vendor.on("GET", OUTPUT, ok({"error": "boom"}))
    assert client.report("900").outputs["900"].error == "boom"


def test_output_that_cannot_be_had_is_told_and_the_rest_is_kept(
    vendor: VendorServer, client: DatabricksClient
) -> None:
    vendor.on("GET", GET, ok(run(task("a", 1), task("b", 2))))
    vendor.on(
        "GET", OUTPUT, ok({"error_code": "PERMISSION_DENIED", "message": "no"}, 403), ok({"error": "E2"})
    )
    report = client.report("900")
    assert list(report.outputs) == ["2"]
    assert report.problems[0].startswith("the output of task run 1 could not be fetched: databricks: GET")


def test_number_of_outputs_is_bounded_and_told(vendor: VendorServer, client: DatabricksClient) -> None:
    vendor.on("GET", GET, ok(run(*[task(f"t{n}", n) for n in range(1, MAX_OUTPUTS + 5)])))
    vendor.on("GET", OUTPUT, ok({"error": "x"}))
    report = client.report("900")
    assert len(vendor.to(OUTPUT)) == MAX_OUTPUTS
    assert report.problems == (f"{MAX_OUTPUTS + 4} tasks failed; the outputs of the first 10 were fetched",)


def test_slow_outputs_end_with_the_budget(vendor: VendorServer, client: DatabricksClient) -> None:
    vendor.on("GET", GET, ok(run(task("a", 1), task("b", 2))))
    vendor.on("GET", OUTPUT, Answer(delay=5))
    report = client.within(0.5).report("900")
    assert report.outputs == {}
    assert "no answer in time" in report.problems[0]
    assert "no time was left" in report.problems[1]


def test_runs_are_listed_page_by_page_up_to_the_limit(vendor: VendorServer, client: DatabricksClient) -> None:
    path = "/api/2.2/jobs/runs/list"
    vendor.on(
        "GET",
        path,
        ok({"runs": [{"run_id": n} for n in (5, 4)], "has_more": True, "next_page_token": "n"}),
        ok({"runs": [{"run_id": n} for n in (3, 2)], "has_more": True, "next_page_token": "m"}),
    )
    after = datetime(2026, 1, 1, tzinfo=UTC)
    assert [item.run_id for item in client.list_runs(job_id="5", started_after=after, limit=3)] == [
        "5",
        "4",
        "3",
    ]
    first, second = vendor.requests
    assert first.query == {
        "limit": "3", "completed_only": "true", "job_id": "5", "start_time_from": "1767225600000"
    }  # fmt: skip
    assert second.query["page_token"] == "n"


def test_job_is_read_with_its_tags(vendor: VendorServer, client: DatabricksClient) -> None:
    settings = {
        "name": "nightly",
        "tags": {"team": "orders"},
        "schedule": {"quartz_cron_expression": "0 0 1 * * ?"},
    }
    vendor.on("GET", "/api/2.2/jobs/get", ok({"job_id": 5, "settings": settings}))
    job = client.get_job("5")
    assert (job.job_id, job.name, job.tags, job.schedule) == (
        "5",
        "nightly",
        {"team": "orders"},
        "0 0 1 * * ?",
    )


def test_cluster_and_its_events_are_read(vendor: VendorServer, client: DatabricksClient) -> None:
    reason = {"code": "CLOUD_PROVIDER_LAUNCH_FAILURE", "type": "CLOUD_FAILURE", "parameters": {"zone": "1"}}
    vendor.on("GET", "/api/2.1/clusters/get", ok({"cluster_id": "c1", "termination_reason": reason}))
    event = {
        "cluster_id": "c1",
        "timestamp": 1_760_000_000_000,
        "type": "TERMINATING",
        "details": {"reason": reason},
    }
    vendor.on(
        "POST",
        "/api/2.1/clusters/events",
        ok({"events": [event], "next_page_token": "n"}),
        ok({"events": [event]}),
    )
    cluster = client.get_cluster("c1")
    events = client.cluster_events("c1", start=datetime(2026, 1, 1, tzinfo=UTC), kinds=["TERMINATING"])
    assert cluster.termination.code == events[0].reason.code == "CLOUD_PROVIDER_LAUNCH_FAILURE"
    assert (events[1].kind, events[1].reason.parameters) == ("TERMINATING", {"zone": "1"})
    first, second = vendor.to("/api/2.1/clusters/events")
    assert first.json() == {
        "cluster_id": "c1", "order": "DESC", "page_size": 50, "start_time": 1767225600000,
        "event_types": ["TERMINATING"],
    }  # fmt: skip
    assert second.json()["page_token"] == "n"


def test_run_now_may_be_repeated_because_it_carries_its_token(
    vendor: VendorServer, client: DatabricksClient, slept: list[float]
) -> None:
    vendor.on("POST", "/api/2.2/jobs/run-now", ok({}, 503), ok({"run_id": 2**60}))
    assert client.run_now("5", "ticket-1-attempt-1", {"day": "1"}) == str(2**60)
    assert [request.json() for request in vendor.requests] == [
        {"job_id": 5, "idempotency_token": "ticket-1-attempt-1", "job_parameters": {"day": "1"}}
    ] * 2


@pytest.mark.parametrize("token", ["", "x" * 65])
def test_run_now_without_a_usable_token_is_refused(client: DatabricksClient, token: str) -> None:
    with pytest.raises(ValueError, match="1 to 64"):
        client.run_now("5", token)


def test_repair_is_never_repeated_and_its_outcome_is_unknown(
    vendor: VendorServer, client: DatabricksClient, slept: list[float]
) -> None:
    vendor.on("POST", "/api/2.2/jobs/runs/repair", ok({}, 503))
    with pytest.raises(IntegrationError) as caught:
        client.repair_run("900", "44")
    assert caught.value.outcome_unknown
    (request,) = vendor.requests
    assert request.json() == {"run_id": 900, "rerun_all_failed_tasks": True, "latest_repair_id": 44}


def test_repair_returns_its_id(vendor: VendorServer, client: DatabricksClient) -> None:
    vendor.on("POST", "/api/2.2/jobs/runs/repair", ok({"repair_id": 45}))
    assert client.repair_run("900") == "45"


def test_repair_history_is_asked_for_and_read(vendor: VendorServer, client: DatabricksClient) -> None:
    vendor.on("GET", GET, ok(run(repair_history=[{"type": "ORIGINAL"}, {"id": 44}, {"id": 45}])))
    assert client.get_run("900", include_history=True).repair_ids == ("44", "45")
    assert vendor.requests[0].query["include_history"] == "true"


def test_libraries_are_read_and_installed(vendor: VendorServer, client: DatabricksClient) -> None:
    entry = {
        "library": {"pypi": {"package": "pandas==9"}},
        "status": "FAILED",
        "messages": ["no such version", 3],
    }
    vendor.on("GET", "/api/2.0/libraries/cluster-status", ok({"library_statuses": [entry, None]}))
    vendor.on("POST", "/api/2.0/libraries/install", ok({}))
    vendor.on("POST", "/api/2.1/clusters/start", ok({}))
    (status,) = client.library_statuses("c1")
    assert (status.name, status.status, status.messages) == ("pypi:pandas==9", "FAILED", ("no such version",))
    client.install_libraries("c1", [status.library])
    client.start_cluster("c1")
    assert vendor.requests[1].json() == {
        "cluster_id": "c1",
        "libraries": [{"pypi": {"package": "pandas==9"}}],
    }
    assert vendor.requests[2].json() == {"cluster_id": "c1"}


def test_workspace_without_any_credential_is_not_configured(vendor: VendorServer) -> None:
    with pytest.raises(NotConfiguredError) as caught:
        DatabricksClient.connect(DatabricksConfig(vendor.url))
    assert "DATABRICKS_TOKEN" in caught.value.advice
