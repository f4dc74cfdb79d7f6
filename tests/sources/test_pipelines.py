"""Data Factory and Synapse: the error's text and code, severity, run look-ups, several runs in one body."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ingestion.sources import registry
from ingestion.sources.base import Unsupported
from rca.case import Case
from rca.providers.rules.provider import RulesProvider
from tests.sources.builders import (
    FACTORY,
    LOGS,
    WORKSPACE,
    common,
    failure,
    failures,
    ignored,
    log_alert,
    metric_alert,
    row_alert,
)

RUN = "5f0e1d2c-3b4a-4958-8776-655443322110"
COPY = "ErrorCode=SqlFailedToConnect,'Type=Hybrid,Message=Cannot connect to 'harbour'.'"


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"Error": {"message": "a"}, "ErrorMessage": "b", "detailedMessage": "c", "message": "d"}, "a"),
        ({"Error": {}, "ErrorMessage": "b", "detailedMessage": "c", "message": "d"}, "b"),
        ({"error": "e", "detailedMessage": "c", "message": "d"}, "e"),
        ({"detailedMessage": "c", "message": "d"}, "c"),
        ({"message": "d"}, "d"),
        ({"error": '{"message": "a", "errorCode": "X1"}', "message": "d"}, "a"),
        ({}, "what the rule says"),
    ],
)
def test_error_text_is_taken_in_the_order_of_detail(properties: dict[str, Any], message: str) -> None:
    context = {"properties": {"PipelineRunId": RUN, **properties}}
    assert failure("adf", common(context, description="what the rule says")).error_message == message


@pytest.mark.parametrize("wrap", [lambda essentials: {"data": essentials}, lambda essentials: essentials])
def test_simple_form_in_essentials_takes_their_description(wrap: Any) -> None:
    body = wrap({"essentials": {"PipelineName": "p", "RunId": RUN, "description": "late again"}})
    assert failure("adf", body).error_message == "late again"
    body = wrap({"essentials": {"FunctionName": "f", "InvocationId": "i", "description": "late again"}})
    assert failure("azure_functions", body).error_message == "late again"


@pytest.mark.parametrize("slug", ["adf", "synapse"])
def test_cancelled_run_is_a_persons_doing(slug: str) -> None:
    run = {"PipelineName": "pl_berths", "RunId": RUN, "Status": "Cancelled"}
    found = failure(slug, run)
    assert found.error_message == 'Pipeline "pl_berths": the run was cancelled.'
    assert RulesProvider().analyse(Case(slug, found.error_message)).cause_class == "user_cancelled"
    assert failure(slug, {**run, "ErrorMessage": "disk full"}).error_message == "disk full"


def test_alert_without_any_text_shows_its_body() -> None:
    body = {"pipeline": "pl_berths", "run_id": RUN, "berth": 7}
    assert '"berth":7' in failure("adf", body).error_message


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("2200", COPY, "SqlFailedToConnect"),
        ("", f"Operation on target c failed: {COPY}", "SqlFailedToConnect"),
        ("UserError", COPY, "SqlFailedToConnect"),
        ("2200", "ErrorCode=2100,Message=ErrorCode=UserErrorFileNotFound,'", "UserErrorFileNotFound"),
        ("2108", '{"errorCode": "BadGateway", "message": "x"}', "BadGateway"),
        ("SqlOperationFailed", COPY, "SqlOperationFailed"),
        ("2200", "The file is missing.", "2200"),
        ("", "The file is missing.", ""),
    ],
)
def test_specific_code_wins_over_a_generic_one(code: str, message: str, expected: str) -> None:
    body = {"pipeline": "p", "runId": RUN, "ErrorCode": code, "ErrorMessage": message}
    assert failure("adf", body).error_code == expected


def test_specific_code_is_found_in_the_second_message_too() -> None:
    error = {"errorCode": "2200", "message": "The copy failed."}
    body = {"pipeline": "p", "run_id": RUN, "Error": error, "ErrorMessage": COPY}
    found = failure("adf", body)
    assert (found.error_message, found.error_code) == ("The copy failed.", "SqlFailedToConnect")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Sev0", "Critical"),
        ("Sev1", "High"),
        ("Sev2", "Medium"),
        ("Sev3", "Low"),
        ("Sev4", "Low"),
        ("3", "Low"),
        (None, ""),
        (["Sev0"], ""),
        ("Sev9", ""),
    ],
)
def test_severity_of_the_alert_is_the_first_severity(given: Any, expected: str) -> None:
    assert failure("adf", metric_alert("CPU", severity=given)).severity == expected
    assert failure("adf", {"pipeline": "p", "run_id": "1", "severity": given}).severity == expected


TARGETS = {"adf": FACTORY, "synapse": WORKSPACE}
RUNS, ACTIVITIES = "IntegrationPipelineRunsEnded", "IntegrationActivityRunsEnded"


@pytest.mark.parametrize(
    ("slug", "metric", "dimensions", "names"),
    [
        ("adf", "PipelineFailedRuns", {"Name": "a"}, (("a",), ())),
        ("adf", "PipelineFailedRuns", {}, ((), ())),
        ("adf", "PipelineFailedRuns", {"Name": "*"}, ((), ())),
        ("adf", "ActivityFailedRuns", {"Name": "copy", "PipelineName": "a"}, (("a",), ("copy",))),
        ("adf", "ActivityFailedRuns", {"Name": "copy"}, ((), ("copy",))),
        ("synapse", RUNS, {"Result": "Failed", "Pipeline": "b"}, (("b",), ())),
        ("synapse", ACTIVITIES, {"Activity": "c", "Pipeline": "b"}, (("b",), ("c",))),
    ],
)
def test_metric_of_failed_runs_asks_for_them(
    slug: str, metric: str, dimensions: dict[str, str], names: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    target = TARGETS[slug]
    found = failure(slug, metric_alert(metric, dimensions, alertTargetIDs=[f"{target}/"]))
    assert found.query is not None
    assert found.query.resource_id == target
    assert (found.query.pipeline_names, found.query.activity_names) == names
    assert found.query.fired_at == datetime(2026, 4, 1, 3, tzinfo=UTC)
    assert found.run_scope == target.lower()
    assert found.dedup_key.startswith(f"{slug}:fp:")


@pytest.mark.parametrize(
    ("slug", "body"),
    [
        ("adf", metric_alert("IntegrationRuntimeCpuPercentage")),
        ("adf", metric_alert("PipelineFailedRuns", alertTargetIDs=[LOGS])),
        ("adf", log_alert("ADFPipelineRun | count", {})),
        ("synapse", metric_alert("IntegrationPipelineRunsEnded", {"Result": "Succeeded"})),
        ("synapse", metric_alert("PipelineFailedRuns")),
    ],
)
def test_alert_on_anything_else_asks_for_nothing(slug: str, body: dict[str, Any]) -> None:
    assert failure(slug, body).query is None


def test_log_alert_on_the_factory_that_names_no_run_asks_for_the_runs() -> None:
    body = log_alert(
        "ADFActivityRun | where Status == 'Failed'", {"PipelineName": "pl_a"}, alertTargetIDs=[FACTORY]
    )
    query = failure("adf", body).query
    assert query is not None
    assert query.pipeline_names == ("pl_a",)


def test_window_longer_than_a_quarter_hour_is_derived_from_the_firing() -> None:
    body = metric_alert("PipelineFailedRuns")
    body["data"]["alertContext"]["condition"]["windowSize"] = "PT6H"
    query = failure("adf", body).query
    assert query is not None
    assert query.window_start == datetime(2026, 3, 31, 21, tzinfo=UTC)
    assert query.window_end == datetime(2026, 4, 1, 3, tzinfo=UTC)


def test_each_criterion_with_a_run_is_a_failure_of_its_own() -> None:
    body = log_alert(
        "ADFPipelineRun", {"RunId": "r1", "PipelineName": "a"}, {"RunId": "r2", "PipelineName": "b"}
    )
    assert [(item.run_id, item.name) for item in failures("adf", body)] == [("r1", "a"), ("r2", "b")]


def test_run_told_twice_is_one_failure_with_the_more_detailed_message() -> None:
    columns = ["PipelineRunId", "PipelineName", "ErrorCode", "ErrorMessage"]
    rows = [[RUN, "pl_a", "", "short"], [RUN.upper(), "pl_a", "2200", COPY], [RUN, "pl_a", "2200", "x" * 500]]
    found = failure("adf", row_alert(columns, *rows))
    assert found.error_message == COPY
    assert found.error_code == "SqlFailedToConnect"


def test_rows_of_successful_runs_are_passed_over() -> None:
    rows = [["r1", "Succeeded"], ["r2", "Failed"], ["r3", "InProgress"]]
    assert [item.run_id for item in failures("adf", row_alert(["RunId", "Status"], *rows))] == ["r2"]
    assert ignored("adf", row_alert(["RunId", "Status"], rows[0])).audit_action == "Run Succeeded"


@pytest.mark.parametrize("run_id", [0, 7, 9007199254740993, 10**30, "9007199254740993"])
def test_run_id_of_any_size_is_kept_as_text(run_id: int | str) -> None:
    assert failure("adf", {"pipeline": "p", "run_id": run_id}).run_id == str(run_id)


def test_long_run_ids_with_one_beginning_stay_two() -> None:
    one, two = (failure("adf", {"pipeline": "p", "run_id": "r" * 400 + tail}) for tail in "ab")
    assert one.run_id != two.run_id
    assert one.dedup_key != two.dedup_key


@pytest.mark.parametrize("nothing", [None, "", "N/A", "null", {}, []])
def test_absent_run_id_in_any_spelling_gives_a_fingerprint(nothing: Any) -> None:
    found = failure("adf", {"pipeline": "p", "run_id": nothing, "error": "e"})
    assert found.run_id == ""
    assert found.dedup_key.startswith("adf:fp:")


def test_nul_and_lone_surrogates_are_replaced() -> None:
    found = failure("adf", {"pipeline": "p\x00q", "run_id": "1", "error": "lost \ud800 half"})
    assert found.name == "p\ufffdq"
    assert found.error_message == "lost \ufffd half"


def test_logic_app_run_is_kept_from_the_wrapper() -> None:
    wrapper = {"headers": {"x-ms-workflow-run-id": "0858"}, "body": {"pipeline": "p", "run_id": "1"}}
    assert failure("adf", wrapper).logic_app_run_id == "0858"


@pytest.mark.parametrize("slug", sorted(registry()))
@pytest.mark.parametrize("body", [{}, {"hello": "world"}, {"data": []}, {"message": "hi"}, {"body": "text"}])
def test_body_about_nothing_known_is_unsupported_and_says_what_was_found(
    slug: str, body: dict[str, Any]
) -> None:
    result = registry()[slug].parse(body)
    assert isinstance(result, Unsupported)
    assert next(iter(body), "(none)") in result.reason


@pytest.mark.parametrize("rule", [{"alertname": "late loads"}, {}])
def test_search_results_of_a_custom_json_name_their_runs(rule: dict[str, str]) -> None:
    tables = [{"columns": ["RunId", "PipelineName"], "rows": [["r1", "pl_a"], ["r2", "pl_b"]]}]
    body = {**rule, "IncludeSearchResults": True, "SearchResults": {"tables": tables}}
    assert [item.run_id for item in failures("adf", body)] == ["r1", "r2"]
