"""The end of a ticket: removed when its time is over."""

from __future__ import annotations

from collections.abc import Iterable

from tickets import counter_store
from tickets.models import Ticket


def remove(ticket_ids: Iterable[int]) -> None:
    """Delete tickets with all that hangs on them, and take them out of the counters.

    For a caller that decided what may go, and that writes it into the audit trail in the same transaction.
    """
    found = Ticket.objects.filter(pk__in=ticket_ids)
    for ticket in found:
        counter_store.forgotten(ticket)
    found.delete()
