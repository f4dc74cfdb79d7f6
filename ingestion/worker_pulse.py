"""The sign of life of those who work on tickets: whoever takes a task from their queue gives it.

A sweep would be no such sign: in a storm it waits behind the tickets while all workers are busy with them, and in
a queue of its own others may serve it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ingestion.models import WorkerPulse

NAME = "worker"
NOTED_EVERY = timedelta(seconds=5)


def note(now: datetime) -> None:
    """Somebody works. Written only when the last sign is five seconds old: SQLite has one writer."""
    seen_at = last_seen()
    if seen_at is None or not timedelta(0) <= now - seen_at < NOTED_EVERY:
        WorkerPulse.objects.update_or_create(name=NAME, defaults={"seen_at": now})


def last_seen() -> datetime | None:
    return WorkerPulse.objects.filter(name=NAME).values_list("seen_at", flat=True).first()
