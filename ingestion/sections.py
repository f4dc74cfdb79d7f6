"""What `ingestion` adds to a ticket's detail: the alert that opened it, as text, with secrets masked."""

from __future__ import annotations

from audit.redaction import redact
from ingestion.models import PAYLOAD_REMOVED, EventTicket
from tickets.models import Ticket
from tickets.together import Rows

LONGEST_SHOWN = 65_536


def raw_payload_of(ticket: Ticket, _rows: Rows) -> str:
    """The first event's body, at most 64 KiB of it; "" for a ticket that no alert opened."""
    first = EventTicket.objects.filter(ticket=ticket).select_related("event").order_by("id").first()
    if first is None:
        return ""
    if first.event.is_payload_removed:
        return PAYLOAD_REMOVED
    return redact(bytes(first.event.body[:LONGEST_SHOWN]).decode("utf-8", "replace"))
