"""The panels that the ticket's own layer fills: comments, related tickets, the timeline of the audit trail."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from accounts.console.integrity import integrity
from audit.models import AuditEntry
from tickets.admin.columns import severity_badge, status_badge
from tickets.admin.panels import OVERVIEW, Panel, register
from tickets.models import LinkKind, Ticket, TicketComment, TicketLink
from tickets.selectors import closed_like

MOST_COMMENTS = 50
MOST_LINKS = 50
MOST_ENTRIES = 200


def comments(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    return {"comments": TicketComment.objects.filter(ticket=ticket).order_by("-id")[:MOST_COMMENTS]}


def related(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    links = TicketLink.objects.filter(Q(ticket=ticket) | Q(other=ticket)).select_related("ticket", "other")
    return {
        "links": [_link_row(link, ticket) for link in links.order_by("-id")[:MOST_LINKS]],
        "similar": closed_like(ticket),
    }


def _link_row(link: TicketLink, ticket: Ticket) -> dict[str, Any]:
    is_ours = link.ticket_id == ticket.pk
    other = link.other if is_ours else link.ticket
    relation = LinkKind(link.kind).label
    if link.kind == LinkKind.CAUSED_BY and not is_ours:
        relation = "Caused"
    return {
        "relation": relation,
        "ticket": other,
        "status": status_badge(other),
        "severity": severity_badge(other),
    }


def timeline(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    known = integrity()
    entries = list(AuditEntry.objects.filter(ticket_key=ticket.key).order_by("-id")[: MOST_ENTRIES + 1])
    return {
        "entries": [(entry, known.of_entry(entry.pk)) for entry in entries[:MOST_ENTRIES]],
        "is_cut": len(entries) > MOST_ENTRIES,
        "ticket_key": ticket.key,
    }


register(Panel(OVERVIEW, "Comments", "admin/tickets/panels/comments.html", comments, place=20))
register(Panel("related", "Related", "admin/tickets/panels/related.html", related, place=80))
register(Panel("timeline", "Timeline", "admin/tickets/panels/timeline.html", timeline, place=90))
