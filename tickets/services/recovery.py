"""A later run of the same pipeline or job succeeded: the failure is over, whoever acknowledged it or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from audit import actions
from audit.services import SYSTEM, Actor
from tickets.models import Ticket
from tickets.services._rows import lock, record_change, save

# What failed longer ago is no longer waited for; the status of a ticket never changes here.
LOOKED_BACK = timedelta(days=30)
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class GoodRun:
    """A run that succeeded. Where `began_at` is known, failures after it are not over: they came beside this run,
    unless it is their own run, repaired.
    """

    succeeded_at: datetime
    run_id: str = ""
    began_at: datetime | None = None

    def ends(self, ticket: Ticket) -> bool:
        if ticket.recovered_at is not None or ticket.sla_started_at > self.succeeded_at:
            return False
        is_later = self.began_at is None or self.began_at >= (ticket.fired_at or ticket.opened_at)
        return is_later or self.run_id in {ticket.run_id, ticket.current_run_id} - {""}


def not_recovered(*, source: str, scope: str, now: datetime) -> QuerySet[Ticket]:
    """Tickets whose pipeline or job may still have failed last.

    `scope` is the factory or workspace where it is told; a ticket that tells another one is left alone.
    """
    failed = Ticket.objects.filter(
        source=source, recovered_at=None, opened_at__lte=now, opened_at__gt=now - LOOKED_BACK
    )
    return failed.filter(run_scope__in=("", scope)) if scope else failed


def mark_recovered(
    *, source: str, pipeline: str, scope: str, run: GoodRun, actor: Actor = SYSTEM
) -> list[Ticket]:
    """Note on every ticket of a pipeline or job that failed before a run of it succeeded that it runs again."""
    if not pipeline:
        return []
    failed = not_recovered(source=source, scope=scope, now=run.succeeded_at).filter(pipeline=pipeline[:300])
    found = failed.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE]
    return [ticket for pk in found if (ticket := _mark(pk, run, actor))]


def _mark(ticket_id: int, run: GoodRun, actor: Actor) -> Ticket | None:
    at = run.succeeded_at
    with transaction.atomic():
        ticket = lock(ticket_id)
        if not run.ends(ticket):
            return None
        ticket.recovered_at = at
        ticket.recovery_seconds = max(0, round((at - ticket.opened_at).total_seconds()))
        ticket.downtime_seconds = ticket.recovery_seconds
        save(ticket, ["recovered_at", "recovery_seconds", "downtime_seconds"], now=at)
        record_change(
            actions.PIPELINE_RECOVERED,
            ticket,
            actor=actor,
            summary=f"{ticket.pipeline} succeeded again {ticket.recovery_seconds} s after this failure",
            details={"recovery_seconds": ticket.recovery_seconds, "run_id": run.run_id},
        )
    return ticket
