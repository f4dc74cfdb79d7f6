"""What every verb does to a ticket's row: lock it, number the change, write down a transition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import SYSTEM, Actor, record
from tickets import counter_store, counters, live
from tickets.choices import ProcessingState
from tickets.models import Ticket
from tickets.signals import ticket_opened


class ConflictError(Exception):
    """Somebody else changed the ticket since the caller read it."""


def lock(ticket_id: int, expected_version: int | None = None) -> Ticket:
    """The ticket's row, locked until the end of the transaction.

    Raises Ticket.DoesNotExist, and ConflictError when its version has moved on.
    """
    ticket = Ticket.objects.select_for_update().get(pk=ticket_id)
    if expected_version is not None and ticket.version != expected_version:
        raise ConflictError(f"{ticket.key} was changed in the meantime; read it again.")
    ticket.counted = counters.contribution(ticket)
    return ticket


def queue_for(ticket_id: int) -> None:
    """Lock the ticket's row as `lock` does, where nothing on it is read; raises Ticket.DoesNotExist."""
    Ticket.objects.select_for_update().values_list("pk").get(pk=ticket_id)


def save(ticket: Ticket, fields: list[str], *, now: datetime) -> None:
    """Write a locked ticket's changed columns, and what that does to the summary's counters."""
    ticket.version += 1
    ticket.changed_at = now
    ticket.save(update_fields=[*fields, "version", "changed_at"])
    counts = counters.contribution(ticket)
    counter_store.append(counters.difference(counts, ticket.counted))
    ticket.counted = counts


def record_change(
    action: str,
    ticket: Ticket,
    *,
    summary: str,
    actor: Actor = SYSTEM,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record what befell a ticket, and show it on the dashboards."""
    record(action, subject=ticket.subject, actor=actor, summary=summary, details=details)
    live.publish(live.TICKET_UPDATED, ticket)


def record_transition(
    action: str, ticket: Ticket, before: str, actor: Actor, details: Mapping[str, Any] | None = None
) -> None:
    """Record a move through the life cycle from the status `before`, and show it on the dashboards."""
    record(
        action,
        subject=ticket.subject,
        actor=actor,
        summary=f"{before} to {ticket.status} by {actor.name or 'System'}",
        details={"before": before, "after": ticket.status, **(details or {})},
    )
    live.publish(live.STATUS_UPDATE, ticket)


def ask_for_work(ticket: Ticket, now: datetime) -> list[str]:
    """Put a locked ticket back at the pipeline's beginning, due now; returns the columns to save."""
    ticket.processing_state = ProcessingState.RECEIVED
    ticket.processing_error = ""
    ticket.needs_work, ticket.work_due_at, ticket.work_attempts, ticket.claim_token = True, now, 0, ""
    transaction.on_commit(lambda: ticket_opened.send(Ticket, ticket_id=ticket.pk), robust=True)
    return [
        "processing_state",
        "processing_error",
        "needs_work",
        "work_due_at",
        "work_attempts",
        "claim_token",
    ]
