"""A later run of the same pipeline or job succeeded: the failure is over, whoever acknowledged it or not."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from audit import actions
from audit.services import SYSTEM, Actor, record
from tickets import live
from tickets.models import Ticket
from tickets.services._rows import lock, save

# What failed longer ago is no longer waited for; the status of a ticket never changes here.
LOOKED_BACK = timedelta(days=30)
MOST_AT_ONCE = 200


def mark_recovered(
    *, source: str, pipeline: str, scope: str, succeeded_at: datetime, actor: Actor = SYSTEM
) -> list[Ticket]:
    """Note on every ticket of a pipeline or job that failed before `succeeded_at` that it runs again.

    `scope` is the factory or workspace where it is told; a ticket that tells another one is left alone.
    """
    if not pipeline:
        return []
    failed = Ticket.objects.filter(
        source=source,
        pipeline=pipeline[:300],
        recovered_at=None,
        opened_at__lte=succeeded_at,
        opened_at__gt=succeeded_at - LOOKED_BACK,
    )
    if scope:
        failed = failed.filter(run_scope__in=("", scope))
    found = failed.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE]
    return [ticket for pk in found if (ticket := _mark(pk, succeeded_at, actor))]


def _mark(ticket_id: int, at: datetime, actor: Actor) -> Ticket | None:
    with transaction.atomic():
        ticket = lock(ticket_id)
        if ticket.recovered_at is not None or ticket.sla_started_at > at:
            return None
        ticket.recovered_at = at
        ticket.recovery_seconds = max(0, round((at - ticket.opened_at).total_seconds()))
        ticket.downtime_seconds = ticket.recovery_seconds
        save(ticket, ["recovered_at", "recovery_seconds", "downtime_seconds"], now=at)
        record(
            actions.PIPELINE_RECOVERED,
            subject=ticket.subject,
            actor=actor,
            summary=f"{ticket.pipeline} succeeded again {ticket.recovery_seconds} s after this failure",
            details={"recovery_seconds": ticket.recovery_seconds},
        )
        live.publish(live.TICKET_UPDATED, ticket)
    return ticket
