"""The SLA clock's acts: a warning at 80 % and the breach, each exactly once however many workers look."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction

from audit import actions
from audit.services import record
from audit.times import utc_second
from tickets import live, sla
from tickets.apart import add_up
from tickets.choices import SlaStatus
from tickets.escalation import ladder
from tickets.models import NOT_ACKNOWLEDGED, Ticket
from tickets.services._rows import lock, save

BATCH = 500


def mark_breaches(now: datetime) -> int:
    """Mark every unacknowledged ticket whose due moment has passed; returns how many were new."""
    due = _pending().filter(sla_due_at__lt=now).order_by("sla_due_at", "id")
    ids = due.values_list("pk", flat=True)[:BATCH]
    return add_up("SLA breach of ticket", lambda ticket_id: _mark_breach(ticket_id, now), ids)


def _mark_breach(ticket_id: int, now: datetime) -> bool:
    with transaction.atomic():
        ticket = lock(ticket_id)
        if ticket.is_closed or ticket.sla_status != SlaStatus.PENDING or ticket.sla_due_at >= now:
            return False
        ticket.sla_status, ticket.sla_breached_at = SlaStatus.BREACHED, now
        save(ticket, ["sla_status", "sla_breached_at", *ladder.begin(ticket, now)], now=now)
        record(
            actions.SLA_BREACHED,
            subject=ticket.subject,
            summary=f"{ticket.priority} was due at {utc_second(ticket.sla_due_at)}; nobody acknowledged it",
            details={"sla_seconds": ticket.sla_seconds, "due_at": ticket.sla_due_at.isoformat()},
        )
        live.publish(live.SLA_BREACHED, ticket)
    return True


def mark_warnings(now: datetime) -> int:
    """Note every ticket that has used 80 % of its time; returns how many were new."""
    horizon = now + timedelta(seconds=max(settings.SLA_SECONDS.values())) * (1 - sla.WARN_AT)
    near = _pending().filter(sla_warned_at=None, sla_due_at__gte=now, sla_due_at__lte=horizon)
    found = near.order_by("sla_due_at", "id").values_list("pk", "sla_started_at", "sla_due_at")
    late = [pk for pk, started, due in found[:BATCH] if now >= sla.warning_at(started, due)]
    return add_up("SLA warning of ticket", lambda ticket_id: _mark_warning(ticket_id, now), late)


def _mark_warning(ticket_id: int, now: datetime) -> bool:
    with transaction.atomic():
        ticket = lock(ticket_id)
        is_stale = ticket.is_closed or ticket.sla_status != SlaStatus.PENDING or ticket.sla_warned_at
        if is_stale or now < sla.warning_at(ticket.sla_started_at, ticket.sla_due_at):
            return False
        ticket.sla_warned_at = now
        save(ticket, ["sla_warned_at"], now=now)
        left = round((ticket.sla_due_at - now).total_seconds())
        record(actions.SLA_WARNING, subject=ticket.subject, summary=f"{ticket.priority} is due in {left} s")
        live.publish(live.TICKET_UPDATED, ticket)
    return True


def _pending() -> models.QuerySet[Ticket]:
    return Ticket.objects.filter(NOT_ACKNOWLEDGED, sla_status=SlaStatus.PENDING)
