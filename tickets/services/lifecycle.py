"""The life cycle: start, return, acknowledge, reopen. The table of moves is in `tickets.transitions`.

Each verb does nothing where the ticket stands there already, and raises Ticket.DoesNotExist, TransitionError for a
move that the table does not have, and ConflictError where the caller read another version.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import actions
from audit.services import Actor
from tickets import sla
from tickets.choices import SlaStatus, Status
from tickets.escalation import ladder
from tickets.models import Ticket
from tickets.quiet.services import mark, record_suppressed
from tickets.services._rows import ask_for_work, lock, record_transition, save
from tickets.transitions import TransitionError, needs_change


def start(
    ticket_id: int, *, actor: Actor, user: User | None = None, expected_version: int | None = None
) -> Ticket:
    """open → in_progress; the person who starts an unassigned ticket becomes its owner."""
    now = timezone.now()
    with transaction.atomic():
        ticket = lock(ticket_id, expected_version)
        if not needs_change(ticket.status, Status.IN_PROGRESS):
            return ticket
        before = ticket.status
        ticket.status = Status.IN_PROGRESS
        fields = ["status"]
        if user is not None and ticket.assigned_to_id is None:
            ticket.assigned_to = user
            fields.append("assigned_to")
        save(ticket, fields, now=now)
        record_transition(actions.TICKET_IN_PROGRESS, ticket, before, actor)
    return ticket


def return_to_open(
    ticket_id: int, *, actor: Actor, reason: str = "", expected_version: int | None = None
) -> Ticket:
    """in_progress → open, without starting a new SLA period; an acknowledged ticket is reopened instead."""
    now = timezone.now()
    with transaction.atomic():
        ticket = lock(ticket_id, expected_version)
        if ticket.is_closed:
            return reopen(ticket_id, actor=actor, reason=reason, now=now)
        if not needs_change(ticket.status, Status.OPEN):
            return ticket
        before = ticket.status
        ticket.status = Status.OPEN
        save(ticket, ["status"], now=now)
        record_transition(actions.TICKET_RETURNED, ticket, before, actor, {"reason": reason[:1000]})
    return ticket


def acknowledge(
    ticket_id: int,
    *,
    actor: Actor,
    note: str = "",
    employee_id: str = "",
    expected_version: int | None = None,
) -> Ticket:
    """open or in_progress → acknowledged: the SLA verdict is given here, once, and never recomputed."""
    now = timezone.now()
    with transaction.atomic():
        ticket = lock(ticket_id, expected_version)
        if not needs_change(ticket.status, Status.ACKNOWLEDGED):
            return ticket
        before = ticket.status
        employee = (employee_id or actor.employee_id)[:64]
        save(ticket, _close(ticket, actor.name or "System", employee, note, now), now=now)
        told = {
            "ack_seconds": ticket.ack_seconds,
            "mttr_minutes": round((ticket.ack_seconds or 0) / 60, 2),
            "sla_status": ticket.sla_status,
            "note": note[:1000],
        }
        record_transition(actions.TICKET_CLOSED, ticket, before, actor, told)
    return ticket


def _close(ticket: Ticket, by: str, employee_id: str, note: str, now: datetime) -> list[str]:
    """What an acknowledgement puts on a locked ticket; returns the columns to save."""
    ticket.status = Status.ACKNOWLEDGED
    ticket.acknowledged_at, ticket.ack_user, ticket.ack_employee_id = now, by, employee_id
    ticket.ack_seconds = max(0, round((now - ticket.sla_started_at).total_seconds()))
    ticket.resolution_note = note
    if ticket.sla_status == SlaStatus.PENDING:
        ticket.sla_status = sla.verdict(ticket.sla_due_at, now)
    if ticket.recovered_at is None:
        ticket.downtime_seconds = max(0, round((now - ticket.opened_at).total_seconds()))
    return [
        "status", "acknowledged_at", "ack_user", "ack_employee_id", "ack_seconds",
        "resolution_note", "sla_status", "downtime_seconds", *ladder.stop(ticket),
    ]  # fmt: skip


def reopen(
    ticket_id: int, *, actor: Actor, reason: str = "", now: datetime | None = None, needs_work: bool = False
) -> Ticket:
    """acknowledged → open, with a new SLA period; the first verdict stays in the audit trail.

    `needs_work` sends the ticket through the pipeline again: a run that failed anew has a new error.
    """
    now = now or timezone.now()
    with transaction.atomic():
        ticket = lock(ticket_id)
        if ticket.status == Status.IN_PROGRESS:
            raise TransitionError(ticket.status, "reopened")
        if not needs_change(ticket.status, Status.OPEN):
            return ticket
        before = ticket.status
        first_period = {"ack_seconds": ticket.ack_seconds, "sla_status": ticket.sla_status}
        fields = [*_open_anew(ticket, now), *mark(ticket, now), *ladder.stop(ticket)]
        if needs_work:
            fields += ask_for_work(ticket, now)
        save(ticket, fields, now=now)
        told = {"reason": reason[:1000], "first_period": first_period}
        record_transition(actions.TICKET_REOPENED, ticket, before, actor, told)
        if ticket.is_suppressed:
            record_suppressed(ticket)
    return ticket


def _open_anew(ticket: Ticket, now: datetime) -> list[str]:
    """Begin a locked ticket's next SLA period, with nothing left of the last one; returns the columns to save."""
    clock = sla.clock_for(ticket.priority, now, settings.SLA_SECONDS)
    ticket.status = Status.OPEN
    ticket.reopened_count += 1
    ticket.sla_started_at, ticket.sla_seconds, ticket.sla_due_at = now, clock.seconds, clock.due_at
    ticket.sla_status, ticket.sla_warned_at, ticket.sla_breached_at = SlaStatus.PENDING, None, None
    ticket.ack_user, ticket.ack_employee_id = "", ""
    ticket.acknowledged_at, ticket.ack_seconds = None, None
    ticket.recovered_at = ticket.recovery_seconds = ticket.downtime_seconds = None
    return [
        "status", "reopened_count", "sla_started_at", "sla_seconds", "sla_due_at", "sla_status",
        "sla_warned_at", "sla_breached_at", "ack_user", "ack_employee_id", "acknowledged_at", "ack_seconds",
        "recovered_at", "recovery_seconds", "downtime_seconds",
    ]  # fmt: skip
