"""Which rows have had their time. Only what is done with goes: closed tickets that nothing is waiting for.

An event goes when all the tickets that it touched are done with. One that became no ticket stays: what was not
understood can still be replayed.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from ingestion.models import AlertEvent, EventTicket, Outcome, RunLookup
from integrations.models import ACTIVE, Delivery
from rca.models import Evidence
from remediation.models import Attempt, Decision
from remediation.states import OPEN
from tickets.choices import Status
from tickets.models import Ticket

NOTE = "removed after "
"""How the note begins that stands where a text was."""


def note(days: int) -> str:
    return f"{NOTE}{days} days"


def tickets(before: datetime) -> QuerySet[Ticket]:
    """Closed and last heard of before then, with no work, no delivery and no remediation waiting."""
    return Ticket.objects.filter(
        ~Exists(Delivery.objects.filter(ticket=OuterRef("pk"), state__in=ACTIVE)),
        ~Exists(Attempt.objects.filter(ticket=OuterRef("pk"), state__in=OPEN)),
        ~Exists(Decision.objects.filter(ticket=OuterRef("pk"), is_waiting=True)),
        pk__lte=_last(Ticket, "opened_at", before),
        status=Status.ACKNOWLEDGED,
        acknowledged_at__lt=before,
        last_seen_at__lt=before,
        needs_work=False,
    ).order_by("pk")


def events(before: datetime) -> QuerySet[AlertEvent]:
    """Events that ended in tickets, all of them done with; `ticket_key` outlives its ticket."""
    return _settled(before).filter(outcome__in=(Outcome.ACCEPTED, Outcome.DUPLICATE)).exclude(ticket_key="")


def payloads(before: datetime) -> QuerySet[AlertEvent]:
    """The same, and what was understood to need no ticket; without those whose body is gone already."""
    has_ticket = Q(outcome__in=(Outcome.ACCEPTED, Outcome.DUPLICATE)) & ~Q(ticket_key="")
    return _settled(before).filter(has_ticket | Q(outcome=Outcome.IGNORED)).exclude(body=b"")


def evidence(before: datetime) -> QuerySet[Evidence]:
    """Evidence of closed tickets whose text is still there."""
    last = _last(Ticket, "opened_at", before)
    if not last:
        return Evidence.objects.none()
    return (
        Evidence.objects.filter(
            ticket__lte=last,
            ticket__status=Status.ACKNOWLEDGED,
            ticket__acknowledged_at__lt=before,
            ticket__last_seen_at__lt=before,
            ticket__needs_work=False,
        )
        .exclude(text__startswith=NOTE)
        .order_by("pk")
    )


def _settled(before: datetime) -> QuerySet[AlertEvent]:
    unfinished = Q(ticket__needs_work=True) | Q(ticket__deliveries__state__in=ACTIVE)
    unfinished |= Q(ticket__attempts_made__state__in=OPEN) | Q(ticket__remediation_decision__is_waiting=True)
    unfinished |= ~Q(ticket__status=Status.ACKNOWLEDGED)
    return AlertEvent.objects.filter(
        ~Exists(EventTicket.objects.filter(unfinished, event=OuterRef("pk"))),
        ~Exists(RunLookup.objects.filter(event=OuterRef("pk"), state=RunLookup.State.WAITING)),
        pk__lte=_last(AlertEvent, "received_at", before),
        received_at__lt=before,
    ).order_by("pk")


def _last(model: type[AlertEvent] | type[Ticket], column: str, before: datetime) -> int:
    """The highest number of that age, 0 where none is as old.

    Rows are taken by number, and numbers follow the times closely enough to end the walk by number where the time
    does: a row that is a little older than its number is taken a day later.
    """
    old = model._default_manager.filter(**{f"{column}__lt": before}).order_by(f"-{column}")
    return old.values_list("pk", flat=True).first() or 0
