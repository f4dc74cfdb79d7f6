"""Rows about clusters at `/azure-monitor-alert`, and invocations at `/azure-functions-monitor`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingestion.sources import registry
from ingestion.sources.base import Failures
from tests.sources.builders import LOGS, common, failure, failures, ignored, log_alert, row_alert

SLUG = "databricks_clusters"
COLUMNS = ["ClusterId", "TerminationCode", "LastEvent"]
AT = "2026-04-01T02:58:09Z"


def test_same_row_in_columns_of_every_form_has_one_key() -> None:
    typed = [
        {"name": "CLUSTERID", "type": "string"},
        {"name": "termination_code"},
        {"ColumnName": "TimeGenerated"},
    ]
    bodies = [
        row_alert(COLUMNS, ["c-1", "DRIVER_EVICTION", AT]),
        row_alert(typed, ["c-1", "DRIVER_EVICTION", "4/1/2026 2:58:09 AM"]),
        row_alert([], {"ClusterId": "c-1", "TerminationCode": "DRIVER_EVICTION", "LastEvent": 1775012289000}),
        log_alert("T", {"ClusterId": "c-1", "TerminationCode": "DRIVER_EVICTION", "LastEvent": AT}),
        {"tables": [{"columns": COLUMNS, "rows": [["c-1", "DRIVER_EVICTION", AT]]}]},
        {"cluster_id": "c-1", "termination_code": "DRIVER_EVICTION", "last_event": "2026-04-01 02:58:09"},
    ]
    assert {failure(SLUG, body).run_id for body in bodies} == {"c-1_DRIVER_EVICTION_20260401025809"}
    assert len({failure(SLUG, body).dedup_key for body in bodies}) == 1


def test_event_name_in_last_event_leaves_the_time_to_time_generated() -> None:
    body = row_alert([*COLUMNS, "TimeGenerated"], ["c-1", "X", "TERMINATING", AT])
    assert failure(SLUG, body).run_id == "c-1_X_20260401025809"


def test_row_without_a_time_takes_the_alerts_and_belongs_to_a_family() -> None:
    body = row_alert(["ClusterId", "TerminationCode"], ["c-1", "X"], ["c-2", "X"])
    one, two = failures(SLUG, body)
    assert one.run_id == "c-1_X_20260401030000"
    assert one.family_key
    assert one.family_key != two.family_key


@pytest.mark.parametrize("code", ["INACTIVITY", "SUCCESS", "JOB_FINISHED", "job_finished"])
def test_ordinary_end_is_no_failure(code: str) -> None:
    assert ignored(SLUG, row_alert(COLUMNS, ["c-1", code, AT])).event == "rows-ended-well"


def test_failures_of_all_tables_are_counted_and_ordinary_ends_are_not() -> None:
    body = row_alert(COLUMNS, ["c-1", "X", AT], ["c-2", "INACTIVITY", AT], ["c-1", "X", AT])
    tables = body["data"]["alertContext"]["SearchResults"]["tables"]
    tables.append({"columns": COLUMNS, "rows": [["c-3", "USER_REQUEST", AT]]})
    result = registry()[SLUG].parse(body)
    assert isinstance(result, Failures)
    assert [(item.error_code, item.severity) for item in result.items] == [
        ("X", "High"),
        ("USER_REQUEST", "Low"),
    ]
    assert (result.total, result.alert_rule) == (2, "late-ships")


@pytest.mark.parametrize("results", [{"tables": []}, {"tables": [{"columns": COLUMNS, "rows": []}]}])
def test_empty_tables_are_ignored(results: dict[str, Any]) -> None:
    body = common({"SearchResults": results}, monitoringService="Log Analytics")
    assert ignored(SLUG, body).event == "rows-empty"


def test_alert_without_any_rows_is_one_failure_of_the_rule() -> None:
    found = failure(SLUG, common({"conditionType": "LogQueryCriteria"}, alertTargetIDs=[LOGS]))
    assert (found.name, found.severity, found.processing_mode) == (
        "late-ships",
        "High",
        "azure_monitor_alert",
    )


@pytest.mark.parametrize(
    ("action", "asked", "answered", "code"),
    [
        ("deleteResult", {"clusterId": "c-1", "clusterTerminationReasonCode": "X"}, {"statusCode": 200}, "X"),
        ("create", {"cluster_name": "n"}, {"statusCode": 400, "errorMessage": "Quota"}, "create_400"),
        ("delete", {"cluster_id": "c-1"}, {"statusCode": 200}, None),
        ("start", {"cluster_id": "c-1"}, {"statusCode": 200, "errorMessage": None}, None),
    ],
)
def test_raw_row_is_read_through_its_json_columns(
    action: str, asked: dict[str, Any], answered: dict[str, Any], code: str | None
) -> None:
    columns = ["TimeGenerated", "ActionName", "RequestParams", "Response"]
    body = row_alert(columns, [AT, action, json.dumps(asked), json.dumps(answered)])
    if code is None:
        ignored(SLUG, body)
    else:
        assert failure(SLUG, body).error_code == code


def test_two_invocations_in_rows_are_two_failures() -> None:
    body = row_alert(["InvocationId", "FunctionName", "ExceptionMessage"], ["i1", "f", "a"], ["i2", "f", "b"])
    found = failures("azure_functions", body)
    assert [(item.dedup_key, item.error_message) for item in found] == [
        ("azure_functions:invocation:i1", "a"),
        ("azure_functions:invocation:i2", "b"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"FunctionName": "f", "InvocationId": "i1", "ExceptionMessage": "late", "ExceptionType": "E"},
        {
            "data": {
                "functionName": "f",
                "invocationId": "i1",
                "exceptionMessage": "late",
                "exceptionType": "E",
            }
        },
        {"function_name": "f", "invocation_id": "i1", "error": {"message": "late", "errorCode": "E"}},
        common(
            {
                "properties": {
                    "FunctionName": "f",
                    "InvocationId": "i1",
                    "ErrorMessage": "late",
                    "ErrorCode": "E",
                }
            }
        ),
    ],
)
def test_simple_forms_of_one_invocation_are_read_alike(body: dict[str, Any]) -> None:
    found = failure("azure_functions", body)
    assert (found.name, found.run_id, found.error_message, found.error_code) == ("f", "i1", "late", "E")
    assert found.resource_type == "function"


def test_rows_of_successful_invocations_are_passed_over() -> None:
    columns = ["InvocationId", "FunctionName", "success"]
    found = failure("azure_functions", row_alert(columns, ["i1", "f", "True"], ["i2", "f", "False"]))
    assert found.run_id == "i2"
    assert ignored("azure_functions", row_alert(columns, ["i1", "f", True])).audit_action == "Run Succeeded"


def test_metadata_keeps_a_handful_of_dimensions_only() -> None:
    dimensions = {f"d{number}": "v" for number in range(500)}
    assert len(failure("adf", log_alert("T", dimensions)).metadata["dimensions"]) == 30
