"""Who works on what: rows are the work, a claim is a conditional UPDATE under a lease (as for deliveries)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from remediation.models import Attempt, Decision
from remediation.states import ACTIVE

# Longer than what one step does between two renewals may take: reading 20 s, calling 25 s.
LEASE = timedelta(seconds=75)
BATCH = 20


class LostClaimError(Exception):
    """The lease ran out and somebody else took over: do nothing more."""


def claim_attempts(now: datetime) -> list[tuple[int, str]]:
    """Claim the attempts that are due; ids with the token that proves the claim."""
    due = Attempt.objects.filter(state__in=ACTIVE, due_at__lte=now).order_by("due_at", "id")
    return _claim(due, list(due.values_list("pk", "due_at")[:BATCH]), now)


def claim_decisions(now: datetime) -> list[tuple[int, str]]:
    due = Decision.objects.filter(is_waiting=True, due_at__lte=now).order_by("due_at", "pk")
    return _claim(due, list(due.values_list("pk", "due_at")[:BATCH]), now)


def _claim(due: Any, found: list[tuple[int, datetime]], now: datetime) -> list[tuple[int, str]]:
    claimed = []
    for pk, due_at in found:
        token = secrets.token_hex(16)
        # The moment it was due is part of the condition: of two claimers one finds it moved ahead.
        if due.order_by().filter(pk=pk, due_at=due_at).update(due_at=now + LEASE, claim_token=token):
            claimed.append((pk, token))
    return claimed


def hold(attempt_id: int, token: str, now: datetime) -> None:
    """Renew the lease; raises LostClaimError when the claim passed to somebody else."""
    held = Attempt.objects.filter(pk=attempt_id, claim_token=token, state__in=ACTIVE)
    if not held.update(due_at=now + LEASE):
        raise LostClaimError
