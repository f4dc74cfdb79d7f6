"""Celery's side of what goes on after a ticket was told: questions to the models, evidence that came late."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import worker_process_init
from django.utils import timezone

from rca import questions, settling
from rca.evidence import late
from rca.providers import warm_up


@worker_process_init.connect
def warm_up_worker(**_: Any) -> None:
    """Each child of a forking worker; the embedded worker has no such signal and warms up by itself."""
    warm_up()


@shared_task(name="rca.settle_questions")
def settle_questions() -> int:
    """Ask what is due and share what is answered; returns how many tickets or questions were moved."""
    now = timezone.now()
    moved = settling.ask_due(now) + settling.share_forgotten()
    if now.minute == 0:
        questions.trim(now)
    return moved


@shared_task(name="rca.collect_due_evidence")
def collect_due_evidence() -> int:
    """Hand each collection that is due to a worker of its own; returns how many."""
    claimed = late.claim_due(timezone.now())
    for ticket_id in claimed:
        collect_late_evidence.delay(ticket_id)
    return len(claimed)


@shared_task(name="rca.collect_late_evidence")
def collect_late_evidence(ticket_id: int) -> None:
    late.collect_late(ticket_id, now=timezone.now())
