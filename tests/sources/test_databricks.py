"""Databricks: which run an event is about, what its name means, clusters and libraries."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.sources import registry
from ingestion.sources.base import Failures, Ignored, Unsupported
from rca.case import Case
from rca.providers.rules.provider import RulesProvider
from tests.sources.builders import failure, ignored

SLUG = "databricks"


def notification(event: str = "jobs.on_failure", workspace: Any = 5, **run: Any) -> dict[str, Any]:
    """A real notification of Databricks: ids only."""
    return {
        "event_type": event,
        "workspace_id": workspace,
        "run": {"run_id": 11, **run},
        "job": {"job_id": 3, "name": "tides"},
    }


def cluster_event(event: str = "cluster.terminated", **cluster: Any) -> dict[str, Any]:
    return {"event": event, "timestamp": 1775012400000, "cluster": {"cluster_id": "c-1", **cluster}}


def test_job_and_task_event_of_one_run_share_the_key() -> None:
    task = notification(run_id=12, parent_run_id="11") | {"task": {"task_key": "load"}}
    assert failure(SLUG, task).dedup_key == failure(SLUG, notification()).dedup_key == "databricks:run:5:11"
    assert failure(SLUG, task).run_id == "11"


def test_ids_as_numbers_and_as_text_share_the_key() -> None:
    assert failure(SLUG, notification("jobs.on_failure", "5", run_id="11")) == failure(SLUG, notification())


def test_run_number_of_two_workspaces_has_two_keys() -> None:
    assert (
        failure(SLUG, notification(workspace=5)).dedup_key
        != failure(SLUG, notification(workspace=6)).dedup_key
    )


@pytest.mark.parametrize("number", [2**53 + 1, 2**63, 10**40])
def test_id_beyond_the_range_of_floats_is_kept_exactly(number: int) -> None:
    assert failure(SLUG, notification(run_id=number)).run_id == str(number)


def test_task_without_a_parent_run_keeps_its_own_run() -> None:
    for parent in (None, 0, "", "0"):
        body = notification(parent_run_id=parent) | {"task": {"task_key": "load"}}
        assert failure(SLUG, body).dedup_key == "databricks:run:5:11"


@pytest.mark.parametrize(
    ("event", "result", "meaning"),
    [
        ("jobs.on_failure", "", "job-failed"),
        ("jobs.on_success", "", "Run Succeeded"),
        ("jobs.on_start", "", "Run Started"),
        ("jobs.on_duration_warning_threshold_exceeded", "", "job-duration-warning"),
        ("jobs.on_streaming_backlog_exceeded", "", "job-backlog-warning"),
        ("jobs.on_maintenance_complete", "", ""),
        ("job.failure", "FAILED", "relayed-job-failed"),
        ("JOB_RUN_FAILED", "", "relayed-job-failed"),
        ("job.timed_out", "", "relayed-job-failed"),
        ("job.canceled", "", "relayed-job-failed"),
        ("job.unsuccessful", "", "relayed-job-failed"),
        ("job.completed", "TIMEDOUT", "relayed-job-failed"),
        ("job.completed", "SUCCESS", "Run Succeeded"),
        ("job.start", "", "Run Started"),
        ("", "INTERNAL_ERROR", "relayed-job-failed"),
    ],
)
def test_event_name_or_state_decides_what_is_done(event: str, result: str, meaning: str) -> None:
    answer = registry()[SLUG].parse(notification(event, state={"result_state": result}))
    if meaning.startswith(("job-", "relayed-")):
        assert isinstance(answer, Failures)
        assert answer.event == meaning
    else:
        assert isinstance(answer, Ignored)
        assert answer.audit_action == meaning


def test_job_event_of_unknown_meaning_is_unsupported_and_named() -> None:
    answer = registry()[SLUG].parse(notification("jobs.on_moonrise"))
    assert isinstance(answer, Unsupported)
    assert "jobs.on_moonrise" in answer.reason


def test_run_as_the_jobs_api_prints_it_is_read_like_an_event() -> None:
    state = {"life_cycle_state": "TERMINATED", "result_state": "FAILED", "state_message": "it sank"}
    run = {"job_id": 3, "run_id": 11, "run_name": "tides", "state": state}
    found = failure(SLUG, run)
    assert (found.run_id, found.name, found.error_message) == ("11", "tides", "it sank")
    assert (
        ignored(SLUG, {**run, "state": {**state, "result_state": "SUCCESS"}}).audit_action == "Run Succeeded"
    )
    flat = {"job_id": 3, "run_id": 11, "job_name": "tides"}
    assert failure(SLUG, {**flat, "status": "FAILED"}).run_id == "11"
    assert ignored(SLUG, {**flat, "state": "SUCCESS"}).audit_action == "Run Succeeded"


@pytest.mark.parametrize("result", ["CANCELED", "Cancelled"])
def test_canceled_run_is_a_persons_doing(result: str) -> None:
    body = {"event": "job.run.completed", "job": {"name": "tides"}, "run": {"run_id": 1}}
    found = failure(SLUG, {**body, "run": {"run_id": 1, "state": {"result_state": result}}})
    assert found.error_message == f'Job "tides": the run was canceled ({result}).'
    assert RulesProvider().analyse(Case("databricks", found.error_message)).cause_class == "user_cancelled"


def test_failure_may_recur_and_a_warning_is_marked() -> None:
    assert failure(SLUG, notification()).can_recur
    assert not failure(SLUG, notification()).is_warning
    warning = failure(SLUG, notification("jobs.on_duration_warning_threshold_exceeded"))
    assert warning.is_warning
    assert warning.error_type == "RunDurationExceeded"


@pytest.mark.parametrize(
    "body",
    [
        {"job_name": "tides", "run_id": 11, "error_message": "No tide"},
        {"job_name": "tides", "job_run_id": "11", "error_message": "No tide"},
        {
            "run": {
                "run_id": 11,
                "run_name": "tides",
                "state": {"result_state": "FAILED", "state_message": "No tide"},
            }
        },
        {
            "event": "job.failed",
            "job": {"settings": {"name": "tides"}},
            "run": {"run_id": 11},
            "error": "No tide",
        },
        {
            "event": "job.failed",
            "data": {"job": {"name": "tides"}, "run": {"run_id": 11}, "error_message": "No tide"},
        },
        {
            "job": {"name": "tides"},
            "run": {
                "run_id": 11,
                "status": {"state": "TERMINATED", "termination_details": {"code": "X", "message": "No tide"}},
            },
        },
    ],
)
def test_relayed_job_forms_are_read_alike(body: dict[str, Any]) -> None:
    found = failure(SLUG, body)
    assert (found.name, found.run_id, found.error_message) == ("tides", "11", "No tide")
    assert found.dedup_key == "databricks:run::11"
    assert found.run_scope == ""


@pytest.mark.parametrize(
    ("code", "kind", "severity"),
    [
        ("DRIVER_UNREACHABLE", "CLOUD_FAILURE", "High"),
        ("DRIVER_UNREACHABLE", "", "High"),
        ("USER_REQUEST", "", "Low"),
        ("USER_REQUEST", "SUCCESS", None),
        ("INACTIVITY", "", None),
        ("JOB_FINISHED", "SUCCESS", None),
        ("anything", "SUCCESS", None),
    ],
)
def test_reason_of_a_cluster_event_decides(code: str, kind: str, severity: str | None) -> None:
    body = cluster_event(termination_reason={"code": code, "type": kind})
    if severity is None:
        assert ignored(SLUG, body).event == "cluster-ended-well"
    else:
        found = failure(SLUG, body)
        assert (found.severity, found.error_code, found.resource_type) == (severity, code, "cluster")


@pytest.mark.parametrize(
    "event", ["cluster.created", "cluster.running", "cluster.started", "CLUSTER_RUNNING"]
)
def test_cluster_event_that_tells_no_end_is_ignored(event: str) -> None:
    assert ignored(SLUG, cluster_event(event, state="RUNNING")).event == "cluster-other"


def test_cluster_event_without_a_time_has_a_family_and_no_firing() -> None:
    body = cluster_event(termination_reason={"code": "DRIVER_UNREACHABLE"})
    del body["timestamp"]
    found = failure(SLUG, body)
    assert not found.has_firing
    assert (
        found.family_key
        == failure(SLUG, cluster_event(termination_reason={"code": "DRIVER_UNREACHABLE"})).family_key
    )


@pytest.mark.parametrize(
    ("library", "name"),
    [
        ({"pypi": {"package": "tides==2"}}, "tides==2"),
        ({"maven": {"coordinates": "org.tides:core:2"}}, "org.tides:core:2"),
        ({"cran": {"package": "tides"}}, "tides"),
        ({"whl": "/Volumes/libs/tides.whl"}, "/Volumes/libs/tides.whl"),
        ("tides.jar", "tides.jar"),
    ],
)
def test_library_is_named_by_its_kind(library: Any, name: str) -> None:
    body = cluster_event("library.install_failed", cluster_name="harbour") | {"library": library}
    found = failure(SLUG, body)
    assert (found.resource_type, found.name, found.run_id) == ("library", f"harbour - {name}", "c-1")


def test_two_libraries_failing_on_one_cluster_are_two_failures() -> None:
    one, two = (
        failure(SLUG, cluster_event("library.failed") | {"library": {"pypi": {"package": package}}})
        for package in ("a", "b")
    )
    assert one.dedup_key != two.dedup_key
    assert one.family_key != two.family_key


def test_run_beside_a_cluster_without_an_event_name_is_a_job() -> None:
    run = {"run_id": 11, "state": {"result_state": "FAILED"}}
    assert failure(SLUG, {"run": run, "cluster": {"cluster_id": "c-1"}}).resource_type == "job"


@pytest.mark.parametrize("library", [{"pypi": {"package": "a"}}, "a.jar"])
def test_library_without_an_event_name_is_a_library(library: Any) -> None:
    body = {"library": library, "cluster": {"cluster_id": "c-1"}, "status": "FAILED"}
    assert failure(SLUG, body).resource_type == "library"
