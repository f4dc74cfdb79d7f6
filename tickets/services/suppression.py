"""A ticket that turns out to be quiet once its name and tags are the vendor's own."""

from __future__ import annotations

from datetime import datetime

from tickets import live
from tickets.models import Ticket
from tickets.quiet import quiet_for
from tickets.quiet.services import mark, record_suppressed
from tickets.services._rows import save


def suppress_late(ticket: Ticket, *, now: datetime) -> bool:
    """Whether nobody is to be told of a locked ticket's birth; marks it where only its real team or name says so.

    Judged at the moment of the failure, not at that of a worker that came late.
    """
    if ticket.is_suppressed:
        return True
    if quiet_for(ticket, ticket.sla_started_at) is None:
        return False
    save(ticket, mark(ticket, ticket.sla_started_at), now=now)
    record_suppressed(ticket)
    live.publish(live.TICKET_UPDATED, ticket)
    return True
