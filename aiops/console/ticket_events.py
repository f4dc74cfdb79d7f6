"""The alert events of a ticket, on its page: what came, as it came, as text."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from django.http import HttpRequest

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
    return PAYLOAD_REMOVED if event.is_payload_removed else body_text(bytes(event.body))


def body_text(body: bytes) -> str:
    """The body for reading: indented when it is JSON, cut when it is long."""
    text = body.decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):  # not JSON: shown as it came
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]}\n… ({len(body):,} bytes in all)"


register(Panel("events", "Events", "admin/tickets/panels/events.html", events_panel, place=60))
