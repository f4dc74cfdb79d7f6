"""Celery's side of the journey: claim, run one step function, decide what is tried again."""

from __future__ import annotations

import time

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from ingestion import claims, pipeline, reconcile, retention, run_lookups, worker_pulse
from ingestion.fast_door.pressure import pressure

RETENTION_SECONDS = 120.0
SWEEP_SECONDS = 10.0


@shared_task(name="ingestion.process_waiting")
def process_waiting() -> int:
    """Claim what waits, hand all but the first ticket to workers of their own, then do the first; returns how many.

    One alert alone, as most are, is spared a way through the broker.
    """
    pressure.give_way()
    worker_pulse.note(timezone.now())
    claimed = claims.claim_waiting(timezone.now())
    _hand_out(claimed[1:])
    if len(claimed) == claims.BATCH:
        process_waiting.delay()
    if claimed:
        _do_here(*claimed[0])
    return len(claimed)


def _do_here(ticket_id: int, token: str) -> None:
    try:
        process_ticket(ticket_id, token)
    except (OperationalError, InterfaceError):
        process_ticket.apply_async((ticket_id, token), countdown=1)  # which tries again for longer


@shared_task(name="ingestion.process_ticket")
def process_ticket(ticket_id: int, token: str) -> None:
    pressure.give_way()
    worker_pulse.note(timezone.now())
    pipeline.process_ticket(ticket_id, token)
    worker_pulse.note(timezone.now())


@shared_task(name="ingestion.sweep")
def sweep() -> int:
    """Find what no wake-up brought; returns how many. Has the clock's queue, so a storm of tickets does not delay it.

    What somebody holds whose lease ran out may be a dead worker's, or may stand in the tickets' queue behind the
    storm: claimed here it would go to the end of that queue, again and again. So it is left to the wake-ups sent
    from here, which stand in that queue themselves.
    """
    process_waiting.apply_async(expires=SWEEP_SECONDS)
    look_up_waiting.apply_async(expires=SWEEP_SECONDS)
    if pressure.is_on():
        return 0
    look_ups = _hand_out_look_ups(with_held=False)
    claimed = claims.claim_waiting(timezone.now(), with_held=False)
    _hand_out(claimed)
    return look_ups + len(claimed)


@shared_task(name="ingestion.look_up_waiting")
def look_up_waiting() -> int:
    """Claim the look-ups that are due and hand each to a worker of its own; returns how many."""
    return _hand_out_look_ups(with_held=True)


@shared_task(name="ingestion.look_up_runs")
def look_up_runs(lookup_id: int, token: str) -> None:
    pressure.give_way()
    worker_pulse.note(timezone.now())
    run_lookups.process_lookup(lookup_id, token)


def _hand_out(claimed: list[tuple[int, str]]) -> None:
    for ticket_id, token in claimed:
        process_ticket.delay(ticket_id, token)


def _hand_out_look_ups(*, with_held: bool) -> int:
    claimed = run_lookups.claim_waiting_lookups(timezone.now(), with_held=with_held)
    for lookup_id, token in claimed:
        look_up_runs.delay(lookup_id, token)
    return len(claimed)


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
