"""A pipeline that fails again soon after somebody acknowledged it, and one that runs again."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.models import AuditEntry
from integrations.deliveries.notices import notice_of
from tests.clock.conftest import ANN, Clock
from tests.support.posting import post
from tickets import counter_store, services
from tickets.admin.detail import facts
from tickets.api.detail import ticket_detail
from tickets.models import Occurrence, Ticket, TicketLink

pytestmark = pytest.mark.django_db


def failed(door: Client, run: str = "", pipeline: str = "Sales_Load") -> tuple[str, Ticket]:
    body = {"PipelineName": pipeline, "PipelineRunId": run or str(uuid.uuid4()), "ErrorMessage": "No blob."}
    answer = post(door, "/azure-monitor", body)
    return str(answer["tickets"][0]["status"]), Ticket.objects.get(key=answer["ticket_id"])


def acknowledged(door: Client) -> Ticket:
    _, ticket = failed(door)
    services.acknowledge(ticket.pk, actor=ANN)
    return ticket


def test_next_failure_within_the_window_is_a_ticket_of_its_own_linked_to_the_last(
    door: Client, clock: Clock
) -> None:
    earlier = acknowledged(door)
    clock.on(minutes=59)
    verdict, ticket = failed(door)
    assert (verdict, ticket.pk == earlier.pk) == ("created", False)
    link = TicketLink.objects.get()
    assert (link.ticket_id, link.other_id, link.kind) == (ticket.pk, earlier.pk, "repeats")
    assert AuditEntry.objects.filter(action="Pipeline Failed Again", ticket_key=ticket.key).count() == 1


@pytest.mark.parametrize("case", [(61, "Sales_Load", 60), (5, "Sales_Other", 60), (5, "Sales_Load", 0)])
def test_later_failure_other_pipeline_or_no_window_stands_alone(
    door: Client, clock: Clock, settings: Settings, case: tuple[int, str, int]
) -> None:
    minutes, pipeline, settings.FLAP_MINUTES = case
    acknowledged(door)
    clock.on(minutes=minutes)
    failed(door, pipeline=pipeline)
    assert not TicketLink.objects.exists()


def test_failure_while_the_last_one_is_open_stands_alone(door: Client, clock: Clock) -> None:
    failed(door)
    clock.on(minutes=5)
    failed(door)
    assert not TicketLink.objects.exists()


def test_reopening_keeps_every_run_and_its_key(door: Client, clock: Clock, settings: Settings) -> None:
    settings.FLAP_ACTION = "reopen"
    ticket = acknowledged(door)
    clock.on(minutes=10)
    again = str(uuid.uuid4())
    assert failed(door, again) == ("reopened", ticket)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.reopened_count, ticket.needs_work) == ("open", 1, True)
    assert failed(door, again) == ("duplicate", ticket)
    assert [flap.run_id for flap in Occurrence.objects.filter(ticket=ticket)] == [again]
    found = door.get(f"/check-ticket/{again}").json()
    assert found == {"exists": True, "ticket_id": ticket.key}
    settings.FLAP_ACTION = "link"
    assert failed(door, again) == ("duplicate", ticket)
    assert Ticket.objects.count() == 1
    assert counter_store.current() == counter_store.counted()


def test_reopening_takes_over_the_error_of_the_new_run_and_looks_at_that_run(
    door: Client, clock: Clock, settings: Settings
) -> None:
    settings.FLAP_ACTION = "reopen"
    ticket = acknowledged(door)
    first = ticket.run_id
    assert ticket.current_run_id == first
    clock.on(minutes=10)
    again = str(uuid.uuid4())
    body = {"PipelineName": "Sales_Load", "PipelineRunId": again, "ErrorCode": "2108"}
    post(door, "/azure-monitor", {**body, "ErrorMessage": "The gateway timed out."})
    ticket.refresh_from_db()
    assert (ticket.run_id, ticket.current_run_id) == (first, again)
    assert (ticket.error_code, ticket.error_message) == ("2108", "The gateway timed out.")
    entry = AuditEntry.objects.get(action="Pipeline Failed Again")
    assert entry.details["before"]["error_message"] == "No blob."
    assert notice_of(ticket).run_id == again
    assert f"{again} at 2020-11-20 12:10 UTC" in str(facts(ticket))


def test_people_are_led_to_the_run_that_reopened_it(door: Client, clock: Clock, settings: Settings) -> None:
    """What was known of the first run alone goes: its page, its failing activity, that it was a mere warning."""
    settings.FLAP_ACTION = "reopen"
    page = "https://adb-1.azuredatabricks.net/?o=11#job/7/run/"
    job = {"job": {"job_id": 7, "name": "Sales_Job"}, "workspace_id": 11}
    late = {**job, "event_type": "jobs.on_duration_warning_threshold_exceeded", "run": {"run_id": 1}}
    ticket = Ticket.objects.get(key=post(door, "/databricks-monitor", late)["ticket_id"])
    old = {"run_page_url": f"{page}1", "run_url": f"{page}1", "leaf": "Task load", "tags": "kept"}
    services.set_fields(ticket.pk, metadata={**ticket.metadata, **old})
    services.acknowledge(ticket.pk, actor=ANN)
    clock.on(minutes=5)
    failure = {**job, "event_type": "jobs.on_failure", "run": {"run_id": 2, "run_page_url": f"{page}2"}}
    assert post(door, "/databricks-monitor", failure)["tickets"][0]["status"] == "reopened"
    ticket.refresh_from_db()
    assert ticket.metadata["tags"] == "kept"
    assert not {"leaf", "is_warning", "run_url"} & set(ticket.metadata)
    assert notice_of(ticket).run_url == ticket_detail(ticket)["links"]["run_url"]
    assert notice_of(ticket).run_url in {"", f"{page}2"}


def test_other_run_than_the_one_that_reopened_it_stands_alone(
    door: Client, clock: Clock, settings: Settings
) -> None:
    settings.FLAP_ACTION = "reopen"
    ticket = acknowledged(door)
    clock.on(minutes=10)
    assert failed(door)[1] == ticket
    verdict, other = failed(door)
    assert (verdict, other == ticket) == ("created", False)


def succeeded(door: Client, pipeline: str = "Sales_Load") -> None:
    body = {"PipelineName": pipeline, "PipelineRunId": str(uuid.uuid4()), "Status": "Succeeded"}
    assert post(door, "/azure-monitor", body)["status"] == "ignored"


def test_later_run_that_succeeded_is_the_recovery_of_open_and_closed_failures(
    door: Client, clock: Clock
) -> None:
    closed = acknowledged(door)
    clock.on(hours=1, minutes=1)
    _, still_open = failed(door)
    _, other = failed(door, pipeline="Sales_Other")
    clock.on(hours=1)
    succeeded(door)
    succeeded(door)
    for ticket, seconds in ((closed, 7260), (still_open, 3600)):
        ticket.refresh_from_db()
        assert (ticket.recovery_seconds, ticket.downtime_seconds) == (seconds, seconds)
    other.refresh_from_db()
    assert other.recovered_at is None
    assert still_open.status == "open"
    assert AuditEntry.objects.filter(action="Pipeline Recovered").count() == 2


def test_task_that_succeeded_says_nothing_of_its_job(door: Client, clock: Clock) -> None:
    job = {"job": {"job_id": 7, "name": "Sales_Job"}, "workspace_id": 11}
    post(door, "/databricks-monitor", {**job, "event_type": "jobs.on_failure", "run": {"run_id": 1}})
    clock.on(minutes=10)
    task = {"task": {"task_key": "load"}, "run": {"run_id": 22, "parent_run_id": 2}}
    post(door, "/databricks-monitor", {**job, **task, "event_type": "jobs.on_success"})
    assert Ticket.objects.get().recovered_at is None
    post(door, "/databricks-monitor", {**job, "event_type": "jobs.on_success", "run": {"run_id": 2}})
    assert Ticket.objects.get().recovery_seconds == 600


def test_reopened_ticket_has_not_recovered(door: Client, clock: Clock) -> None:
    ticket = acknowledged(door)
    clock.on(minutes=5)
    succeeded(door)
    services.reopen(ticket.pk, actor=ANN, now=timezone.now() + timedelta(minutes=1))
    ticket.refresh_from_db()
    assert (ticket.recovered_at, ticket.downtime_seconds) == (None, None)
    assert counter_store.current() == counter_store.counted()
