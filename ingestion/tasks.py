"""Celery's side of the journey: claim, run one step function, decide what is tried again."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from ingestion import claims, pipeline, reconcile, retention, run_lookups
from ingestion.fast_door.pressure import pressure
from ingestion.models import WorkerPulse

RETENTION_SECONDS = 120.0


@shared_task(name="ingestion.process_waiting")
def process_waiting() -> int:
    """Claim what waits and hand each ticket to a worker of its own; returns how many."""
    pressure.give_way()
    claimed = claims.claim_waiting(timezone.now())
    for ticket_id, token in claimed:
        process_ticket.delay(ticket_id, token)
    if len(claimed) == claims.BATCH:
        process_waiting.delay()
    return len(claimed)


@shared_task(name="ingestion.process_ticket")
def process_ticket(ticket_id: int, token: str) -> None:
    pressure.give_way()
    pipeline.process_ticket(ticket_id, token)


@shared_task(name="ingestion.sweep")
def sweep() -> int:
    """Find what no wake-up brought and what a dead worker left behind."""
    WorkerPulse.objects.update_or_create(name="sweep", defaults={"seen_at": timezone.now()})
    look_up_waiting()
    claimed: int = process_waiting()
    return claimed


@shared_task(name="ingestion.look_up_waiting")
def look_up_waiting() -> int:
    """Claim the look-ups that are due and hand each to a worker of its own; returns how many."""
    claimed = run_lookups.claim_waiting_lookups(timezone.now())
    for lookup_id, token in claimed:
        look_up_runs.delay(lookup_id, token)
    return len(claimed)


@shared_task(name="ingestion.look_up_runs")
def look_up_runs(lookup_id: int, token: str) -> None:
    pressure.give_way()
    run_lookups.process_lookup(lookup_id, token)


@shared_task(name="ingestion.reconcile")
def reconcile_runs() -> int:
    """Every `RECONCILE_MINUTES`: tickets for failed runs that no webhook told of; returns how many."""
    now = timezone.now()
    return len(reconcile.reconcile(now).opened) if reconcile.take_turn(now) else 0


@shared_task(name="ingestion.apply_retention")
def apply_retention() -> int:
    """Remove what is past its retention, for at most RETENTION_SECONDS; the rest is left to a task that follows."""
    started, removed = time.monotonic(), 0
    for _, count in retention.run(timezone.now(), seconds=RETENTION_SECONDS):
        removed += count
        pressure.give_way()
    if time.monotonic() - started >= RETENTION_SECONDS:
        apply_retention.delay()
    return removed
