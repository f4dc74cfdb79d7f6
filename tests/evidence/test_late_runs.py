"""Runs behind a metric alert that are listed later than the first: looked for again, within bounds, none doubled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ingestion import run_windows
from ingestion.models import AlertEvent, EventTicket, RunLookup
from ingestion.sources import adf
from ingestion.sources.base import Failures, RunQuery
from integrations.datafactory.models import PipelineRun
from tests.evidence.play import FACTORY, START, Play, copy_activity, pipeline_run
from tests.evidence.test_run_lookups import alert, look_up, post
from tests.support.vendor_server import ok
from tickets.models import Ticket

FOUND_AT = START + timedelta(minutes=20)


def look_again(seconds: int) -> RunLookup:
    """As if `seconds` had gone by since the first answer with runs: a worker's turn at that moment."""
    lookup = RunLookup.objects.get()
    lookup.give_up_at = timezone.now() - timedelta(seconds=seconds) + run_windows.LOOK_AGAIN_FOR
    lookup.work_due_at = timezone.now()
    lookup.save()
    look_up()
    lookup.refresh_from_db()
    return lookup


def due_in(lookup: RunLookup) -> float:
    return (lookup.work_due_at - timezone.now()).total_seconds()


def test_runs_that_are_listed_later_get_their_tickets_until_as_many_as_counted_are_there(
    play: Play, door: Client
) -> None:
    play.add_pipeline_run(pipeline_run("run-1", "load"), copy_activity())
    post(door, alert())  # which counted three
    look_up()
    assert Ticket.objects.count() == 1, "whoever is listed first waits for nobody"
    lookup = RunLookup.objects.get()
    assert (lookup.state, 18 < due_in(lookup) <= 20) == ("waiting", True)
    play.add_pipeline_run(pipeline_run("run-2", "load", minutes=12), copy_activity())
    lookup = look_again(20)
    assert (lookup.state, 38 < due_in(lookup) <= 40) == ("waiting", True)
    play.add_pipeline_run(pipeline_run("run-3", "ship"), copy_activity())
    assert look_again(60).state == "found"
    assert {ticket.run_id: ticket.occurrences for ticket in Ticket.objects.all()} == {
        "run-1": 1, "run-2": 1, "run-3": 1,
    }  # fmt: skip
    event = AlertEvent.objects.get()
    assert event.message == "The failed runs were looked up: 3 tickets created."
    assert EventTicket.objects.filter(event=event).count() == 3
    assert len(play.queries()) == 3


def test_runs_that_never_turn_up_are_looked_for_within_two_minutes(play: Play, door: Client) -> None:
    play.add_pipeline_run(pipeline_run("run-1", "load"), copy_activity())
    post(door, alert())
    look_up()
    assert [look_again(seconds).state for seconds in (20, 60, 120)] == ["waiting", "waiting", "found"]
    assert len(play.queries()) == 4
    assert Ticket.objects.get().occurrences == 1


def test_runs_that_nobody_counted_are_looked_for_once_more(play: Play, door: Client) -> None:
    play.add_pipeline_run(pipeline_run("run-1", "load"), copy_activity())
    post(door, alert("ActivityFailedRuns"))
    look_up()
    assert 43 < due_in(RunLookup.objects.get()) <= 45
    play.add_pipeline_run(pipeline_run("run-2", "load"), copy_activity())
    assert look_again(45).state == "found"
    assert Ticket.objects.count() == 2


def test_vendor_that_fails_at_a_later_look_costs_no_ticket_and_opens_none(play: Play, door: Client) -> None:
    play.add_pipeline_run(pipeline_run("run-1", "load"), copy_activity())
    post(door, alert())
    look_up()
    play.vendor.on("POST", f"{FACTORY}/queryPipelineRuns", ok({}, 403))
    assert [look_again(seconds).state for seconds in (20, 60, 120)] == ["waiting", "waiting", "found"]
    assert Ticket.objects.get().run_id == "run-1"


def test_new_firing_asks_for_itself_while_late_runs_of_the_last_are_looked_for(
    play: Play, door: Client
) -> None:
    play.add_pipeline_run(pipeline_run("run-1", "load"), copy_activity())
    post(door, alert())
    look_up()
    assert post(door, alert(alert_id="a2"))["message"] == "looking up the failed runs"
    assert RunLookup.objects.count() == 2


@pytest.mark.parametrize(
    ("listed", "expected", "after", "wanted"),
    [
        (1, None, 0, 45),
        (1, None, 45, None),
        (1, 3, 0, 20),
        (1, 3, 20, 60),
        (1, 3, 65, 120),
        (1, 3, 120, None),
        (3, 3, 0, None),
        (4, 3, 0, None),
        (0, 1, 0, 20),
    ],
)
def test_pauses_grow_and_end(listed: int, expected: int | None, after: int, wanted: int | None) -> None:
    query = RunQuery(
        FACTORY, window_start=START, window_end=START + timedelta(minutes=9), expected_runs=expected
    )
    run = PipelineRun.from_json(pipeline_run("r", "load", started=START, minutes=5))
    outside = PipelineRun.from_json(
        pipeline_run("o", "load", started=START + timedelta(minutes=5), minutes=5)
    )
    found = run_windows.next_look(
        query, [*[run] * listed, outside], found_at=FOUND_AT, now=FOUND_AT + timedelta(seconds=after)
    )
    assert found == (None if wanted is None else FOUND_AT + timedelta(seconds=wanted))


def metric(name: str, value: object, **more: Any) -> dict[str, Any]:
    body = alert(name)
    (criterion,) = body["data"]["alertContext"]["condition"]["allOf"]
    criterion.update({"metricValue": value, **more})
    return body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (metric("PipelineFailedRuns", 3), 3),
        (metric("PipelineFailedRuns", "2.0", timeAggregation="Total"), 2),
        (metric("PipelineFailedRuns", 0.5, timeAggregation="Average"), None),
        (metric("PipelineFailedRuns", 3, timeAggregation="Count"), None),
        (metric("PipelineFailedRuns", "many"), None),
        (metric("PipelineFailedRuns", "NaN"), None),
        (metric("PipelineFailedRuns", 10**9), None),
        (metric("ActivityFailedRuns", 3), None),
    ],
)
def test_count_of_failed_runs_is_read_from_the_metric(body: dict[str, Any], expected: int | None) -> None:
    parsed = adf.parse(body)
    assert isinstance(parsed, Failures)
    (failure,) = parsed.items
    assert failure.query is not None
    assert failure.query.expected_runs == expected
