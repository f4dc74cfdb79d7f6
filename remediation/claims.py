"""Who works on what: rows are the work, a claim is a conditional UPDATE under a lease (as for deliveries)."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from remediation.models import Attempt, Decision
from remediation.states import ACTIVE, State

# Longer than what one step does between two renewals may take: reading 20 s, calling 25 s.
LEASE = timedelta(seconds=75)
BATCH = 20


class LostClaimError(Exception):
    """The lease ran out and somebody else took over: do nothing more."""


def claim_attempts(now: datetime) -> list[tuple[int, str]]:
    """Claim the attempts that are due; ids with the token that proves the claim."""
    return _claim(Attempt.objects.filter(state__in=ACTIVE, due_at__lte=now), now)


def claim_decisions(now: datetime) -> list[tuple[int, str]]:
    return _claim(Decision.objects.filter(is_waiting=True, due_at__lte=now), now)


def _claim(due: QuerySet[Any], now: datetime) -> list[tuple[int, str]]:
    claimed = []
    for pk in list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:BATCH]):
        token = secrets.token_hex(16)
        # Being due is part of the condition: of two claimers one finds it moved ahead.
        if due.order_by().filter(pk=pk).update(due_at=now + LEASE, claim_token=token):
            claimed.append((pk, token))
    return claimed


def release_all(now: datetime) -> int:
    """Take up at once what a worker left in the middle; only for a start that knows itself to be the only worker.

    What is scheduled keeps its time: whether a claim or a back-off holds it cannot be told.
    """
    left = Attempt.objects.filter(state__in=[State.RUNNING, State.VERIFYING])
    return left.update(due_at=now, claim_token="")


def hold(attempt_id: int, token: str, now: datetime) -> None:
    """Renew the lease; raises LostClaimError when the claim passed to somebody else."""
    held = Attempt.objects.filter(pk=attempt_id, claim_token=token, state__in=ACTIVE)
    if not held.update(due_at=now + LEASE):
        raise LostClaimError


def update_held(attempt: Attempt, **fields: Any) -> None:
    """Write columns of a claimed attempt; raises LostClaimError when the claim passed to somebody else."""
    held = Attempt.objects.filter(pk=attempt.pk, claim_token=attempt.claim_token)
    if not held.update(**fields, updated_at=timezone.now()):
        raise LostClaimError
