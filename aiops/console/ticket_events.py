"""The alert events of a ticket, on its page: what came, as text, with its secrets masked."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ingestion.event_display import pretty_body
from ingestion.models import PAYLOAD_REMOVED, AlertEvent, EventTicket
from tickets.admin.panels import Panel, register
from tickets.models import Ticket

MOST_EVENTS = 20
LONGEST_BODY = 20_000


def events_panel(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    touched = EventTicket.objects.filter(ticket=ticket).select_related("event").order_by("-id")
    rows = list(touched.defer("event__failure_trace")[: MOST_EVENTS + 1])
    return {
        "events": [
            {"event": row.event, "verdict": row.verdict, "body": body_of(row.event)}
            for row in rows[:MOST_EVENTS]
        ],
        "is_cut": len(rows) > MOST_EVENTS,
    }


def body_of(event: AlertEvent) -> str:
    """The body as the event's own page has it, cut when it is long."""
    if event.is_payload_removed:
        return PAYLOAD_REMOVED
    text = pretty_body(bytes(event.body))
    return (
        text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}\n… ({event.body_size:,} bytes in all)"
    )


register(Panel("events", "Events", "admin/tickets/panels/events.html", events_panel, place=60))
