"""Metric alerts name no run: the failed runs behind them are looked up, each gets one ticket, none gets two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.models import AuditEntry
from ingestion import claims, pipeline, run_lookups, run_windows
from ingestion.models import AlertEvent, EventTicket, RunLookup
from ingestion.sources.base import RunQuery
from tests.evidence.play import FACTORY, START, Play, copy_activity, iso, pipeline_run
from tests.sources.builders import dimension_list
from tests.support.together import at_once
from tests.support.vendor_server import Answer, ok
from tickets import counter_store
from tickets.models import Ticket

WINDOW = START + timedelta(minutes=5), START + timedelta(minutes=15)


def alert(metric: str = "PipelineFailedRuns", alert_id: str = "a1", **dimensions: str) -> dict[str, Any]:
    """A fired metric alert on the factory over ten minutes."""
    criterion = {"metricName": metric, "operator": "GreaterThan", "threshold": "0", "metricValue": 3,
                 "dimensions": dimension_list(dimensions)}  # fmt: skip
    condition = {"windowSize": "PT10M", "allOf": [criterion], "windowStartTime": iso(WINDOW[0]),
                 "windowEndTime": iso(WINDOW[1])}  # fmt: skip
    essentials = {
        "alertId": f"/subscriptions/0a1b/providers/Microsoft.AlertsManagement/alerts/{alert_id}",
        "alertRule": f"{metric} of adf-tide",
        "severity": "Sev1",
        "signalType": "Metric",
        "monitorCondition": "Fired",
        "monitoringService": "Platform",
        "alertTargetIDs": [FACTORY],
        "originAlertId": f"0a1b_rg-tide_microsoft.insights_metricAlerts_{metric}_-1",
        "firedDateTime": iso(START + timedelta(minutes=16)),
    }
    context = {"conditionType": "SingleResourceMultipleMetricCriteria", "condition": condition}
    data = {"essentials": essentials, "alertContext": context}
    return {"schemaId": "azureMonitorCommonAlertSchema", "data": data}


def post(door: Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = door.post("/azure-monitor", body, content_type="application/json")
    assert answer.status_code == 202
    told: dict[str, Any] = answer.json()
    return told


def look_up(minutes: float = 0) -> None:
    """A worker's turn; after `minutes` all that waits has come to its last try."""
    if minutes:
        earlier = timezone.now() - timedelta(seconds=1)
        unanswered = RunLookup.objects.filter(state="waiting", first_ticket=None)
        unanswered.update(give_up_at=earlier, work_due_at=earlier)
    for lookup_id, token in run_lookups.claim_waiting_lookups(timezone.now()):
        run_lookups.process_lookup(lookup_id, token)


def run_pipeline() -> None:
    for ticket_id, token in claims.claim_waiting(timezone.now()):
        pipeline.process_ticket(ticket_id, token)


def three_failed_runs(play: Play) -> None:
    play.add_pipeline_run(pipeline_run("run-1", "load"), copy_activity("CopyA", "UserErrorA1"))
    play.add_pipeline_run(pipeline_run("run-2", "load", minutes=12), copy_activity("CopyB", "UserErrorB2"))
    play.add_pipeline_run(pipeline_run("run-3", "ship"), copy_activity("CopyC", "UserErrorC3"))
    play.add_pipeline_run(pipeline_run("good", "load", "Succeeded"))
    play.add_pipeline_run(pipeline_run("old", "load", started=START - timedelta(hours=2)))


def test_one_alert_over_three_failed_runs_makes_three_tickets_with_their_leaves(
    play: Play, door: Client
) -> None:
    three_failed_runs(play)
    told = post(door, alert())
    assert (told["status"], told["ticket_id"]) == ("accepted", None)
    assert told["message"] == "looking up the failed runs"
    assert play.vendor.requests == []  # nothing stands before the answer
    look_up()
    run_pipeline()
    tickets = {ticket.run_id: ticket for ticket in Ticket.objects.all()}
    assert {run_id: (t.pipeline, t.error_code) for run_id, t in tickets.items()} == {
        "run-1": ("load", "UserErrorA1"),
        "run-2": ("load", "UserErrorB2"),
        "run-3": ("ship", "UserErrorC3"),
    }
    assert all("berths.csv is missing" in ticket.error_message for ticket in tickets.values())
    assert {ticket.severity for ticket in tickets.values()} >= {"High"}
    assert {ticket.dedup_key for ticket in tickets.values()} == {f"adf:run:run-{n}" for n in (1, 2, 3)}
    event = AlertEvent.objects.get()
    assert EventTicket.objects.filter(event=event, verdict="created").count() == 3
    assert event.ticket_key in {ticket.key for ticket in tickets.values()}
    assert AuditEntry.objects.filter(action="Failed Runs Looked Up").count() == 3
    asked = play.queries()[0]
    assert asked["filters"] == [{"operand": "Status", "operator": "Equals", "values": ["Failed"]}]
    assert asked["lastUpdatedAfter"].startswith("2026-11-20T02:00:00")
    assert asked["lastUpdatedBefore"].startswith("2026-11-20T02:20:00")

    post(door, alert("ActivityFailedRuns", "b2", PipelineName="load", Name="CopyA"))
    look_up()
    assert Ticket.objects.count() == 3
    assert play.queries()[-1]["filters"][1]["values"] == ["load"]
    assert [lookup.state for lookup in RunLookup.objects.order_by("pk")] == ["found", "waiting"]
    assert counter_store.current() == counter_store.counted()


def test_both_rules_at_once_end_in_one_ticket_per_run(play: Play, door: Client) -> None:
    three_failed_runs(play)
    post(door, alert())
    post(door, alert("ActivityFailedRuns", "b2"))
    look_up()
    assert Ticket.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_lookups_at_the_same_moment_open_each_run_once(play: Play, door: Client) -> None:
    three_failed_runs(play)
    post(door, alert())
    post(door, alert("ActivityFailedRuns", "b2"))
    claimed = run_lookups.claim_waiting_lookups(timezone.now())
    at_once(*(partial(run_lookups.process_lookup, *each) for each in claimed))
    assert Ticket.objects.count() == 3
    assert EventTicket.objects.count() == 6
    assert not RunLookup.objects.filter(first_ticket=None).exists()


def test_repeat_of_the_alert_is_a_duplicate_before_and_after_the_answer(play: Play, door: Client) -> None:
    three_failed_runs(play)
    post(door, alert())
    before = post(door, alert())
    assert (before["status"], before["ticket_id"]) == ("duplicate_ignored", None)
    look_up()
    after = post(door, alert())
    assert after["status"] == "duplicate_ignored"
    assert after["ticket_id"] in set(Ticket.objects.values_list("key", flat=True))
    look_up()
    assert RunLookup.objects.count() == 1


def test_run_with_a_ticket_outside_the_window_is_linked_and_not_counted(play: Play, door: Client) -> None:
    early = pipeline_run("run-0", "load", started=START - timedelta(minutes=8))  # ended two minutes past two
    play.add_pipeline_run(early, copy_activity())
    post(door, alert())
    look_up()
    known = Ticket.objects.get()
    play.add_pipeline_run(pipeline_run("run-1", "load"), copy_activity())
    post(door, alert(alert_id="a2"))
    look_up()
    known.refresh_from_db()
    assert known.occurrences == 1
    assert set(Ticket.objects.values_list("run_id", flat=True)) == {"run-0", "run-1"}


def test_known_run_at_the_rim_does_not_end_the_wait_for_the_new_one(play: Play, door: Client) -> None:
    play.add_pipeline_run(
        pipeline_run("run-0", "load", started=START - timedelta(minutes=8)), copy_activity()
    )
    post(door, alert())
    look_up()
    post(door, alert(alert_id="a2"))
    look_up()
    assert RunLookup.objects.get(first_ticket=None).last_error == "no failed run yet"
    look_up(minutes=2)
    assert not RunLookup.objects.filter(first_ticket=None).exists()
    assert Ticket.objects.count() == 1  # the alert was about the run that is known


def test_nothing_found_is_asked_again_and_ends_in_one_ticket_that_says_so(play: Play, door: Client) -> None:
    post(door, alert(Name="load"))
    look_up()
    assert not Ticket.objects.exists()
    lookup = RunLookup.objects.get()
    assert lookup.work_due_at - timezone.now() <= run_lookups.ASK_AGAIN_AFTER
    assert lookup.give_up_at - lookup.created_at == timedelta(minutes=2)
    look_up(minutes=2)
    ticket = Ticket.objects.get()
    assert ticket.error_message.endswith(
        "No failed run of load was found between 2026-11-20 02:00:00 and 2026-11-20 02:20:00 UTC."
    )
    assert ticket.dedup_key.startswith("adf:fp:")
    assert RunLookup.objects.get().state == "gave_up"
    again = post(door, alert(Name="load"))
    assert (again["status"], again["ticket_id"]) == ("duplicate_ignored", ticket.key)

    RunLookup.objects.update(created_at=START + timedelta(minutes=16))  # the alert came on the day of its run
    late = pipeline_run("run-9", "load", minutes=25)  # it still ran when it was looked for
    play.add_pipeline_run(late, copy_activity())
    simple = {
        "PipelineName": "load",
        "PipelineRunId": "run-9",
        "ErrorMessage": "failed",
        "resourceId": FACTORY,
    }
    post(door, simple)
    run_pipeline()
    other = Ticket.objects.get(run_id="run-9")
    assert ticket.links.get().other == other


def test_refused_access_opens_the_ticket_at_once_with_advice(play: Play, door: Client) -> None:
    denied = {"error": {"code": "AuthorizationFailed", "message": "no action querypipelineruns"}}
    play.vendor.on("POST", f"{FACTORY}/queryPipelineRuns", ok(denied, 403))
    post(door, alert())
    look_up()
    ticket = Ticket.objects.get()
    assert "The failed runs could not be looked up: " in ticket.error_message
    assert "Data Factory Contributor" in ticket.error_message
    assert "arm-token" not in ticket.error_message


def test_outage_is_waited_for_and_then_told(play: Play, door: Client) -> None:
    play.vendor.on("POST", f"{FACTORY}/queryPipelineRuns", ok({}, 429, Retry_After="40"))
    post(door, alert())
    look_up()
    lookup = RunLookup.objects.get()
    assert lookup.state == "waiting"
    assert timedelta(seconds=30) < lookup.work_due_at - timezone.now() <= timedelta(seconds=40)
    look_up(minutes=2)
    assert "could not be looked up within two minutes" in Ticket.objects.get().error_message


def test_several_pages_are_read(play: Play, door: Client) -> None:
    runs = [pipeline_run(f"run-{n}", "load") for n in (1, 2)]
    for run in runs:
        play.add_pipeline_run(run, copy_activity())
    play.vendor.on(
        "POST", f"{FACTORY}/queryPipelineRuns",
        ok({"value": [runs[0]], "continuationToken": "next"}), ok({"value": [runs[1]]}),
    )  # fmt: skip
    post(door, alert())
    look_up()
    assert Ticket.objects.count() == 2
    assert [query.get("continuationToken") for query in play.queries()[:2]] == [None, "next"]


def test_without_access_the_ticket_opens_at_the_door(play: Play, door: Client, settings: Settings) -> None:
    settings.AZURE_MANAGEMENT_TOKEN = ""
    told = post(door, alert())
    assert told["ticket_id"] == Ticket.objects.get().key
    assert not RunLookup.objects.exists()


def test_worker_that_dies_hands_the_lookup_back_and_its_late_answer_counts_for_nothing(
    play: Play, door: Client
) -> None:
    three_failed_runs(play)
    post(door, alert())
    now = timezone.now()
    ((lookup_id, dead_token),) = run_lookups.claim_waiting_lookups(now)
    assert run_lookups.claim_waiting_lookups(now) == []
    ((_, token),) = run_lookups.claim_waiting_lookups(now + run_lookups.LEASE)
    run_lookups.process_lookup(lookup_id, dead_token)
    assert not Ticket.objects.exists()
    run_lookups.process_lookup(lookup_id, token)
    assert Ticket.objects.count() == 3


def at(minute: int) -> datetime:
    return datetime(2026, 1, 31, 12, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "fired", "expected"),
    [
        (20, 30, 31, (15, 35)),
        (None, None, 30, (15, 35)),
        (None, None, None, (25, 45)),  # received at 12:40
        (20, None, 31, (15, 36)),
        (None, 30, 31, (10, 35)),
        (30, 20, 31, (25, 36)),
        (20, 20, None, (15, 25)),
    ],
)
def test_window_is_widened_and_completed(
    start: int | None, end: int | None, fired: int | None, expected: tuple[int, int]
) -> None:
    times = [None if minute is None else at(minute) for minute in (start, end, fired)]
    query = RunQuery(FACTORY, window_start=times[0], window_end=times[1], fired_at=times[2])
    assert run_windows.window_of(query, received_at=at(40)) == (at(expected[0]), at(expected[1]))


def test_cut_answer_is_tried_again(play: Play, door: Client) -> None:
    run = pipeline_run("run-1", "load")
    play.add_pipeline_run(run, copy_activity())
    whole = ok({"value": [run]})
    play.vendor.on("POST", f"{FACTORY}/queryPipelineRuns", Answer(200, whole.body, cut="body"), whole)
    post(door, alert())
    look_up()
    assert Ticket.objects.count() == 1
