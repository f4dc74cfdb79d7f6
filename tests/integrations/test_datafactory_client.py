"""The pipelines client against Resource Manager and a Synapse workspace on loopback."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.azure_identity import FixedToken
from integrations.datafactory.client import PipelinesClient, PipelinesConfig, management_scope
from integrations.datafactory.follow import MAX_DEPTH, follow_failure
from integrations.datafactory.models import PipelineRun
from integrations.datafactory.resource import parse_host_id
from integrations.errors import IntegrationError
from tests.support.vendor_server import Answer, Received, VendorServer, html, ok

_GROUP = "/subscriptions/0a1b2c3d-0000-4000-8000-000000000001/resourceGroups/rg-data/providers/"
FACTORY = f"{_GROUP}Microsoft.DataFactory/factories/adf-orders"
WORKSPACE = f"{_GROUP}Microsoft.Synapse/workspaces/syn-orders"
RUNS = f"{FACTORY}/queryPipelineRuns"
AFTER = datetime(2026, 3, 1, 11, 55, tzinfo=UTC)
BEFORE = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)


def connect(vendor: VendorServer, resource_id: str, workspace_base: str = "") -> PipelinesClient:
    host = parse_host_id(resource_id)
    assert host is not None
    config = PipelinesConfig(vendor.url, vendor.url + workspace_base)
    return PipelinesClient.connect(host, config, FixedToken("arm-token"))


@pytest.fixture
def factory(vendor: VendorServer) -> PipelinesClient:
    return connect(vendor, FACTORY)


@pytest.fixture
def workspace(vendor: VendorServer) -> PipelinesClient:
    return connect(vendor, WORKSPACE, "/{workspace}")


def pipeline_run(run_id: str, **more: object) -> dict[str, object]:
    return {
        "runId": run_id,
        "pipelineName": "load",
        "status": "Failed",
        "runStart": "2026-03-01T11:56:00Z",
        **more,
    }


def test_failed_runs_of_a_window_are_asked_for_page_by_page(
    vendor: VendorServer, factory: PipelinesClient
) -> None:
    vendor.on(
        "POST",
        RUNS,
        ok({"value": [pipeline_run("r1"), pipeline_run("r2")], "continuationToken": "next"}),
        ok({"value": [pipeline_run("r3")], "continuationToken": None}),
    )
    runs = factory.query_pipeline_runs(AFTER, BEFORE, pipelines=["load", "clean"])
    assert [run.run_id for run in runs] == ["r1", "r2", "r3"]
    first, second = vendor.requests
    assert first.query == {"api-version": "2018-06-01"}
    assert first.headers["authorization"] == "Bearer arm-token"
    assert first.json() == {
        "lastUpdatedAfter": "2026-03-01T11:55:00.000000Z",
        "lastUpdatedBefore": "2026-03-01T12:05:00.000000Z",
        "filters": [
            {"operand": "Status", "operator": "Equals", "values": ["Failed"]},
            {"operand": "PipelineName", "operator": "In", "values": ["load", "clean"]},
        ],
        "orderBy": [{"orderBy": "RunEnd", "order": "DESC"}],
    }
    assert second.json() == {**first.json(), "continuationToken": "next"}


def test_limit_stops_the_paging(vendor: VendorServer, factory: PipelinesClient) -> None:
    vendor.on("POST", RUNS, ok({"value": [pipeline_run("r1"), pipeline_run("r2")], "continuationToken": "n"}))
    assert len(factory.query_pipeline_runs(AFTER, BEFORE, limit=2)) == 2
    assert len(vendor.requests) == 1


def test_throttled_query_is_repeated(
    vendor: VendorServer, factory: PipelinesClient, slept: list[float]
) -> None:
    vendor.on("POST", RUNS, ok({}, 429, Retry_After="2"), ok({"value": []}))
    assert factory.query_pipeline_runs(AFTER, BEFORE) == ()
    assert slept == [2.0]


def test_missing_role_is_named(vendor: VendorServer, factory: PipelinesClient) -> None:
    said = "The client may not perform action 'Microsoft.DataFactory/factories/querypipelineruns/action'"
    vendor.on("POST", RUNS, ok({"error": {"code": "AuthorizationFailed", "message": said}}, 403))
    with pytest.raises(IntegrationError) as caught:
        factory.query_pipeline_runs(AFTER, BEFORE)
    assert (caught.value.code, caught.value.permanent) == ("AuthorizationFailed", True)
    assert "Data Factory Contributor" in caught.value.advice
    assert caught.value.advice.endswith("is Microsoft.DataFactory/factories/querypipelineruns/action.")


def test_html_from_a_gateway_is_a_temporary_error(
    vendor: VendorServer, factory: PipelinesClient, slept: list[float]
) -> None:
    vendor.on("POST", RUNS, html(502, "Bad gateway"))
    with pytest.raises(IntegrationError, match="answered 502: an HTML page: Bad gateway") as caught:
        factory.query_pipeline_runs(AFTER, BEFORE)
    assert not caught.value.permanent


def test_activities_of_a_factory_run(vendor: VendorServer, factory: PipelinesClient) -> None:
    vendor.on(
        "GET", f"{FACTORY}/pipelineruns/r1", ok(pipeline_run("r1", runEnd="2026-03-01T12:00:00.1234567Z"))
    )
    error = {"errorCode": "2200", "message": "no blob", "failureType": "UserError", "target": "Copy orders"}
    failed = {"activityName": "Copy orders", "activityType": "Copy", "status": "Failed", "error": error}
    vendor.on("POST", f"{FACTORY}/pipelineruns/r1/queryActivityruns", ok({"value": [failed, None, "odd"]}))
    run = factory.get_pipeline_run("r1")
    (activity,) = factory.query_activity_runs(run)
    assert (activity.name, activity.error_code, activity.error_message, activity.failure_type) == (
        "Copy orders", "2200", "no blob", "UserError"
    )  # fmt: skip
    asked = vendor.requests[1].json()
    assert asked["lastUpdatedAfter"] == "2026-03-01T10:56:00.000000Z"
    assert asked["lastUpdatedBefore"] == "2026-03-01T13:00:00.123456Z"


def test_synapse_speaks_its_own_dialect(vendor: VendorServer, workspace: PipelinesClient) -> None:
    vendor.on(
        "POST", "/syn-orders/queryPipelineRuns", ok({"value": [pipeline_run("r1", pipelineName="load all")]})
    )
    vendor.on("POST", "/syn-orders/pipelines/load%20all/pipelineruns/r1/queryActivityruns", ok({"value": []}))
    vendor.on("POST", "/syn-orders/pipelines/load%20all/createRun", ok({"runId": "r9"}, 202))
    (run,) = workspace.query_pipeline_runs(AFTER, BEFORE)
    assert workspace.query_activity_runs(run) == ()
    assert (
        workspace.create_run("load all", reference_run_id="r1", is_recovery=True, start_from_failure=True)
        == "r9"
    )
    assert {request.query["api-version"] for request in vendor.requests} == {"2020-12-01"}
    assert vendor.requests[2].query == {
        "api-version": "2020-12-01", "referencePipelineRunId": "r1", "isRecovery": "true"
    }  # fmt: skip


def test_synapse_refusal_names_its_own_role(vendor: VendorServer, workspace: PipelinesClient) -> None:
    vendor.on("POST", "/syn-orders/queryPipelineRuns", ok({}, 403))
    with pytest.raises(IntegrationError) as caught:
        workspace.query_pipeline_runs(AFTER, BEFORE)
    assert "Synapse Monitoring Operator" in caught.value.advice


def test_create_run_sends_parameters_and_recovery(vendor: VendorServer, factory: PipelinesClient) -> None:
    path = f"{FACTORY}/pipelines/load/createRun"
    vendor.on("POST", path, ok({"runId": "r9"}))
    made = factory.create_run(
        "load", {"day": "2026-03-01"}, reference_run_id="r1", is_recovery=True, start_from_failure=True
    )
    assert made == "r9"
    (request,) = vendor.requests
    assert request.json() == {"day": "2026-03-01"}
    assert request.query == {
        "api-version": "2018-06-01",
        "referencePipelineRunId": "r1",
        "isRecovery": "true",
        "startFromFailure": "true",
    }


@pytest.mark.parametrize(
    "answer", [ok({}, 503), ok({}, 429), ok({}), Answer(cut="before"), Answer(body=b"{")]
)
def test_create_run_is_never_repeated_and_its_outcome_is_unknown(
    vendor: VendorServer, factory: PipelinesClient, slept: list[float], answer: Answer
) -> None:
    vendor.on("POST", f"{FACTORY}/pipelines/load/createRun", answer)
    with pytest.raises(IntegrationError) as caught:
        factory.create_run("load")
    assert caught.value.outcome_unknown
    assert len(vendor.requests) == 1


def test_tags_of_the_factory_are_read(
    vendor: VendorServer, factory: PipelinesClient, workspace: PipelinesClient
) -> None:
    vendor.on("GET", FACTORY, ok({"tags": {"team": "orders", "level": 3}}))
    assert factory.get_tags() == {"team": "orders", "level": "3"}
    assert workspace.get_tags() == {}
    assert len(vendor.requests) == 1


def test_cancel_says_whether_children_end_too(vendor: VendorServer, factory: PipelinesClient) -> None:
    vendor.on("POST", f"{FACTORY}/pipelineruns/r1/cancel", Answer(200))
    factory.cancel("r1", is_recursive=True)
    assert vendor.requests[0].query["isRecursive"] == "true"


@pytest.mark.parametrize("run_id", ["", "../../x", "a/b", "a?b", "a b", "é", "r1\n", "x" * 65])
def test_run_id_that_would_change_the_address_is_refused(
    vendor: VendorServer, factory: PipelinesClient, run_id: str
) -> None:
    with pytest.raises(IntegrationError, match="the run id does not fit") as caught:
        factory.get_pipeline_run(run_id)
    assert caught.value.permanent
    assert vendor.requests == []


@pytest.mark.parametrize("name", ["", "..", ".", "a/b", "a\\b", "a?b", "a%2fb", "x" * 261])
def test_pipeline_name_that_would_change_the_address_is_refused(
    vendor: VendorServer, workspace: PipelinesClient, name: str
) -> None:
    with pytest.raises(IntegrationError, match="name does not fit"):
        workspace.query_activity_runs(PipelineRun("r1", name))
    assert vendor.requests == []


def test_scope_follows_the_cloud() -> None:
    assert management_scope("https://management.azure.com") == "https://management.azure.com/.default"
    assert (
        management_scope("https://management.usgovcloudapi.net")
        == "https://management.usgovcloudapi.net/.default"
    )
    assert management_scope("http://127.0.0.1:9") == "https://management.azure.com/.default"


def nest(vendor: VendorServer, depth: int, leaf: dict[str, object]) -> None:
    """Pipelines r0 … r<depth>, each started by the one before; the last fails at `leaf`."""
    for number in range(depth + 1):
        inner = {
            "activityName": f"Run {number + 1}",
            "activityType": "ExecutePipeline",
            "status": "Failed",
            "error": {"errorCode": "BadRequest", "message": "Operation on target x failed"},
            "output": {"pipelineRunId": f"r{number + 1}", "pipelineName": f"p{number + 1}"},
        }
        vendor.on(
            "GET",
            f"{FACTORY}/pipelineruns/r{number}",
            ok(pipeline_run(f"r{number}", pipelineName=f"p{number}")),
        )
        activities = [inner if number < depth else leaf]
        vendor.on("POST", f"{FACTORY}/pipelineruns/r{number}/queryActivityruns", ok({"value": activities}))


NOTEBOOK: dict[str, object] = {
    "activityName": "Clean",
    "activityType": "DatabricksNotebook",
    "status": "Failed",
    "error": {"errorCode": "3204", "message": "Databricks execution failed with error state: InternalError"},
    "output": {"runPageUrl": "https://adb-12.3.azuredatabricks.net/?o=12#job/4/run/5"},
}


def test_failure_is_followed_through_children_to_the_databricks_run(
    vendor: VendorServer, factory: PipelinesClient
) -> None:
    nest(vendor, 2, NOTEBOOK)
    path = follow_failure(factory, "r0")
    assert [step.run.pipeline for step in path.steps] == ["p0", "p1", "p2"]
    assert [step.activity.name for step in path.steps if step.activity] == ["Run 1", "Run 2", "Clean"]
    assert path.databricks is not None
    assert (path.databricks.workspace_id, path.databricks.job_id, path.databricks.run_id) == ("12", "4", "5")
    assert path.problem == ""


def test_path_so_far_is_kept_when_a_child_cannot_be_read(
    vendor: VendorServer, factory: PipelinesClient
) -> None:
    nest(vendor, 1, NOTEBOOK)
    vendor.on("GET", f"{FACTORY}/pipelineruns/r1", ok({"error": {"code": "PipelineRunNotFound"}}, 404))
    path = follow_failure(factory, "r0")
    assert len(path.steps) == 1
    assert path.problem.startswith("the child run r1 could not be read: datafactory: GET")


def test_endless_nesting_ends(vendor: VendorServer, factory: PipelinesClient) -> None:
    nest(vendor, MAX_DEPTH + 3, NOTEBOOK)
    path = follow_failure(factory, "r0")
    assert len(path.steps) == MAX_DEPTH
    assert "nested more than" in path.problem


def test_pipeline_that_calls_itself_ends(vendor: VendorServer, factory: PipelinesClient) -> None:
    nest(vendor, 1, {**NOTEBOOK, "activityType": "ExecutePipeline", "output": {"pipelineRunId": "r0"}})
    assert len(follow_failure(factory, "r0").steps) == 2


def test_run_that_cannot_be_read_at_all_is_an_error(vendor: VendorServer, factory: PipelinesClient) -> None:
    with pytest.raises(IntegrationError):
        follow_failure(factory, "gone")


def test_slow_vendor_ends_with_the_budget(vendor: VendorServer, factory: PipelinesClient) -> None:
    def slow(request: Received) -> Answer:
        return Answer(delay=5)

    vendor.on("GET", f"{FACTORY}/pipelineruns/r0", slow)
    with pytest.raises(IntegrationError) as caught:
        follow_failure(factory.within(0.3), "r0")
    assert caught.value.code == "read_timeout"
