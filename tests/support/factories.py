"""Tickets for tests, as the services would have left them."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone

from tickets.models import Ticket

_numbers = itertools.count(1)


class TicketFactory(factory.django.DjangoModelFactory[Ticket]):
    class Meta:
        model = Ticket

    key = factory.LazyFunction(lambda: f"ADF-20261120T120000-{next(_numbers):06x}")
    dedup_key = factory.LazyAttribute(lambda ticket: f"adf:run:{ticket.key.lower()}")
    source = "adf"
    resource_type = "pipeline"
    pipeline = "DataEng_LoadOrders"
    run_id = factory.LazyAttribute(lambda ticket: ticket.key.lower())
    error_message = "The required Blob is missing."
    status = "open"
    acknowledged_at = factory.LazyAttribute(
        lambda ticket: ticket.opened_at if ticket.status == "acknowledged" else None
    )
    severity = "High"
    priority = "P2"
    sla_seconds = 1800
    opened_at = factory.LazyFunction(timezone.now)
    sla_started_at = factory.SelfAttribute("opened_at")
    sla_due_at = factory.LazyAttribute(
        lambda ticket: ticket.sla_started_at + timedelta(seconds=ticket.sla_seconds)
    )
    needs_work = False


def make_ticket(**fields: Any) -> Ticket:
    ticket: Ticket = TicketFactory.create(**fields)
    return ticket
