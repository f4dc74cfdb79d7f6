"""Reads of the door."""

from __future__ import annotations

from django.db.models import Q

from ingestion.models import EventTicket
from ingestion.sources.keys import canonical_id
from integrations.archive_source import Payload
from tickets.models import Occurrence, Ticket


def newest_ticket_of_run(run_id: str, *, source: str = "", workspace: str = "") -> Ticket | None:
    """The newest ticket of a run; `workspace` is the Databricks workspace id or the factory's ARM id."""
    run = canonical_id(run_id)
    joined = Occurrence.objects.filter(run_id=run).values("ticket_id")  # runs that reopened an earlier ticket
    found = Ticket.objects.filter(Q(run_id=run) | Q(pk__in=joined))
    if source:
        found = found.filter(source=source)
    if workspace:
        found = found.filter(run_scope__iexact=workspace)
    return found.order_by("-id").first()


def first_payload(ticket: Ticket) -> Payload | None:
    """What the first event of a ticket brought, as received; None where no event made it or nothing is kept."""
    touched = EventTicket.objects.filter(ticket=ticket).order_by("id").select_related("event").first()
    if touched is None or touched.event.is_payload_removed:
        return None
    return Payload(bytes(touched.event.body), touched.event.received_at)
