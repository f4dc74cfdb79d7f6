"""One failure, one ticket: the table of contract section 12, "Keys", through the door."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.models import AuditEntry
from audit.services import Actor
from ingestion.models import AlertEvent, EventTicket, RunLookup
from integrations import run_lookup
from tests.sources.builders import metric_alert
from tests.support.posting import (
    ADF,
    CLUSTERS,
    DATABRICKS,
    FUNCTIONS,
    SYNAPSE,
    job_failed,
    pipeline_failed,
    post,
    task_failed,
)
from tickets import services
from tickets.models import Ticket

RUN = "7d3c2a90-51f4-4e0d-8a6b-2f9d10c4e5a1"
MORNING, LATER = "2026-04-01T03:00:00Z", "2026-04-01T03:20:00Z"


def cluster_row(**more: Any) -> dict[str, Any]:
    row = {
        "ClusterId": "0302-021144-ab12cd34",
        "TerminationCode": "INIT_SCRIPT_FAILURE",
        "LastEvent": MORNING,
    }
    return {**row, **more}


SAME = {
    "adf run, guid in upper case": (ADF, pipeline_failed(RUN), pipeline_failed(RUN.upper())),
    "adf run, another error text": (ADF, pipeline_failed(RUN), pipeline_failed(RUN, ErrorMessage="Other.")),
    "synapse run": (SYNAPSE, pipeline_failed(RUN), pipeline_failed(RUN, PipelineName="renamed")),
    "job, then its task": (DATABRICKS, job_failed(901), task_failed(902, 901)),
    "task, then its job": (DATABRICKS, task_failed(902, 901), job_failed(901)),
    "two tasks of one job": (DATABRICKS, task_failed(902, 901), task_failed(903, 901)),
    "run number as text": (DATABRICKS, job_failed(901), job_failed("901", "11")),
    "workspace told, then not": (DATABRICKS, job_failed(901), job_failed(901, None)),
    "workspace not told, then told": (DATABRICKS, job_failed(901, None), job_failed(901)),
    "cluster row": (CLUSTERS, cluster_row(), cluster_row(ClusterName="renamed")),
    "invocation": (
        FUNCTIONS,
        {"FunctionName": "f", "InvocationId": RUN, "ExceptionMessage": "a"},
        {"FunctionName": "f", "InvocationId": RUN.upper(), "ExceptionMessage": "b"},
    ),
    "alert sent twice": (ADF, metric_alert("CPU"), metric_alert("CPU")),
    "rule again within 30 minutes": (ADF, metric_alert("CPU"), metric_alert("CPU", alertId="a2")),
    "relay's wrapper": (ADF, pipeline_failed(RUN), {"body": pipeline_failed(RUN)}),
}

APART = {
    "another run": (ADF, pipeline_failed(RUN), pipeline_failed(str(uuid.uuid4()))),
    "two workspaces, one run number": (DATABRICKS, job_failed(901, 11), job_failed(901, 12)),
    "job runs": (DATABRICKS, job_failed(901), job_failed(902)),
    "cluster code": (CLUSTERS, cluster_row(), cluster_row(TerminationCode="OUT_OF_MEMORY")),
    "cluster again, 20 minutes later": (CLUSTERS, cluster_row(), cluster_row(LastEvent=LATER)),
    "another target": (ADF, metric_alert("CPU"), metric_alert("CPU", alertTargetIDs=["/subscriptions/x"])),
    "another dimension": (ADF, metric_alert("CPU", {"Name": "a"}), metric_alert("CPU", {"Name": "b"})),
    "another pipeline without a run": (ADF, pipeline_failed(), pipeline_failed(PipelineName="pl_other")),
}


def pairs(table: dict[str, tuple[str, Any, Any]]) -> list[Any]:
    return [pytest.param(*row, id=name) for name, row in table.items()]


@pytest.mark.parametrize(("path", "first", "second"), pairs(SAME))
def test_two_forms_of_one_failure_end_in_one_ticket(door: Client, path: str, first: Any, second: Any) -> None:
    opened, known = post(door, path, first), post(door, path, second)
    assert opened["status"] == "accepted"
    assert known["status"] == "duplicate_ignored"
    assert known["ticket_id"] == opened["ticket_id"]
    assert known["existing_status"] == "open"
    assert Ticket.objects.get().occurrences == 2


@pytest.mark.parametrize(("path", "first", "second"), pairs(APART))
def test_two_failures_end_in_two_tickets(door: Client, path: str, first: Any, second: Any) -> None:
    assert {post(door, path, body)["status"] for body in (first, second)} == {"accepted"}
    assert Ticket.objects.count() == 2


def test_same_run_number_of_data_factory_and_synapse_are_two_tickets(door: Client) -> None:
    post(door, ADF, pipeline_failed(RUN))
    assert post(door, SYNAPSE, pipeline_failed(RUN))["status"] == "accepted"


def test_unscoped_run_among_two_workspaces_stands_alone(door: Client) -> None:
    post(door, DATABRICKS, job_failed(901, 11))
    post(door, DATABRICKS, job_failed(901, 12))
    assert post(door, DATABRICKS, job_failed(901, None))["status"] == "accepted"
    assert Ticket.objects.count() == 3


def test_unscoped_run_joins_no_ticket_older_than_seven_days(door: Client) -> None:
    post(door, DATABRICKS, job_failed(901))
    Ticket.objects.update(opened_at=timezone.now() - timedelta(days=7, minutes=1))
    assert post(door, DATABRICKS, job_failed(901, None))["status"] == "accepted"


def test_unscoped_run_belongs_to_the_configured_workspace(door: Client, settings: Settings) -> None:
    settings.DATABRICKS_WORKSPACE_ID = "12"
    post(door, DATABRICKS, job_failed(901, 11))
    assert post(door, DATABRICKS, job_failed(901, None))["status"] == "accepted"
    assert post(door, DATABRICKS, job_failed(901, 12))["status"] == "duplicate_ignored"


def acknowledge(ticket_key: str) -> None:
    services.acknowledge(Ticket.objects.get(key=ticket_key).pk, actor=Actor(name="kim@example.com"))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ADF, pipeline_failed(RUN)),
        (CLUSTERS, cluster_row()),
        (DATABRICKS, job_failed(901)),
        (DATABRICKS, job_failed(901, timestamp=1_772_417_520_000)),
    ],
    ids=["adf", "cluster row", "late copy without a time", "late copy from before"],
)
def test_late_copy_for_an_acknowledged_ticket_changes_nothing(door: Client, path: str, body: Any) -> None:
    opened = post(door, path, {**body, "timestamp": 1_772_417_520_000} if path == DATABRICKS else body)
    acknowledge(opened["ticket_id"])
    Ticket.objects.update(acknowledged_at=timezone.now() + timedelta(minutes=1))
    known = post(door, path, body)
    assert known["status"] == "duplicate_ignored"
    assert known["existing_status"] == "acknowledged"
    assert Ticket.objects.get().status == "acknowledged"


def test_databricks_run_failing_again_after_its_acknowledgement_reopens_the_ticket(door: Client) -> None:
    opened = post(door, DATABRICKS, job_failed(901))
    acknowledge(opened["ticket_id"])
    again = post(door, DATABRICKS, job_failed(901))
    assert again["status"] == "accepted"
    assert again["tickets"] == [{"status": "reopened", "ticket_id": opened["ticket_id"], "run_id": "901"}]
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.reopened_count, ticket.needs_work) == ("open", 1, True)


def test_rule_again_after_30_minutes_opens_a_new_ticket(door: Client) -> None:
    post(door, ADF, metric_alert("CPU"))
    Ticket.objects.update(last_seen_at=timezone.now() - timedelta(minutes=31))
    assert post(door, ADF, metric_alert("CPU", alertId="a2"))["status"] == "accepted"


NO_FIRING = pipeline_failed()


def test_body_without_a_firing_joins_the_open_ticket_within_30_minutes(door: Client) -> None:
    opened = post(door, ADF, NO_FIRING)
    assert post(door, ADF, NO_FIRING)["ticket_id"] == opened["ticket_id"]
    assert Ticket.objects.get().occurrences == 2


def test_body_without_a_firing_opens_a_new_ticket_after_30_minutes(door: Client) -> None:
    post(door, ADF, NO_FIRING)
    Ticket.objects.update(last_seen_at=timezone.now() - timedelta(minutes=31))
    assert post(door, ADF, NO_FIRING)["status"] == "accepted"
    assert Ticket.objects.count() == 2


def test_body_without_a_firing_is_not_silenced_by_an_acknowledged_ticket(door: Client) -> None:
    acknowledge(post(door, ADF, NO_FIRING)["ticket_id"])
    assert post(door, ADF, NO_FIRING)["status"] == "accepted"
    assert Ticket.objects.count() == 2


def warned(run_id: int = 901) -> dict[str, Any]:
    return job_failed(run_id, event_type="jobs.on_duration_warning_threshold_exceeded")


def failed_with_error(run_id: int = 901) -> dict[str, Any]:
    state = {"life_cycle_state": "TERMINATED", "result_state": "FAILED", "state_message": "Disk full."}
    return job_failed(run_id, run={"run_id": run_id, "state": state}, severity="Sev0")


def test_failure_of_a_late_run_takes_over_the_warning_ticket(door: Client) -> None:
    opened = post(door, DATABRICKS, warned())
    Ticket.objects.update(needs_work=False, processing_state="notified")
    answer = post(door, DATABRICKS, failed_with_error())
    assert (answer["status"], answer["ticket_id"]) == ("duplicate_ignored", opened["ticket_id"])
    ticket = Ticket.objects.get()
    assert ticket.error_message == "Disk full."
    assert ticket.error_type != "RunDurationExceeded"
    assert "is_warning" not in ticket.metadata
    assert (ticket.needs_work, ticket.processing_state, ticket.status) == (True, "received", "open")
    entry = AuditEntry.objects.get(action="Warning Became Failure")
    assert entry.details["before"]["error_type"] == "RunDurationExceeded"


def test_failure_of_a_late_run_reopens_the_acknowledged_warning(door: Client) -> None:
    opened = post(door, DATABRICKS, warned())
    acknowledge(opened["ticket_id"])
    answer = post(door, DATABRICKS, failed_with_error())
    assert answer["tickets"][0]["status"] == "reopened"
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.needs_work, ticket.error_message) == ("open", True, "Disk full.")


def test_second_failure_of_a_late_run_changes_the_error_no_more(door: Client) -> None:
    post(door, DATABRICKS, warned())
    post(door, DATABRICKS, failed_with_error())
    post(door, DATABRICKS, job_failed(901))
    assert Ticket.objects.get().error_message == "Disk full."
    assert AuditEntry.objects.filter(action="Warning Became Failure").count() == 1


def test_warning_of_a_run_that_has_failed_leaves_the_error_alone(door: Client) -> None:
    post(door, DATABRICKS, failed_with_error())
    assert post(door, DATABRICKS, warned())["status"] == "duplicate_ignored"
    assert Ticket.objects.get().error_message == "Disk full."


@pytest.fixture
def _vendor_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lookup, "can_look_up", lambda source, resource_id: True)


@pytest.mark.usefixtures("_vendor_can_be_asked")
@pytest.mark.parametrize("linked_by", ["first_ticket", "event"])
def test_resolved_metric_alert_is_noted_on_the_tickets_its_look_up_found(
    door: Client, linked_by: str
) -> None:
    fired = metric_alert("PipelineFailedRuns", {"Name": "pl_load"})
    asked = post(door, ADF, fired)
    assert (asked["message"], asked["ticket_id"]) == ("looking up the failed runs", None)
    found = Ticket.objects.get(key=post(door, ADF, pipeline_failed(RUN))["ticket_id"])
    if linked_by == "first_ticket":
        RunLookup.objects.update(first_ticket=found, state="found")
    else:
        EventTicket.objects.create(event_id=asked["event_id"], ticket=found, verdict="created")
    fired["data"]["essentials"]["monitorCondition"] = "Resolved"
    answer = post(door, ADF, fired)
    assert answer["status"] == "ignored"
    assert AuditEntry.objects.get(action="Alert Resolved").ticket_key == found.key
    assert AlertEvent.objects.get(pk=answer["event_id"]).touched.get().ticket == found
