"""The life cycle: the table of moves, what each leaves behind, and two people at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from audit.models import AuditEntry
from audit.services import Actor
from tests.support.factories import make_ticket
from tickets import services
from tickets.choices import SlaStatus, Status
from tickets.models import LiveEvent, Ticket
from tickets.services import ConflictError, TransitionError
from tickets.transitions import ALLOWED, needs_change

ANN = Actor("person", "ann@example.com", "E-17")


@pytest.mark.parametrize("current", list(Status))
@pytest.mark.parametrize("wanted", list(Status))
def test_every_move_is_allowed_idempotent_or_refused_with_the_allowed_ones(current: str, wanted: str) -> None:
    if current == wanted:
        assert needs_change(current, wanted) is False
    elif wanted in ALLOWED[current]:
        assert needs_change(current, wanted) is True
    else:
        with pytest.raises(TransitionError) as refused:
            needs_change(current, wanted)
        assert refused.value.allowed == ALLOWED[current]


@pytest.mark.django_db
def test_acknowledged_in_time_meets_the_sla_and_keeps_who_and_when() -> None:
    ticket = make_ticket(opened_at=timezone.now() - timedelta(seconds=100))
    after = services.acknowledge(ticket.pk, actor=ANN, note="restarted")
    assert (after.status, after.sla_status, after.ack_user) == (Status.ACKNOWLEDGED, SlaStatus.MET, ANN.name)
    assert after.ack_employee_id == "E-17"
    assert after.ack_seconds is not None
    assert 100 <= after.ack_seconds <= 110
    entry = AuditEntry.objects.get(action="Ticket Closed")
    assert entry.details["before"] == "open"
    assert entry.details["note"] == "restarted"


@pytest.mark.django_db
def test_acknowledged_too_late_is_a_breach() -> None:
    ticket = make_ticket(opened_at=timezone.now() - timedelta(seconds=1801))
    assert services.acknowledge(ticket.pk, actor=ANN).sla_status == SlaStatus.BREACHED


@pytest.mark.django_db
def test_acknowledging_twice_changes_nothing_the_second_time() -> None:
    ticket = make_ticket()
    first = services.acknowledge(ticket.pk, actor=ANN)
    second = services.acknowledge(ticket.pk, actor=Actor("person", "bob@example.com"))
    assert second.ack_user == ANN.name
    assert second.version == first.version
    assert AuditEntry.objects.filter(action="Ticket Closed").count() == 1


@pytest.mark.django_db
def test_stale_version_is_told_and_changes_nothing() -> None:
    ticket = make_ticket()
    services.start(ticket.pk, actor=ANN)
    with pytest.raises(ConflictError):
        services.acknowledge(ticket.pk, actor=ANN, expected_version=ticket.version)
    assert Ticket.objects.get(pk=ticket.pk).status == Status.IN_PROGRESS


@pytest.mark.django_db
def test_starting_gives_an_unassigned_ticket_to_the_person(analyst: User) -> None:
    ticket = make_ticket()
    assert services.start(ticket.pk, actor=ANN, user=analyst).assigned_to == analyst


@pytest.mark.django_db
def test_reopening_starts_a_new_period_and_remembers_the_first_verdict() -> None:
    ticket = make_ticket(opened_at=timezone.now() - timedelta(seconds=3600))
    services.acknowledge(ticket.pk, actor=ANN)
    reopened = services.reopen(ticket.pk, actor=ANN, reason="failed again")
    assert (reopened.status, reopened.sla_status, reopened.ack_user) == (Status.OPEN, SlaStatus.PENDING, "")
    entry = AuditEntry.objects.get(action="Ticket Reopened")
    assert entry.details["first_period"]["sla_status"] == "Breached"


@pytest.mark.django_db
def test_each_change_is_one_numbered_live_event() -> None:
    ticket = make_ticket()
    services.start(ticket.pk, actor=ANN)
    services.acknowledge(ticket.pk, actor=ANN)
    events = list(LiveEvent.objects.order_by("id").values_list("event", "new_status"))
    assert events == [("status_update", "in_progress"), ("status_update", "acknowledged")]
