"""Which activity a run failed at, its real code, and which resource ids are taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations import reading
from integrations.datafactory.leaf import databricks_run, failed_activities, failing_leaf, specific_code
from integrations.datafactory.models import ActivityRun, PipelineRun
from integrations.datafactory.resource import parse_host_id

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def activity(name: str, status: str = "Failed", minute: int = 0, **more: Any) -> ActivityRun:
    return ActivityRun(name, status=status, ended_at=START + timedelta(minutes=minute), **more)


def name_of(found: ActivityRun | None) -> str:
    return found.name if found else ""


def test_loop_gives_way_to_what_failed_in_it() -> None:
    runs = [activity("Each file", kind="ForEach", minute=1), activity("Copy file", kind="Copy", minute=2)]
    assert name_of(failing_leaf(runs)) == "Copy file"


def test_loop_is_named_when_nothing_in_it_is_listed() -> None:
    assert name_of(failing_leaf([activity("Each file", kind="ForEach")])) == "Each file"


def test_first_to_fail_is_taken_when_the_run_names_none() -> None:
    assert name_of(failing_leaf([activity("late", minute=9), activity("early", minute=1)])) == "early"


def test_activity_that_the_run_names_innermost_is_taken() -> None:
    runs = [
        activity("handled", minute=1),
        activity("Copy file", kind="Copy", minute=2),
        activity("later", minute=3),
    ]
    said = (
        "Operation on target Each file failed: Activity failed because an inner activity failed; "
        "Inner activity name: Copy file, Error: it broke"
    )
    assert name_of(failing_leaf(runs, said)) == "Copy file"


def test_attempt_that_was_repeated_with_success_did_not_fail() -> None:
    runs = [activity("Copy", retry_attempt=0), activity("Copy", "Succeeded", retry_attempt=1)]
    assert failed_activities(runs) == ()
    assert failing_leaf(runs) is None


def test_last_of_several_failed_attempts_is_told() -> None:
    runs = [activity("Copy", retry_attempt=number, error_message=f"try {number}") for number in (1, 0, 2)]
    assert [run.error_message for run in failed_activities(runs)] == ["try 2"]


def test_failed_turn_of_a_loop_is_not_hidden_by_a_good_one() -> None:
    for statuses in (("Failed", "Succeeded"), ("Succeeded", "Failed")):
        assert len(failed_activities([activity("Copy", status) for status in statuses])) == 1
    turns = [activity("Copy", iteration="a"), activity("Copy", "Succeeded", iteration="b")]
    assert len(failed_activities(turns)) == 1


def test_databricks_page_is_read_from_the_output() -> None:
    page = databricks_run(activity("Clean", run_page_url="https://adb-1.2.azuredatabricks.net/#job/3/run/4"))
    assert page is not None
    assert (page.host, page.job_id, page.run_id, page.workspace_id) == (
        "adb-1.2.azuredatabricks.net",
        "3",
        "4",
        "1",
    )
    assert databricks_run(activity("Copy")) is None


@pytest.mark.parametrize(
    ("code", "message", "specific"),
    [
        ("2200", "ErrorCode=UserErrorSourceBlobNotExist,'Type=A,Message=x", "UserErrorSourceBlobNotExist"),
        ("2200", "Failure happened on 'Sink' side. ErrorCode=SqlFailedToConnect,'Type=X,''ErrorCode=Inner",
         "SqlFailedToConnect"),
        ("2011", '{"StatusCode":"DFExecutorUserError","Message":"failed: DF-SYS-01 at Sink"}', "DF-SYS-01"),
        ("2011", '{"StatusCode":"DFExecutorUserError","Message":"Job failed"}', "DFExecutorUserError"),
        ("", "ErrorCode=UserErrorX,'Type", "UserErrorX"),
        ("BadRequest", "ErrorCode=UserErrorX", "BadRequest"),
        ("3204", "Databricks execution failed", "3204"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_specific_code_is_read_out_of_the_message(code: str, message: str, specific: str) -> None:
    assert specific_code(code, message) == specific


def test_host_id_is_read_in_any_case() -> None:
    low = "/subscriptions/0a1b-9/resourcegroups/rg_1.(x)/providers/microsoft.datafactory/factories/adf-a"
    host = parse_host_id(low)
    assert host is not None
    assert (
        host.arm_id
        == "/subscriptions/0a1b-9/resourceGroups/rg_1.(x)/providers/Microsoft.DataFactory/factories/adf-a"
    )
    workspace = parse_host_id(low.replace("datafactory/factories", "Synapse/workspaces") + "/")
    assert workspace is not None
    assert (workspace.kind, workspace.name) == ("workspace", "adf-a")


@pytest.mark.parametrize(
    "resource_id",
    [
        "",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataFactory/factories/../x",
        "/subscriptions/s/resourceGroups/../providers/Microsoft.DataFactory/factories/adf",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataFactory/factories/adf/pipelines/p",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataFactory/factories/adf?x=1",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/evil.example#",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/a@b",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm",
        "/subscriptions/s/resourceGroups/g%2f/providers/Microsoft.DataFactory/factories/adf",
        "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.DataFactory/factories/adf",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataFactory/factories/adf\n/x",
    ],
)
def test_anything_else_is_no_host_id(resource_id: str) -> None:
    assert parse_host_id(resource_id) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([
    "runId", "runStart", "error", "output", "input", "invokedBy", "parameters", "durationInMs",
    "retryAttempt",
])  # fmt: skip


@settings(max_examples=60)
@given(st.dictionaries(FIELDS, JSON, max_size=6) | JSON)
def test_no_document_breaks_a_reader(document: Any) -> None:
    PipelineRun.from_json(document).message.encode()
    specific_code("1", ActivityRun.from_json(document).error_message)


def test_singular_run_dimension_is_read_too() -> None:
    assert PipelineRun.from_json({"runDimension": {"team": "a"}}).dimensions == {"team": "a"}


def test_odd_values_become_empty_ones() -> None:
    odd = {
        "id": 2**70,
        "real": 3.0,
        "yes": True,
        "cut": "a\ud800b\x00",
        "when": "2026-03-01T12:00:00",
        "late": 10**30,
    }
    assert reading.text(odd, "id") == str(2**70)
    assert reading.text(odd, "real") == "3"
    assert reading.text(odd, "yes") == ""
    assert reading.text(odd, "cut") == "a?b\ufffd"
    assert reading.moment_iso(odd, "when") == START
    assert reading.moment_iso({"t": "2026-03-01T14:00:00.1234567+02:00"}, "t") == START + timedelta(
        microseconds=123456
    )
    assert reading.moment_ms(odd, "late") is None
    assert (
        reading.moment_iso({"t": datetime.min.replace(tzinfo=timezone(timedelta(hours=5))).isoformat()}, "t")
        is None
    )
