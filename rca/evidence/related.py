"""Tickets of runs that belong together: linked whichever came first."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, QuerySet

from rca.models import RunMention
from tickets import services as ticket_services
from tickets.models import LinkKind, Occurrence, Ticket

_SAME_RUN_NUMBER = timedelta(days=7)  # two workspaces may use a number; two weeks apart it is another run


def link_related(ticket: Ticket) -> int:
    """Link the ticket with those of the runs it names, and with those that name its run; how many were new."""
    found = 0
    for mention in RunMention.objects.filter(ticket=ticket):
        for other in _tickets_of(mention, ticket):
            found += _link(ticket, other, is_cause=mention.is_cause)
    for mention in _mentions_of(ticket):
        found += _link(mention.ticket, ticket, is_cause=mention.is_cause)
    return found


def _tickets_of(mention: RunMention, own: Ticket) -> QuerySet[Ticket]:
    near = own.opened_at - _SAME_RUN_NUMBER, own.opened_at + _SAME_RUN_NUMBER
    is_its_run = Q(run_id=mention.run_id, opened_at__range=near)
    joined = Occurrence.objects.filter(run_id=mention.run_id, seen_at__range=near).values("ticket_id")
    same = Ticket.objects.filter(is_its_run | Q(pk__in=joined), source=mention.source)
    if mention.scope:
        same = same.filter(Q(run_scope__iexact=mention.scope) | Q(run_scope=""))
    return same.exclude(pk=own.pk).order_by("pk")[:3]


def _mentions_of(ticket: Ticket) -> QuerySet[RunMention]:
    """Of its own run, and of the one that reopened it last."""
    run_ids = {ticket.run_id, ticket.current_run_id} - {""}
    near = ticket.opened_at - _SAME_RUN_NUMBER, ticket.sla_started_at + _SAME_RUN_NUMBER
    named = RunMention.objects.filter(
        run_id__in=run_ids, source=ticket.source, ticket__opened_at__range=near
    ).exclude(ticket=ticket)
    if ticket.run_scope:
        named = named.filter(Q(scope__iexact=ticket.run_scope) | Q(scope=""))
    return named.select_related("ticket")[:20]


def _link(ticket: Ticket, other: Ticket, *, is_cause: bool) -> bool:
    """`other`'s run is below the ticket's (`is_cause`) or above it."""
    upper, lower = (ticket, other) if is_cause else (other, ticket)
    return ticket_services.link(upper.pk, lower.pk, kind=LinkKind.CAUSED_BY)
