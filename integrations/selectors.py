"""Reads of deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from audit.times import iso
from integrations.models import Delivery
from tickets.models import Ticket
from tickets.sections import Queries
from tickets.together import Rows


def find_deliveries(*, ticket: str = "", states: Sequence[str] = ()) -> QuerySet[Delivery]:
    """Deliveries, newest first, of one ticket (by its key) and in these states, where given."""
    found = Delivery.objects.select_related("ticket").order_by("-id")
    if ticket:
        found = found.filter(ticket__key=ticket)
    return found.filter(state__in=states) if states else found


def hanging_deliveries(ticket: Ticket) -> Queries:
    return {"deliveries": Delivery.objects.filter(ticket=ticket).order_by("id")}


def deliveries_section(_ticket: Ticket, rows: Rows) -> list[dict[str, Any]]:
    """The deliveries of a ticket's detail, oldest first."""
    return [delivery_row(delivery) for delivery in rows["deliveries"]]


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    """One delivery as the API and the ticket page give it."""
    return {
        "id": delivery.pk,
        "channel": delivery.channel,
        "operation": delivery.operation,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "remote_id": delivery.remote_id,
        "last_error": delivery.last_error,
        "advice": delivery.advice,
        "next_attempt_at": iso(delivery.due_at) if delivery.is_active else None,
        "created_at": iso(delivery.created_at),
        "updated_at": iso(delivery.updated_at),
    }
