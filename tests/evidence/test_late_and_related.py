"""Evidence that comes later, and tickets of runs that belong together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import AuditEntry
from ingestion import claims, pipeline
from integrations import breaker
from rca.evidence import late
from rca.evidence.collect import collect_evidence
from rca.models import Analysis, Evidence, EvidenceCollection
from tests.evidence.play import (
    FACTORY,
    Play,
    calling_activity,
    copy_activity,
    job_run,
    notebook_activity,
    task,
)
from tests.evidence.play import pipeline_run as run_of
from tests.evidence.test_databricks import job_ticket
from tests.evidence.test_pipelines import run_ticket
from tests.support.vendor_server import Answer
from tickets import services as ticket_services
from tickets.models import Ticket, TicketLink

RUN = f"{FACTORY}/pipelineruns/run-1"
PAGE = "https://127.0.0.1/?o=77#job/5/run/900"


def process(ticket: Ticket) -> Ticket:
    """One turn of the pipeline, as a worker would take it."""
    Ticket.objects.filter(pk=ticket.pk).update(needs_work=True, work_due_at=timezone.now())
    claimed = dict(claims.claim_waiting(timezone.now()))
    pipeline.process_ticket(ticket.pk, claimed[ticket.pk])
    ticket.refresh_from_db()
    return ticket


def test_outage_delays_nothing_and_late_evidence_brings_a_new_analysis(play: Play) -> None:
    play.vendor.on("GET", RUN, Answer(503))
    ticket = process(run_ticket())
    assert (ticket.processing_state, ticket.needs_work) == ("notified", False)
    row = EvidenceCollection.objects.get(ticket=ticket)
    assert row.is_waiting
    assert row.due_at - timezone.now() <= timedelta(minutes=1)

    breaker.reset_all()
    play.add_pipeline_run(run_of("run-1", "load"), copy_activity())
    later = timezone.now() + timedelta(minutes=1)
    assert late.claim_due(later) == [ticket.pk]
    assert late.claim_due(later) == []
    assert late.collect_late(ticket.pk, now=later)
    ticket.refresh_from_db()
    assert (ticket.needs_work, ticket.processing_state) == (True, "received")
    assert AuditEntry.objects.get(action="RCA Requested").summary.startswith("Evidence arrived late: ")

    asked = len(play.vendor.requests)
    process(ticket)
    assert len(play.vendor.requests) == asked  # what came a moment ago is not asked for again
    assert Analysis.objects.filter(ticket=ticket).count() == 2
    assert ticket.error_type == "UserErrorSourceBlobNotExist"
    assert not EvidenceCollection.objects.get(ticket=ticket).is_waiting


def test_vendor_that_stays_away_is_given_up_with_a_note(play: Play) -> None:
    play.vendor.on("GET", RUN, Answer(500))
    ticket = process(run_ticket())
    now = timezone.now()
    for _ in late.DELAYS:
        now += timedelta(minutes=11)
        assert late.claim_due(now) == [ticket.pk]
        late.collect_late(ticket.pk, now=now)
    assert late.claim_due(now + timedelta(days=1)) == []
    note = Evidence.objects.get(ticket=ticket, kind="note")
    assert note.text.startswith("Given up after 5 tries; Re-analyse asks again.")
    assert Analysis.objects.filter(ticket=ticket).count() == 1


def test_worker_that_dies_while_collecting_hands_the_work_back(play: Play) -> None:
    play.vendor.on("GET", RUN, Answer(500))
    ticket = process(run_ticket())
    now = timezone.now() + timedelta(minutes=1)
    assert late.claim_due(now) == [ticket.pk]
    assert late.claim_due(now + late.LEASE) == [ticket.pk]


def test_acknowledged_ticket_keeps_late_evidence_without_new_work(play: Play) -> None:
    play.vendor.on("GET", RUN, Answer(503))
    ticket = process(run_ticket())
    Ticket.objects.filter(pk=ticket.pk).update(status="acknowledged")
    breaker.reset_all()
    play.add_pipeline_run(run_of("run-1", "load"), copy_activity())
    late.claim_due(timezone.now() + timedelta(minutes=1))
    result = late.collect_late(ticket.pk, now=timezone.now())
    ticket.refresh_from_db()
    assert result is not None
    assert result.added
    assert not ticket.needs_work


def test_fault_of_our_own_costs_the_evidence_and_not_the_notification(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(ticket_id: int) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(pipeline, "collect_evidence", broken)
    ticket = process(run_ticket())
    assert ticket.processing_state == "notified"


def nested(play: Play) -> None:
    play.add_pipeline_run(run_of("run-1", "nightly"), calling_activity("Load", "run-2"))
    play.add_pipeline_run(
        run_of("run-2", "load", invokedBy={"pipelineName": "nightly", "pipelineRunId": "run-1"}),
        notebook_activity("Clean", PAGE),
    )
    play.add_job_run(job_run(900, tasks=[task(901)]), {"error": "KeyError: 'x'"})


@pytest.mark.parametrize("order", ["parent child job", "job child parent", "child job parent"])
def test_parent_child_and_job_are_linked_whichever_came_first(play: Play, order: str) -> None:
    nested(play)
    make = {
        "parent": lambda: run_ticket("run-1"),
        "child": lambda: run_ticket("run-2"),
        "job": lambda: job_ticket("900"),
    }
    tickets = {}
    for name in order.split():
        tickets[name] = make[name]()
        collect_evidence(tickets[name].pk)
    found = {
        (link.ticket_id, link.other_id, link.kind)
        for ticket in tickets.values()
        for link in ticket.links.all()
    }
    parent, child, job = (tickets[name].pk for name in ("parent", "child", "job"))
    assert found == {
        (parent, child, "caused_by"),
        (parent, job, "caused_by"),
        (child, job, "caused_by"),
    }


@pytest.mark.parametrize("order", ["parent child", "child parent"])
def test_ticket_that_a_run_reopened_is_linked_by_that_run(play: Play, order: str) -> None:
    """The runs tell nothing of it themselves: the parent's activity alone names the child's run."""
    play.add_pipeline_run(run_of("run-1", "nightly"), calling_activity("Load", "run-2"))
    play.add_pipeline_run(run_of("run-2", "load"), copy_activity())
    child = run_ticket("run-0", status="acknowledged", acknowledged_at=timezone.now())
    again = ticket_services.AnotherRun("adf:run:run-2", run_id="run-2")
    for name in order.split():
        if name == "parent":
            parent = run_ticket("run-1")
            collect_evidence(parent.pk)
        else:
            with transaction.atomic():
                ticket_services.join_run(child.pk, again, now=timezone.now())
            collect_evidence(child.pk)
    assert [(link.ticket_id, link.other_id) for link in TicketLink.objects.all()] == [(parent.pk, child.pk)]


def test_same_run_number_in_another_workspace_is_not_linked(play: Play) -> None:
    nested(play)
    job_ticket("900", run_scope="88")
    ticket = run_ticket("run-2")
    collect_evidence(ticket.pk)
    assert not ticket.links.exists()


def test_ticket_page_shows_evidence_and_analyses(play: Play, client, viewer) -> None:  # type: ignore[no-untyped-def]
    play.add_pipeline_run(run_of("run-1", "load"), copy_activity())
    ticket = process(run_ticket())
    client.force_login(viewer)
    shown = client.get(f"/api/tickets/{ticket.key}").json()["ticket"]
    assert [item["number"] for item in shown["evidence"]] == list(range(1, len(shown["evidence"]) + 1))
    assert {"kind", "title", "text", "source_url", "fetched_at", "is_cut"} <= set(shown["evidence"][0])
    assert shown["analyses"][0]["is_current"]
    assert shown["processing_state"] == "notified"
