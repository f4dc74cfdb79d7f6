"""Tickets of Data Factory runs: the leaf's error, the chain, the history, tags, and what cannot be had."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from audit.models import AuditEntry
from integrations import breaker
from rca.evidence.collect import collect_evidence
from rca.models import Evidence
from tests.evidence.play import (
    FACTORY,
    SCOPE,
    START,
    TRACE,
    Play,
    calling_activity,
    copy_activity,
    job_run,
    notebook_activity,
    pipeline_run,
    task,
)
from tests.support.factories import make_ticket
from tests.support.vendor_server import Answer, html, ok
from tickets import services
from tickets.models import Ticket


def run_ticket(run_id: str = "run-1", **fields: object) -> Ticket:
    return make_ticket(run_id=run_id, run_scope=SCOPE, fired_at=START, **fields)


def texts(ticket: Ticket, *kinds: str) -> list[str]:
    found = Evidence.objects.filter(ticket=ticket, **({"kind__in": kinds} if kinds else {}))
    return [row.text for row in found.order_by("number")]


def test_ticket_reopened_by_another_run_is_looked_at_by_that_run(play: Play) -> None:
    play.add_pipeline_run(pipeline_run("run-1", "Ops_LoadBerths"), copy_activity())
    play.add_pipeline_run(pipeline_run("run-2", "Ops_LoadBerths"), copy_activity(code="SqlFailedToConnect"))
    ticket = run_ticket(status="acknowledged")
    services.join_run(ticket.pk, services.AnotherRun("adf:run:run-2", "run-2"), now=START)
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.error_code == "SqlFailedToConnect"
    assert "/run-2?" in ticket.metadata["run_url"]


def test_copy_failure_puts_the_real_code_and_message_on_the_ticket(play: Play) -> None:
    play.add_pipeline_run(pipeline_run("run-1", "Ops_LoadBerths"), copy_activity())
    ticket = run_ticket(error_message="Alert fired", error_code="2200", pipeline="alert rule")
    result = collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert (
        result.added == Evidence.objects.filter(ticket=ticket).count() - 1
    )  # the alert's own text is there too
    assert ticket.error_code == "UserErrorSourceBlobNotExist"
    assert "berths.csv is missing" in ticket.error_message
    assert (ticket.pipeline, ticket.finops_team) == ("Ops_LoadBerths", "Ops")
    assert ticket.metadata["leaf"].startswith(
        "Activity CopyBerths (Copy) of pipeline Ops_LoadBerths failed: "
    )
    assert ticket.metadata["run_url"].startswith(
        "https://adf.azure.com/en/monitoring/pipelineruns/run-1?factory="
    )
    assert texts(ticket, "alert") == ["Alert fired"]
    entry = AuditEntry.objects.get(action="Evidence Collected")
    assert entry.details["vendors"] == ["Data Factory"]
    assert {request.headers["authorization"] for request in play.vendor.requests} == {"Bearer arm-token"}


def test_nested_failure_reads_as_one_chain_from_the_root_to_the_trace(play: Play) -> None:
    play.add_pipeline_run(
        pipeline_run(
            "run-1", "nightly", message="Operation on target Load failed: Inner activity name: Clean"
        ),
        calling_activity("Load", "run-2"),
    )
    page = "https://127.0.0.1/?o=77#job/5/run/900"
    play.add_pipeline_run(pipeline_run("run-2", "load"), notebook_activity("Clean", page))
    play.add_job_run(job_run(900, tasks=[task(901)]), {"error": "KeyError: 'berth_id'", "error_trace": TRACE})
    ticket = run_ticket()
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    rows = list(Evidence.objects.filter(ticket=ticket).order_by("number"))
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert rows[1].title == "The way to the failure"
    assert rows[1].text.splitlines() == [
        "1. Pipeline nightly, run run-1, failed at activity Load (ExecutePipeline)",
        "2. Pipeline load, run run-2, failed at activity Clean (DatabricksNotebook)",
        "3. 3204: Databricks execution failed",
        '4. Databricks job "berth-cleaning", run 900, failed at task clean',
        "5. Task clean (/Shared/clean): KeyError: 'berth_id'",
    ]
    kinds = [row.kind for row in rows]
    assert kinds[2:6] == ["activity_error", "activity_error", "task_error", "trace"]
    assert rows[5].text == TRACE
    assert ticket.error_message == "[Task: clean] KeyError: 'berth_id'"
    assert ticket.metadata["leaf"] == (
        "Task clean (/Shared/clean) of Databricks job \"berth-cleaning\" (run 900) failed: KeyError: 'berth_id'"
    )
    tokens = {
        request.headers["authorization"]
        for request in play.vendor.requests
        if request.path.startswith("/api/")
    }
    assert tokens == {"Bearer dapi-token"}


def test_host_of_a_stranger_never_gets_a_request_nor_the_token(play: Play, settings: Settings) -> None:
    page = "https://adb-99.1.azuredatabricks.net/?o=99#job/5/run/900"
    play.add_pipeline_run(pipeline_run("run-1", "load"), notebook_activity("Clean", page))
    ticket = run_ticket()
    collect_evidence(ticket.pk)
    assert not [request for request in play.vendor.requests if request.path.startswith("/api/")]
    assert any("No token belongs to workspace 99" in text for text in texts(ticket, "note"))


def test_run_of_another_job_is_not_taken_for_the_run_behind_the_activity(
    play: Play, settings: Settings
) -> None:
    page = "https://127.0.0.1/?o=77#job/6/run/900"
    play.add_pipeline_run(pipeline_run("run-1", "load"), notebook_activity("Clean", page))
    play.add_job_run(job_run(900, tasks=[task(901)]), {"error": "of another workspace"})
    ticket = run_ticket()
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.error_message == "Databricks execution failed"
    assert "another workspace is meant" in "".join(texts(ticket, "note"))


def test_collecting_again_adds_nothing_and_records_nothing(play: Play) -> None:
    play.add_pipeline_run(pipeline_run("run-1", "load"), copy_activity())
    ticket = run_ticket()
    collect_evidence(ticket.pk)
    before = list(Evidence.objects.values_list("number", "text", "fetched_at"))
    again = collect_evidence(ticket.pk)
    assert again.added == 0
    assert list(Evidence.objects.values_list("number", "text", "fetched_at")) == before
    assert AuditEntry.objects.filter(action="Evidence Collected").count() == 1


def test_runs_before_it_and_changed_parameters_are_told(play: Play) -> None:
    for day in range(1, 5):
        run = pipeline_run(f"old-{day}", "load", "Succeeded", started=START - timedelta(days=day),
                           parameters={"day": "workday"})  # fmt: skip
        play.add_pipeline_run(run)
    play.add_pipeline_run(
        pipeline_run("run-1", "load", parameters={"day": "holiday"}, minutes=30), copy_activity()
    )
    ticket = run_ticket()
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.metadata["run_history"] == "new"
    lines = texts(ticket, "run_history")[0].splitlines()
    assert lines[:2] == [
        "New: the 4 runs before it succeeded.",
        "It ran 30 min; the median of 4 good runs is 10 min (3 times that).",
    ]
    assert lines[2] == "2026-11-20 02:00 UTC  failed, 30 min  run-1 (this run)"
    assert "Parameter day: 'workday' before, 'holiday' now." in texts(ticket, "configuration")
    asked = play.queries()[0]
    assert asked["filters"] == [{"operand": "PipelineName", "operator": "Equals", "values": ["load"]}]


def test_real_tags_win_over_the_name(play: Play) -> None:
    play.factory_tags = {"Team": "Harbour", "cost-centre": "HB-7", "owner": "pilot@example.com"}
    play.add_pipeline_run(pipeline_run("run-1", "Ops_LoadBerths"), copy_activity())
    ticket = run_ticket(finops_team="DataEng")
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    found = ticket.finops_team, ticket.finops_owner, ticket.finops_cost_center
    assert found == ("Harbour", "pilot@example.com", "HB-7")


def test_no_credential_skips_with_one_line_of_advice(play: Play, settings: Settings) -> None:
    settings.AZURE_MANAGEMENT_TOKEN = ""
    ticket = run_ticket()
    result = collect_evidence(ticket.pk)
    assert not result.is_worth_retrying
    assert not result.troubles
    assert play.vendor.requests == []
    (row,) = Evidence.objects.filter(ticket=ticket, kind="note")
    assert row.title == "Skipped: the Data Factory run"
    assert row.text.startswith("Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET")


def test_permanent_refusal_is_recorded_once_with_the_missing_role(play: Play) -> None:
    denied = {"error": {"code": "AuthorizationFailed", "message": "no action pipelineruns/read"}}
    play.vendor.on("GET", f"{FACTORY}/pipelineruns/run-1", ok(denied, 403))
    ticket = run_ticket()
    results = [collect_evidence(ticket.pk), collect_evidence(ticket.pk)]
    assert [result.added for result in results] == [1, 0]
    assert not results[0].is_worth_retrying
    (text,) = texts(ticket, "note")
    assert "Data Factory Contributor" in text


@pytest.mark.parametrize(
    "answer",
    [Answer(500), html(200, "Sign in"), Answer(200, b'{"runId": "run', cut="body"), ok({}, 429, Retry_After="30")],
    ids=["500", "html", "cut", "429"],
)  # fmt: skip
def test_temporary_failure_leaves_the_ticket_and_asks_to_be_tried_again(play: Play, answer: Answer) -> None:
    play.vendor.on("GET", f"{FACTORY}/pipelineruns/run-1", answer)
    ticket = run_ticket(error_message="What the alert said")
    result = collect_evidence(ticket.pk)
    assert result.is_worth_retrying
    assert result.retry_after == (30 if answer.status == 429 else None)
    ticket.refresh_from_db()
    assert ticket.error_message == "What the alert said"
    assert texts(ticket, "note") == []


def test_child_that_cannot_be_read_yet_keeps_the_way_so_far(play: Play) -> None:
    play.add_pipeline_run(pipeline_run("run-1", "nightly"), calling_activity("Load", "run-2"))
    play.vendor.on("GET", f"{FACTORY}/pipelineruns/run-2", Answer(503))
    ticket = run_ticket()
    first = collect_evidence(ticket.pk)
    assert first.is_worth_retrying
    play.add_pipeline_run(pipeline_run("run-2", "load"), copy_activity())
    breaker.reset_all()
    second = collect_evidence(ticket.pk)
    assert second.added >= 2
    chain = Evidence.objects.get(ticket=ticket, title="The way to the failure")
    assert "Pipeline load, run run-2" in chain.text


def test_slow_vendor_costs_no_more_than_the_budget(play: Play) -> None:
    play.vendor.on("GET", f"{FACTORY}/pipelineruns/run-1", Answer(200, b"{}", delay=30))
    ticket = run_ticket()
    started = time.monotonic()
    result = collect_evidence(ticket.pk, seconds=1.0)
    assert time.monotonic() - started < 3
    assert result.is_worth_retrying


def test_ticket_without_a_run_says_so(play: Play) -> None:
    ticket = make_ticket(run_id="", run_scope=SCOPE)
    collect_evidence(ticket.pk)
    assert play.vendor.requests == []
    assert texts(ticket, "note")[0].startswith("The alert names no run")


def test_ticket_without_a_run_and_without_access_says_what_to_set(play: Play, settings: Settings) -> None:
    settings.AZURE_MANAGEMENT_TOKEN = ""
    ticket = make_ticket(run_id="", run_scope=SCOPE)
    collect_evidence(ticket.pk)
    assert texts(ticket, "note")[0].startswith("Set AZURE_TENANT_ID")


def test_tags_that_may_not_be_read_leave_no_mark(play: Play) -> None:
    play.vendor.on("GET", FACTORY, ok({"error": {"code": "AuthorizationFailed"}}, 403))
    play.add_pipeline_run(pipeline_run("run-1", "load"), copy_activity())
    ticket = run_ticket()
    assert not collect_evidence(ticket.pk).troubles
    assert texts(ticket, "note")[1:] == []


def test_synapse_run_is_asked_for_at_the_workspaces_own_address(play: Play) -> None:
    scope = "/subscriptions/0a1b/resourcegroups/rg-tide/providers/microsoft.synapse/workspaces/syn-tide"
    run = pipeline_run("run-7", "load")
    play.vendor.on("GET", "/pipelineruns/run-7", ok(run))
    path = "/pipelines/load/pipelineruns/run-7/queryActivityruns"
    play.vendor.on("POST", path, ok({"value": [copy_activity()]}))
    play.vendor.on("POST", "/queryPipelineRuns", ok({"value": [run]}))
    ticket = make_ticket(source="synapse", run_id="run-7", run_scope=scope)
    assert not collect_evidence(ticket.pk).troubles
    ticket.refresh_from_db()
    assert ticket.error_code == "UserErrorSourceBlobNotExist"
    assert ticket.metadata["run_url"].startswith(
        "https://web.azuresynapse.net/en/monitoring/pipelineruns/run-7"
    )


def test_function_says_that_there_is_nothing_to_fetch(play: Play) -> None:
    ticket = make_ticket(source="azure_functions", resource_type="function", run_id="i-1")
    collect_evidence(ticket.pk)
    assert "Azure Functions keeps no record" in texts(ticket, "note")[0]


def test_secret_in_an_error_is_masked_in_evidence_and_on_the_ticket(play: Play) -> None:
    activity = copy_activity()
    activity["error"]["message"] = "Login failed: Server=x;Password=Tr0ub4dor&3x;Database=y"
    play.add_pipeline_run(pipeline_run("run-1", "load"), activity)
    ticket = run_ticket()
    collect_evidence(ticket.pk)
    ticket.refresh_from_db()
    everything = ticket.error_message + ticket.metadata["leaf"] + "".join(texts(ticket))
    assert "Tr0ub4dor" not in everything
