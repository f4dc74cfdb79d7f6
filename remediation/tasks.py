"""Celery's side of remediation: claim what is due and do one step of each. The row is the work."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from celery import current_app, shared_task
from django.conf import settings
from django.utils import timezone

from remediation import claims, services

logger = logging.getLogger(__name__)

QUEUE = "aiops.remediation"


@shared_task(name="remediation.sweep")
def sweep() -> int:
    """Hand on everything that is due; also what a lost message or a dead worker left. Off: nothing at all."""
    if not settings.AUTO_REMEDIATION_ENABLED:
        return 0
    now = timezone.now()
    services.ask_after_quiet(now)
    services.expire(now)
    services.resume_after_windows(now)
    claimed = _send("remediation.decide", claims.claim_decisions(now))
    return claimed + _send("remediation.step", claims.claim_attempts(now))


def _send(task: str, claimed: Sequence[tuple[int, str]]) -> int:
    for pk, token in claimed:
        try:
            current_app.send_task(task, args=(pk, token), queue=QUEUE, expires=claims.LEASE.seconds)
        except Exception:
            logger.warning("The broker is away; remediation waits for its lease to end", exc_info=True)
    return len(claimed)


@shared_task(name="remediation.decide")
def decide(ticket_id: int, token: str) -> None:
    if services.decide_request(ticket_id, token) is None:
        services.decide_ticket(ticket_id, token)


@shared_task(name="remediation.step")
def step(attempt_id: int, token: str) -> None:
    services.step(attempt_id, token)
