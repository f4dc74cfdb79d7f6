"""One ticket that breaks holds up no other ticket's clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.signals import post_save

from integrations.deliveries.escalating import plan_step
from tests.clock.conftest import Desk, policy
from tickets.apart import add_up
from tickets.escalation.services import register_sender
from tickets.models import Escalation, Ticket

pytestmark = pytest.mark.django_db


@contextmanager
def broken(poisoned: Ticket) -> Iterator[None]:
    """Whatever listens to this ticket's changes fails."""

    def fail(instance: Ticket, **_: Any) -> None:
        if instance.pk == poisoned.pk:
            raise ValueError("poisoned")

    post_save.connect(fail, sender=Ticket)
    try:
        yield
    finally:
        post_save.disconnect(fail, sender=Ticket)


def test_ticket_that_breaks_holds_up_no_others_warning_and_breach(desk: Desk) -> None:
    poisoned, other = desk.open(1), desk.open(2)
    with broken(poisoned):
        desk.tick(minutes=13)
        desk.tick(minutes=3)
    seen = desk.read(other)
    assert (seen.sla_status, seen.sla_warned_at is None) == ("Breached", False)
    assert desk.read(poisoned).sla_status == "Pending"
    desk.tick(seconds=5)
    assert desk.read(poisoned).sla_status == "Breached"


def test_step_that_breaks_holds_up_no_others_step(desk: Desk) -> None:
    policy("", (0, "slack", "U0ONCALL"))
    poisoned, other = desk.open(1), desk.open(2)

    def send(ticket: Ticket, escalation: Escalation) -> None:
        if ticket.pk == poisoned.pk:
            raise ValueError("poisoned")
        plan_step(ticket, escalation)

    register_sender(send)
    try:
        desk.tick(minutes=16)
    finally:
        register_sender(plan_step)
    assert [step.ticket_id for step in Escalation.objects.all()] == [other.pk]
    desk.tick(seconds=5)
    assert Escalation.objects.count() == 2


def test_database_that_is_away_is_the_fault_of_no_item() -> None:
    def act(item: int) -> int:
        raise OperationalError("gone")

    with pytest.raises(OperationalError):
        add_up("Anything", act, [1, 2])
