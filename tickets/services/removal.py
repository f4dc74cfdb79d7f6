"""The end of a ticket: removed when its time is over."""

from __future__ import annotations

from collections.abc import Iterable

from tickets import counter_store, kept_figures
from tickets.models import Ticket


def remove(ticket_ids: Iterable[int]) -> None:
    """Delete tickets with all that hangs on them, and move them from the counters to the kept figures.

    For a caller that decided what may go, and that writes it into the audit trail in the same transaction.
    """
    found = Ticket.objects.filter(pk__in=ticket_ids)
    kept_figures.keep(found)
    for ticket in found:
        counter_store.forgotten(ticket)
    found.delete()
