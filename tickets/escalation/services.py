"""Escalation: begun by a breach, stopped by an acknowledgement, each step once however many workers look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import QuerySet

from audit import actions
from audit.services import record
from tickets.apart import add_up
from tickets.choices import Status
from tickets.clock_models import Escalation, EscalationStep, StepKind
from tickets.escalation.ladder import steps_of, stop
from tickets.escalation.plan import Step, due_steps
from tickets.models import Ticket
from tickets.quiet.services import hold_back
from tickets.services._rows import lock, save

BATCH = 500

Sender = Callable[[Ticket, Escalation], None]
_senders: list[Sender] = []


def register_sender(sender: Sender) -> None:
    """Name who sends steps: called inside the transaction that records one, the ticket's row locked."""
    _senders[:] = [sender]


def waiting(now: datetime) -> QuerySet[Ticket]:
    """Tickets with a step due."""
    return Ticket.objects.filter(escalation_due_at__lte=now).order_by("escalation_due_at", "id")


def take_due_steps(now: datetime) -> int:
    """Take every step that is due; returns how many were new."""
    due = waiting(now).values_list("pk", flat=True)[:BATCH]
    return add_up("Escalation of ticket", lambda ticket_id: _take(ticket_id, now), due)


def _take(ticket_id: int, now: datetime) -> int:
    with transaction.atomic():
        ticket = lock(ticket_id)
        if ticket.escalation_due_at is None or ticket.escalation_due_at > now:
            return 0
        if ticket.status == Status.ACKNOWLEDGED or ticket.escalation_from is None:
            save(ticket, stop(ticket), now=now)
            return 0
        quiet = hold_back(ticket, now)
        if quiet is not None:  # the delays count anew from its end: nobody is called out of a window
            ticket.escalation_from = quiet.until
            ticket.escalation_due_at = quiet.until
            save(ticket, ["escalation_from", "escalation_due_at"], now=now)
            return 0
        period = ticket.reopened_count
        taken = set(
            Escalation.objects.filter(ticket=ticket, period=period).values_list("step_number", flat=True)
        )
        due = due_steps(steps_of(ticket.finops_team), taken, ticket.escalation_from, now)
        for step, at in due.now:
            _take_step(ticket, step, due_at=at, now=now)
        ticket.escalation_due_at = due.next_at
        save(ticket, ["escalation_due_at"], now=now)
    return len(due.now)


def _take_step(ticket: Ticket, step: Step, *, due_at: datetime, now: datetime) -> None:
    escalation = Escalation.objects.create(
        ticket=ticket,
        period=ticket.reopened_count,
        step_number=step.number,
        kind=step.kind,
        target=step.target,
        due_at=due_at,
        taken_at=now,
    )
    minutes = round(step.delay.total_seconds() / 60)
    record(
        actions.ESCALATED,
        subject=ticket.subject,
        summary=f"{minutes} min after the breach: {StepKind(step.kind).label} {shown_target(step)}".strip(),
        details={"step": step.number, "kind": step.kind, "due_at": due_at.isoformat()},
    )
    for sender in _senders:
        sender(ticket, escalation)


def shown_target(step: Step | EscalationStep | Escalation) -> str:
    """The target as the record may have it: of an address on the web only the host, for its path may be a secret."""
    if step.kind != StepKind.WEBHOOK:
        return step.target
    try:
        return urlsplit(step.target).hostname or ""
    except ValueError:
        return ""
