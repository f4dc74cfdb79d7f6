"""What is made of Databricks' answers: states of two generations, errors in order, addresses, whose token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.databricks.clusters import Cluster, ClusterEvent, LibraryStatus
from integrations.databricks.config import DatabricksConfig, Workspaces, checked_host, read_workspaces_file
from integrations.databricks.errors_text import MAX_TRACE_CHARS, cut_middle, error_text, traces
from integrations.databricks.links import RunPage, cluster_logs_url, parse_run_page_url, run_page_url
from integrations.databricks.models import Run, RunReport, RunState, TaskOutput
from integrations.errors import IntegrationError

FAILED = {"result_state": "FAILED", "state_message": "Workload failed, see run output"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([
    "tasks", "state", "status", "termination_details", "run_id", "task_key", "result_state", "start_time",
    "end_time", "attempt_number", "libraries", "depends_on", "repair_history", "job_parameters", "git_source",
    "cluster_instance", "details", "reason",
])  # fmt: skip


@pytest.mark.parametrize(
    ("document", "result", "has_failed"),
    [
        ({"state": {"life_cycle_state": "TERMINATED", "result_state": "FAILED"}}, "FAILED", True),
        ({"state": {"life_cycle_state": "TERMINATED", "result_state": "TIMEDOUT"}}, "TIMEDOUT", True),
        ({"state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS_WITH_FAILURES"}},
         "SUCCESS_WITH_FAILURES", False),
        ({"state": {"life_cycle_state": "INTERNAL_ERROR"}}, "", True),
        ({"state": {"life_cycle_state": "RUNNING"}}, "", False),
        ({"status": {"state": "TERMINATED", "termination_details": {"code": "SUCCESS"}}}, "SUCCESS", False),
        ({"status": {"termination_details": {"code": "USER_CANCELED"}}}, "CANCELED", True),
        ({"status": {"termination_details": {"code": "NEWLY_INVENTED"}}}, "FAILED", True),
        ({"status": {"state": "RUNNING"}}, "", False),
        ({"state": None, "status": "odd"}, "", False),
    ],
)  # fmt: skip
def test_state_of_either_generation_is_read(document: object, result: str, has_failed: bool) -> None:
    state = RunState.from_json(document)
    assert (state.result, state.has_failed) == (result, has_failed)


def test_termination_details_fill_message_code_and_kind() -> None:
    details = {"code": "DRIVER_ERROR", "type": "CLIENT_ERROR", "message": "driver died"}
    state = RunState.from_json({"status": {"state": "TERMINATED", "termination_details": details}})
    assert (state.message, state.code, state.kind) == ("driver died", "DRIVER_ERROR", "CLIENT_ERROR")


def test_only_the_latest_attempt_of_a_task_counts() -> None:
    attempts = [
        {"task_key": "a", "run_id": 1, "attempt_number": 0, "state": FAILED},
        {"task_key": "a", "run_id": 2, "attempt_number": 1, "state": {"result_state": "SUCCESS"}},
    ]
    run = Run.from_json({"tasks": attempts})
    assert [task.run_id for task in run.tasks] == ["2"]
    assert run.failed_tasks == ()


def test_tasks_that_only_followed_are_named_when_nothing_else_failed() -> None:
    followed = {"task_key": "b", "state": {"result_state": "UPSTREAM_FAILED"}}
    assert [task.key for task in Run.from_json({"tasks": [followed]}).failed_tasks] == ["b"]


@settings(max_examples=60)
@given(
    st.dictionaries(
        FIELDS, JSON | st.lists(st.dictionaries(FIELDS, JSON, max_size=4), max_size=3), max_size=6
    )
)
def test_no_document_breaks_a_reader(document: dict[str, Any]) -> None:
    run = Run.from_json(document)
    error_text(run)
    traces(RunReport(run))
    for reader in (Cluster.from_json, ClusterEvent.from_json, LibraryStatus.from_json, TaskOutput.from_json):
        reader(document)
    json.dumps(run.name).encode()


def failed(key: str, run_id: str, **more: object) -> dict[str, object]:
    return {"task_key": key, "run_id": run_id, "state": FAILED, **more}


def test_error_of_each_task_is_the_most_telling_one() -> None:
    run = Run.from_json({
        "state": {"result_state": "FAILED", "state_message": "2 tasks failed"},
        "tasks": [
            failed("a", "1", run_output={"error": "KeyError: 'id'"}, exception={"message": "not this"}),
            failed("b", "2", exception={"message": "ValueError: b"}),
            failed("c", "3"),
            {"task_key": "d", "state": {"result_state": "SUCCESS", "state_message": "fine"}},
        ],
    })  # fmt: skip
    assert error_text(run) == (
        "[Task: a] KeyError: 'id' | [Task: b] ValueError: b | [Task: c] Workload failed, see run output"
    )


def test_fetched_output_comes_before_what_the_run_says() -> None:
    run = Run.from_json({"tasks": [failed("a", "1", exception={"message": "vague"})]})
    assert (
        error_text(run, {"1": TaskOutput(error="ZeroDivisionError: x")}) == "[Task: a] ZeroDivisionError: x"
    )


def test_jobs_own_message_is_the_last_resort() -> None:
    silent = {"task_key": "a", "run_id": "1", "state": {"result_state": "FAILED"}}
    run = Run.from_json({"state": {"result_state": "FAILED", "state_message": " quota "}, "tasks": [silent]})
    assert error_text(run) == "quota"
    assert error_text(Run.from_json({})) == ""


def test_run_of_a_single_task_says_its_error_plainly() -> None:
    run = Run.from_json({"run_id": 9, "state": FAILED})
    assert error_text(run, {"9": TaskOutput(error="boom")}) == "boom"


def test_trace_is_kept_whole_and_a_huge_one_is_marked() -> None:
    whole = "Traceback\n" + "  line\n" * 100
    run = Run.from_json({"tasks": [failed("a", "1"), failed("b", "2")]})
    outputs = {
        "1": TaskOutput(error_trace=whole),
        "2": TaskOutput(error_trace="x" * (MAX_TRACE_CHARS + 50) + "END"),
    }
    (first, second) = traces(RunReport(run, outputs))
    assert first == ("a", whole)
    assert second[1].endswith("END")
    assert "[… 53 characters left out …]" in second[1]
    assert cut_middle("abcdefgh", 4) == "a\n[… 4 characters left out …]\nfgh"


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://adb-12.3.azuredatabricks.net/?o=12#job/4/run/5",
         RunPage("adb-12.3.azuredatabricks.net", "4", "5", "12")),
        ("https://adb-12.3.azuredatabricks.net/#job/4/run/5",
         RunPage("adb-12.3.azuredatabricks.net", "4", "5", "12")),
        ("https://dbc-x.cloud.databricks.com/jobs/4/runs/5?o=7",
         RunPage("dbc-x.cloud.databricks.com", "4", "5", "7")),
        ("https://h/#job/4/run/5?o=x", RunPage("h", "4", "5", "")),
        ("https://h/?o=1#job/4", None),
        ("javascript:alert(1)#job/4/run/5", None),
        ("https://[broken/#job/4/run/5", None),
        ("", None),
    ],
)  # fmt: skip
def test_run_page_address_is_read(url: str, page: RunPage | None) -> None:
    assert parse_run_page_url(url) == page


def test_links_are_built_and_quoted() -> None:
    assert run_page_url("https://h", "4", "5") == "https://h/#job/4/run/5"
    assert cluster_logs_url("https://h", "a b/c") == "https://h/#setting/clusters/a%20b%2Fc/driverLogs"
    assert cluster_logs_url("https://h", "") == ""


@pytest.mark.parametrize(
    ("given_host", "host"),
    [
        ("adb-1.2.azuredatabricks.net", "https://adb-1.2.azuredatabricks.net"),
        (" https://ADB-1.2.azuredatabricks.net/ ", "https://adb-1.2.azuredatabricks.net"),
        ("https://h/path?x=1", "https://h"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
    ],
)
def test_host_is_brought_into_one_form(given_host: str, host: str) -> None:
    assert checked_host(given_host) == host


@pytest.mark.parametrize(
    "host", ["http://adb-1.2.azuredatabricks.net", "ftp://h", "https://u:p@h", "https://h:0x", ""]
)
def test_host_that_would_show_the_token_in_the_clear_is_refused(host: str) -> None:
    with pytest.raises(IntegrationError) as caught:
        DatabricksConfig(host, "dapi-secret")
    assert "DATABRICKS_HOST" in caught.value.advice
    assert "dapi-secret" not in f"{caught.value} {caught.value.advice}"


def test_token_goes_to_no_other_workspace() -> None:
    named = DatabricksConfig("https://one.example", "t", "11")
    by_host = DatabricksConfig("https://adb-22.1.azuredatabricks.net", "t")
    unnamed = DatabricksConfig("https://two.example", "t")
    assert Workspaces(named).for_id("11") is named
    assert Workspaces(named).for_id("") is named
    assert Workspaces(named).for_id("12") is None
    assert Workspaces(by_host).for_id("22") is by_host
    assert Workspaces(by_host).for_id("23") is None
    assert Workspaces(unnamed).for_id("99") is unnamed
    assert Workspaces().for_id("") is None


def test_workspaces_file_serves_several(tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    path.write_text(
        json.dumps({"11": {"host": "https://a.example", "token": " t1 "}, "12": {"host": "b.example"}})
    )
    spaces = Workspaces(DatabricksConfig("https://d.example", "t", "10"), read_workspaces_file(path))
    assert spaces.by_id["11"].token == "t1"
    assert (spaces.for_id("12") or spaces.by_id["11"]).host == "https://b.example"
    assert spaces.for_host("A.EXAMPLE") is spaces.by_id["11"]
    assert spaces.for_host("evil.example") is None
    assert len(spaces.all()) == 3


@pytest.mark.parametrize(
    "content", ["", "[]", '{"1": 2}', '{"1": {"token": "t0k"}}', '{"1": {"host": "h", "token": 5}}']
)
def test_unusable_workspaces_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "w.json"
    path.write_text(content)
    with pytest.raises(IntegrationError) as caught:
        read_workspaces_file(path)
    assert "DATABRICKS_WORKSPACES_FILE" in caught.value.advice
    assert "t0k" not in str(caught.value)
