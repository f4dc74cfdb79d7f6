"""Claiming work: rows are the work, a claim is a conditional UPDATE under a lease.

Two workers may read the same waiting row; only one of their updates counts a row. A worker that dies keeps its
lease until it runs out, then the sweep hands the row to another.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from tickets.due import is_due
from tickets.models import Ticket

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 5
BATCH = 50
FARTHEST = timedelta(minutes=10)
"""Well beyond any lease or pause: a row due later was written by a clock that was ahead, and is due."""


@transaction.atomic
def claim_waiting(now: datetime, limit: int = BATCH, *, with_held: bool = True) -> list[tuple[int, str]]:
    """Claim up to `limit` waiting tickets; returns their ids with the token that proves the claim.

    `with_held`: also those that somebody holds whose lease ran out.
    One transaction, so one turn among the writers and one flush to disk for all of them.
    """
    due = is_due(now, FARTHEST, "work_due_at")
    waiting = Ticket.objects.filter(due, needs_work=True).order_by("work_due_at", "id")
    if not with_held:
        waiting = waiting.filter(claim_token="")
    claimed: list[tuple[int, str]] = []
    for ticket_id, due_at in waiting.values_list("pk", "work_due_at")[:limit]:
        token = secrets.token_hex(16)
        if Ticket.objects.filter(pk=ticket_id, needs_work=True, work_due_at=due_at).update(
            claim_token=token, work_due_at=now + LEASE
        ):
            claimed.append((ticket_id, token))
    return claimed


def begin(ticket_id: int, token: str, now: datetime) -> bool:
    """A worker takes the claimed ticket up: only this counts as an attempt.

    In a storm a claim may run out and be renewed many times before its turn comes; that is nobody's failure.
    False when the claim has passed to somebody else or the work is done.
    """
    held = Ticket.objects.filter(pk=ticket_id, needs_work=True, claim_token=token)
    return held.update(work_due_at=now + LEASE, work_attempts=F("work_attempts") + 1) == 1


def hold_claim(ticket_id: int, token: str, now: datetime) -> bool:
    """Renew the lease; False when the claim has passed to somebody else or the work is done."""
    held = Ticket.objects.filter(pk=ticket_id, needs_work=True, claim_token=token)
    return held.update(work_due_at=now + LEASE) == 1


def finish(ticket_id: int, token: str) -> bool:
    """Mark the work done; False when it was no longer ours or was asked for anew in the meantime."""
    done = Ticket.objects.filter(pk=ticket_id, claim_token=token)
    return done.update(needs_work=False, claim_token="", work_attempts=0) == 1


def retry_later(ticket_id: int, token: str, at: datetime) -> None:
    Ticket.objects.filter(pk=ticket_id, claim_token=token).update(claim_token="", work_due_at=at)


def release_all(now: datetime) -> int:
    """Hand every claimed row back at once; only for a start that knows itself to be the only worker."""
    held = Ticket.objects.filter(needs_work=True).exclude(claim_token="")
    return held.update(claim_token="", work_due_at=now)
