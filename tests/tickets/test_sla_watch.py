"""The SLA clock with a clock that the test holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.models import AuditEntry
from audit.services import Actor
from tests.support.factories import make_ticket
from tickets import services
from tickets.choices import SlaStatus, Status

pytestmark = pytest.mark.django_db


def test_ticket_past_due_is_breached_once_and_recorded() -> None:
    ticket = make_ticket()
    late = ticket.sla_due_at + timedelta(seconds=1)
    assert services.mark_breaches(late) == 1
    assert services.mark_breaches(late) == 0
    ticket.refresh_from_db()
    assert ticket.sla_status == SlaStatus.BREACHED
    assert AuditEntry.objects.filter(action="SLA Breached", ticket_key=ticket.key).count() == 1


def test_ticket_at_its_due_second_is_not_yet_breached() -> None:
    ticket = make_ticket()
    assert services.mark_breaches(ticket.sla_due_at) == 0


def test_acknowledged_ticket_never_breaches() -> None:
    ticket = make_ticket(status=Status.ACKNOWLEDGED, sla_status=SlaStatus.MET)
    assert services.mark_breaches(ticket.sla_due_at + timedelta(days=1)) == 0


@pytest.mark.parametrize(("used", "warned"), [(0.79, 0), (0.80, 1), (0.99, 1)])
def test_warning_comes_at_four_fifths(used: float, warned: int) -> None:
    ticket = make_ticket()
    now = ticket.sla_started_at + timedelta(seconds=ticket.sla_seconds * used)
    assert services.mark_warnings(now) == warned
    assert services.mark_warnings(now) == 0


def test_warning_of_a_period_longer_than_a_day_comes_at_four_fifths(settings: Settings) -> None:
    settings.SLA_SECONDS = {**settings.SLA_SECONDS, "P4": 10 * 86_400}
    ticket = make_ticket(priority="P4", sla_seconds=10 * 86_400)
    assert services.mark_warnings(ticket.sla_started_at + timedelta(days=8)) == 1


def test_reopened_ticket_can_breach_again() -> None:
    ticket = make_ticket()
    services.mark_breaches(ticket.sla_due_at + timedelta(seconds=1))
    services.acknowledge(ticket.pk, actor=somebody())
    reopened = services.reopen(ticket.pk, actor=somebody(), reason="again")
    assert reopened.sla_status == SlaStatus.PENDING
    assert reopened.sla_due_at > timezone.now()
    assert services.mark_breaches(reopened.sla_due_at + timedelta(seconds=1)) == 1


def somebody() -> Actor:
    return Actor(name="somebody@example.com")
