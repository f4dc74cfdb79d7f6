"""Telling the workers that something is due. A message is a wake-up only; the row is the work."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from celery import current_app
from django.utils import timezone

from integrations.deliveries import claims
from tickets.coalesce import Coalescer

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 0.05
QUEUES = {
    "jira": "aiops.jira",
    "slack": "aiops.slack",
    "blob": "aiops.blob",
    "email": "aiops.escalation",
    "webhook": "aiops.escalation",
}


def _send_wake_up() -> None:
    current_app.send_task("integrations.deliver_waiting", expires=30)


_wake_up = Coalescer(_send_wake_up, WINDOW_SECONDS, "Wake-ups for deliveries")


def wake() -> None:
    """From any process, after a commit."""
    _wake_up.request()


def dispatch_now() -> int:
    """In a worker: claim what is due in every channel and hand each to a task of its own; returns how many."""
    return dispatch_among(claims.channels())


def dispatch_among(channels: Iterable[str]) -> int:
    return sum(dispatch(channel) for channel in channels)


def dispatch(channel: str) -> int:
    """Claim what is due in one channel and hand each to a task of its own; returns how many."""
    claimed = claims.claim_waiting(channel, timezone.now())
    for delivery_id, token in claimed:
        try:
            current_app.send_task(
                "integrations.deliver",
                args=(delivery_id, token),
                queue=QUEUES[channel],
                expires=claims.LEASE.seconds,
            )
        except Exception:  # noqa: BLE001 - the sweep makes it good
            logger.warning("The broker is away; a delivery waits for the next sweep")
            claims.give_back(delivery_id, token, timezone.now())
    return len(claimed)


def dispatch_later(channel: str, delay: timedelta) -> None:
    """Look again after a short while; the sweep does so anyway, less punctually."""
    try:
        current_app.send_task(
            "integrations.deliver_waiting", args=(channel,), countdown=delay.total_seconds(), expires=60
        )
    except Exception:  # noqa: BLE001 - the sweep makes it good
        logger.warning("The broker is away; a delivery waits for the next sweep")
