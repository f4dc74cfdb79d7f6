"""Tickets of Databricks runs and clusters: tasks, traces, clusters, history, and whose token is used."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone
from pytest_django.fixtures import Settings

from rca.evidence.collect import collect_evidence
from rca.models import Evidence
from tests.evidence.play import FAILED, GOOD, START, TRACE, Play, job_run, millis, task
from tests.support.factories import make_ticket
from tests.support.vendor_server import Answer, ok
from tickets import services
from tickets.models import Ticket
from tickets.resource_links import run_url


def job_ticket(run_id: str = "900", **fields: Any) -> Ticket:
    known = {
        "key": f"DBX-20261120T120000-{int(run_id):06x}",
        "source": "databricks",
        "resource_type": "job",
        "run_scope": "77",
        "pipeline": "job 5",
        "error_message": 'Job "job 5" did not succeed (jobs.on_failure).',
    }
    return make_ticket(**{**known, "run_id": run_id, **fields})


def rows(ticket: Ticket, kind: str) -> list[Evidence]:
    return list(Evidence.objects.filter(ticket=ticket, kind=kind).order_by("number"))


def test_notification_without_an_error_gets_the_tasks_errors_and_the_jobs_name(play: Play) -> None:
    job = {"job_id": 5, "settings": {"name": "Ops_berth-cleaning", "tags": {"team": "Harbour"}}}
    play.vendor.on("GET", "/api/2.2/jobs/get", ok(job))
    play.add_job_run(
        job_run(900, tasks=[task(901), task(902, "load", GOOD)]),
        {"error": "KeyError: 'berth_id'", "error_trace": TRACE},
    )
    ticket = job_ticket()
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.error_message == "[Task: clean] KeyError: 'berth_id'"
    assert (ticket.pipeline, ticket.finops_team) == ("Ops_berth-cleaning", "Harbour")
    assert ticket.metadata["run_url"] == "https://adb.example.test/#job/5/run/900"
    assert [row.text for row in rows(ticket, "trace")] == [TRACE]
    assert [row.source_url for row in rows(ticket, "task_error")] == [
        "https://adb.example.test/#job/5/run/900"
    ]
    assert rows(ticket, "alert")[0].text.endswith("(jobs.on_failure).")
    outputs = play.vendor.to("/api/2.2/jobs/runs/get-output")
    assert [request.query["run_id"] for request in outputs] == ["901"]


def test_ticket_reopened_by_another_run_is_looked_at_by_that_run(play: Play) -> None:
    play.add_job_run(job_run(900, tasks=[task(901)]), {"error": "KeyError: 'berth_id'"})
    play.add_job_run(job_run(950, tasks=[task(951)]), {"error": "The disk is full"})
    ticket = job_ticket(status="acknowledged")
    services.join_run(ticket.pk, services.AnotherRun("databricks:run:77:950", "950"), now=timezone.now())
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    outputs = play.vendor.to("/api/2.2/jobs/runs/get-output")
    assert [request.query["run_id"] for request in outputs] == ["951"]


def test_run_on_several_pages_in_an_older_workspace_is_read_whole(play: Play) -> None:
    unknown = {"error_code": "ENDPOINT_NOT_FOUND", "message": "No API found"}
    for name in ("runs/get", "runs/get-output", "runs/list", "get"):
        play.vendor.on("GET", f"/api/2.2/jobs/{name}", ok(unknown, 404))
    first = {**job_run(900, tasks=[task(901, "a", GOOD)]), "next_page_token": "p2"}
    play.vendor.on("GET", "/api/2.1/jobs/runs/get", ok(first), ok(job_run(900, tasks=[task(902, "b")])))
    play.vendor.on("GET", "/api/2.1/jobs/runs/get-output", ok({"error": "ValueError: late"}))
    play.vendor.on("GET", "/api/2.1/jobs/runs/list", ok({"runs": []}))
    play.vendor.on("GET", "/api/2.1/jobs/get", ok({"job_id": 5, "settings": {"name": "berths"}}))
    ticket = job_ticket()
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.error_message == "[Task: b] ValueError: late"
    pages = play.vendor.to("/api/2.1/jobs/runs/get")
    assert [request.query.get("page_token", "") for request in pages] == ["", "p2"]


def test_cluster_that_died_joins_the_error_and_gives_its_code(play: Play) -> None:
    reason = {"code": "CLOUD_PROVIDER_SHUTDOWN", "type": "CLOUD_FAILURE",
              "parameters": {"azure_error_message": "Spot VM was evicted"}}  # fmt: skip
    lost = {"cluster_id": "c-1", "timestamp": millis(START + timedelta(minutes=4)), "type": "TERMINATING",
            "details": {"reason": reason}}  # fmt: skip
    play.add_cluster({"cluster_id": "c-1", "cluster_name": "nightly", "spark_version": "15.4.x",
                      "custom_tags": {"CostCenter": "HB-9"}}, lost)  # fmt: skip
    play.add_job_run(job_run(900, tasks=[task(901, cluster_instance={"cluster_id": "c-1"})]))
    ticket = job_ticket()
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.error_message == (
        "[Task: clean] Workload failed | Cluster nightly ended with CLOUD_PROVIDER_SHUTDOWN"
        " (CLOUD_FAILURE): Spot VM was evicted"
    )
    assert ticket.error_code == "CLOUD_PROVIDER_SHUTDOWN"
    assert ticket.finops_cost_center == "HB-9"
    assert rows(ticket, "cluster_event")[0].text == (
        "2026-11-20 02:04:00 TERMINATING: CLOUD_PROVIDER_SHUTDOWN (CLOUD_FAILURE); Spot VM was evicted"
    )
    (asked,) = play.vendor.to("/api/2.1/clusters/events")
    ended = START + timedelta(minutes=5)
    assert asked.json()["start_time"] == millis(ended - timedelta(minutes=15))
    assert asked.json()["end_time"] == millis(ended + timedelta(minutes=10))


def test_spark_error_class_is_the_code(play: Play) -> None:
    play.add_job_run(job_run(900, tasks=[task(901)]), {"error": "[DELTA_CONCURRENT_APPEND] Files were added"})
    ticket = job_ticket()
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert (ticket.error_code, ticket.error_type) == ("DELTA_CONCURRENT_APPEND", "DELTA_CONCURRENT_APPEND")


def test_what_differs_from_the_last_good_run_is_told(play: Play) -> None:
    def run(run_id: int, state: dict[str, Any], day: int, version: str, commit: str) -> dict[str, Any]:
        library = {"pypi": {"package": f"pandas=={version}"}}
        return job_run(run_id, state, started=START - timedelta(days=day), tasks=[
            task(run_id * 10, "clean", state, libraries=[library])],
            git_source={"git_snapshot": {"used_commit": commit}})  # fmt: skip

    for run_id, state, day, version, commit in (
        (900, FAILED, 0, "2.2", "bbb"), (899, FAILED, 1, "2.2", "bbb"), (898, GOOD, 2, "2.1", "aaa"),
    ):  # fmt: skip
        play.add_job_run(run(run_id, state, day, version, commit))
    ticket = job_ticket()
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.metadata["run_history"] == "dead"
    assert rows(ticket, "run_history")[0].text.startswith("Dead since 2026-11-19 02:00 UTC: 2 runs in a row")
    differing = next(row for row in rows(ticket, "configuration") if row.title.endswith("good run 898"))
    assert differing.text.splitlines() == [
        "Libraries gone: pypi:pandas==2.1.",
        "Libraries added: pypi:pandas==2.2.",
        "Git commit: aaa before, bbb now.",
    ]


def test_job_begun_by_a_task_is_followed(play: Play) -> None:
    play.add_job_run(job_run(900, tasks=[{"run_id": 901, "task_key": "call", "state": FAILED, "run_job_task": {}}]),
                     {"run_job_output": {"run_id": 950}, "error": "Run 950 failed"})  # fmt: skip
    play.add_job_run(job_run(950, job_id=6, tasks=[task(951)]), {"error": "ZeroDivisionError: by zero"})
    child = job_ticket("950")
    ticket = job_ticket()
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert "ZeroDivisionError" in ticket.error_message
    assert ticket.links.get().other == child


def test_token_of_one_workspace_is_never_shown_to_another(play: Play) -> None:
    ticket = job_ticket(run_scope="88")
    result = collect_evidence(ticket.pk)
    assert play.vendor.requests == []
    assert not result.is_worth_retrying
    assert "No token belongs to workspace 88" in rows(ticket, "note")[0].text


def test_workspace_of_the_file_is_asked_with_its_own_token(
    play: Play, settings: Settings, tmp_path: Path
) -> None:
    known = tmp_path / "workspaces.json"
    known.write_text(json.dumps({"88": {"host": play.vendor.url, "token": "dapi-of-88"}}))
    settings.DATABRICKS_WORKSPACES_FILE = str(known)
    play.add_job_run(job_run(900, tasks=[task(901)]), {"error": "x"})
    collect_evidence(job_ticket(run_scope="88").pk)
    assert {request.headers["authorization"] for request in play.vendor.requests} == {"Bearer dapi-of-88"}


def test_no_host_says_what_to_set(play: Play, settings: Settings) -> None:
    settings.DATABRICKS_HOST = ""
    ticket = job_ticket()
    collect_evidence(ticket.pk)
    assert rows(ticket, "note")[0].text == (
        "Set DATABRICKS_HOST and DATABRICKS_TOKEN to have the real error fetched."
    )


def test_output_that_cannot_be_fetched_yet_is_worth_a_retry(play: Play) -> None:
    play.add_job_run(job_run(900, tasks=[task(901)]))
    play.vendor.on("GET", "/api/2.2/jobs/runs/get-output", Answer(500))
    ticket = job_ticket()
    assert collect_evidence(ticket.pk).is_worth_retrying
    ticket.refresh_from_db()
    assert ticket.error_message == "[Task: clean] Workload failed"


def test_error_that_a_relay_told_outlives_a_vendor_that_says_less(play: Play) -> None:
    play.add_job_run(job_run(900, tasks=[task(901)]))
    ticket = job_ticket(error_message="ValueError: berth 7 is taken", error_code="BerthTaken")
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert (ticket.error_message, ticket.error_code) == ("ValueError: berth 7 is taken", "BerthTaken")


def test_run_that_still_runs_is_not_called_failed(play: Play) -> None:
    running = {"life_cycle_state": "RUNNING"}
    play.add_job_run(job_run(900, running, end_time=0, tasks=[task(901, "clean", running)]))
    ticket = job_ticket(error_message="Runs longer than its threshold.")
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.error_message == "Runs longer than its threshold."
    assert "leaf" not in ticket.metadata


def test_cluster_row_is_asked_for_by_its_id(play: Play) -> None:
    play.add_cluster({"cluster_id": "c-9", "cluster_name": "nightly", "custom_tags": {"team": "Harbour"}})
    ticket = job_ticket(
        source="databricks_clusters", resource_type="cluster", run_id="1", run_scope="", fired_at=START,
        metadata={"cluster_id": "c-9"},
    )  # fmt: skip
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.finops_team == "Harbour"
    (asked,) = play.vendor.to("/api/2.1/clusters/events")
    assert asked.json()["cluster_id"] == "c-9"
    assert asked.json()["start_time"] == millis(START - timedelta(minutes=30))
    assert rows(ticket, "configuration")[0].title == "Cluster nightly"
    assert (
        run_url(ticket.source, "", ticket.metadata) == f"{play.vendor.url}/#setting/clusters/c-9/driverLogs"
    )


def test_library_that_failed_is_named(play: Play) -> None:
    play.add_cluster({"cluster_id": "c-9"})
    status = {
        "library": {"pypi": {"package": "nope==9"}},
        "status": "FAILED",
        "messages": ["No matching version"],
    }
    play.vendor.on("GET", "/api/2.0/libraries/cluster-status", ok({"library_statuses": [status]}))
    ticket = job_ticket(resource_type="library", metadata={"cluster_id": "c-9"})
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.error_message == "pypi:nope==9: FAILED No matching version"
