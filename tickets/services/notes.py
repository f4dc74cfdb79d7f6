"""What people and vendors add to a ticket without moving it through its life cycle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import actions
from audit.services import LONGEST_IN_RECORD, SYSTEM, Actor, record
from tickets import live
from tickets.models import LinkKind, Ticket, TicketComment, TicketLink
from tickets.services._rows import lock, record_change, save


def assign(ticket_id: int, user: User | None, *, actor: Actor) -> Ticket:
    """Give the ticket to a person, or to nobody."""
    now = timezone.now()
    with transaction.atomic():
        ticket = lock(ticket_id)
        if ticket.assigned_to_id == (user.pk if user else None):
            return ticket
        ticket.assigned_to = user
        save(ticket, ["assigned_to"], now=now)
        record_change(
            actions.TICKET_ASSIGNED,
            ticket,
            actor=actor,
            summary=f"Assigned to {user.email if user else 'nobody'}",
        )
    return ticket


def add_comment(ticket_id: int, text: str, *, actor: Actor) -> TicketComment:
    """Keep a remark; the record holds its first 2,000 characters."""
    now = timezone.now()
    with transaction.atomic():
        ticket = lock(ticket_id)
        comment = TicketComment.objects.create(ticket=ticket, author=actor.name or "System", text=text)
        save(ticket, [], now=now)
        record_change(
            actions.COMMENT_ADDED,
            ticket,
            actor=actor,
            summary=text,
            details={"text": text[:LONGEST_IN_RECORD]},
        )
    return comment


def link(ticket_id: int, other_id: int, *, kind: str = LinkKind.RELATED, actor: Actor = SYSTEM) -> bool:
    """Relate two tickets, once; True when the link is new."""
    with transaction.atomic():
        ticket, other = Ticket.objects.get(pk=ticket_id), Ticket.objects.get(pk=other_id)
        _, is_new = TicketLink.objects.get_or_create(ticket=ticket, other=other, defaults={"kind": kind})
        if is_new:
            summary = f"{ticket.key} {LinkKind(kind).label.lower()} {other.key}"
            record(actions.TICKET_LINKED, subject=ticket.subject, actor=actor, summary=summary)
            record(actions.TICKET_LINKED, subject=other.subject, actor=actor, summary=summary)
            live.publish(live.TICKET_UPDATED, ticket)
            live.publish(live.TICKET_UPDATED, other)
    return is_new


def note(
    ticket_id: int,
    action: str,
    *,
    summary: str,
    actor: Actor = SYSTEM,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record something that befell the ticket without changing it (an alert resolved, a run that succeeded)."""
    with transaction.atomic():
        ticket = Ticket.objects.get(pk=ticket_id)
        record_change(action, ticket, actor=actor, summary=summary, details=details)


def set_fields(ticket_id: int, **fields: Any) -> Ticket:
    """Set columns that outside systems fill in (Jira key, Slack timestamp, blob URL) and tell the dashboards."""
    now = timezone.now()
    with transaction.atomic():
        ticket = lock(ticket_id)
        for name, value in fields.items():
            setattr(ticket, name, value)
        save(ticket, list(fields), now=now)
        live.publish(live.TICKET_UPDATED, ticket)
    return ticket
