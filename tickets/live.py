"""Live events: written with the change they tell of, sent by the hub of each web process.

The row is the truth; what goes over the channel layer is only a wake-up. A lost wake-up costs the hub's poll
interval, never an event, and a management command in another process is seen like any other writer.
"""

from __future__ import annotations

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction

from audit.appending import append
from audit.new_rows import new_row
from tickets.coalesce import Coalescer
from tickets.hub import wake_local_hub
from tickets.models import LiveEvent, Ticket
from tickets.signals import ticket_changed

NEW_TICKET = "new_ticket"
STATUS_UPDATE = "status_update"
TICKET_UPDATED = "ticket_updated"
SLA_BREACHED = "sla_breached"

GROUP = "live"
COALESCE_SECONDS = 0.02
"""A wake-up is small; the hub it wakes gathers what came meanwhile."""


def publish(event: str, ticket: Ticket) -> None:
    """Append one numbered event inside the caller's transaction; dashboards are woken after its commit."""
    new_status = ticket.status if event == STATUS_UPDATE else ""
    append(new_row(LiveEvent, event=event, ticket_key=ticket.key, new_status=new_status))

    def announce() -> None:
        _wake_up.request()
        ticket_changed.send(Ticket, ticket_id=ticket.pk, event=event)

    transaction.on_commit(announce, robust=True)


def _wake_hubs() -> None:
    if settings.EMBEDDED:
        wake_local_hub()
        return
    layer = get_channel_layer()
    if layer is not None:
        async_to_sync(layer.group_send)(GROUP, {"type": "live.wake"})


_wake_up = Coalescer(_wake_hubs, COALESCE_SECONDS, "Announcements to the dashboards")
