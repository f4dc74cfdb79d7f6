"""Who sends what: rows are the work, a claim is a conditional UPDATE under a lease, bounded per channel.

A vendor that hangs holds at most `DELIVERY_CONCURRENCY` workers: the rest of its deliveries wait as rows. The
count and the claim happen under the channel's row, so two claimers cannot both take the last place.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from audit.locking import lock_or_make
from integrations.models import ACTIVE, Channel, ChannelState, Delivery, DeliveryAttempt, State

# Longer than what an act does between two renewals may take.
LEASE = timedelta(seconds=45)


class LostClaimError(Exception):
    """The lease ran out and somebody else took over: do nothing more."""


def claim_waiting(channel: str, now: datetime) -> list[tuple[int, str]]:
    """Claim what is due in a channel, as far as there is room; ids with the token that proves the claim."""
    if not _has_due(channel, now):
        return []
    with transaction.atomic():
        state = channel_state(channel)
        if state.paused_until is not None and state.paused_until > now:
            return []
        active = Delivery.objects.filter(channel=channel, state__in=ACTIVE)
        busy = active.filter(state=State.SENDING, due_at__gt=now).count()
        room = max(settings.DELIVERY_CONCURRENCY - busy, 0)
        return [
            (delivery.pk, _take(delivery, now))
            for delivery in active.filter(due_at__lte=now).order_by("due_at", "id")[:room]
        ]


def _has_due(channel: str, now: datetime) -> bool:
    return Delivery.objects.filter(channel=channel, state__in=ACTIVE, due_at__lte=now).exists()


def channel_state(channel: str) -> ChannelState:
    """The channel's row, locked until the end of the transaction."""
    return lock_or_make(ChannelState, channel)


def _take(delivery: Delivery, now: datetime) -> str:
    if delivery.state == State.SENDING:
        DeliveryAttempt.objects.create(
            delivery=delivery,
            number=delivery.attempts,
            result=DeliveryAttempt.Result.LOST,
            response="The worker ended, or took longer than its lease.",
        )
    token = secrets.token_hex(16)
    Delivery.objects.filter(pk=delivery.pk).update(
        state=State.SENDING, claim_token=token, due_at=now + LEASE, attempts=F("attempts") + 1
    )
    return token


def hold(delivery_id: int, token: str, now: datetime, **noted: datetime | str) -> None:
    """Renew the lease, and note columns with it; raises LostClaimError when the claim passed to somebody else."""
    held = Delivery.objects.filter(pk=delivery_id, claim_token=token, state=State.SENDING)
    if not held.update(due_at=now + LEASE, **noted):
        raise LostClaimError


def give_back(delivery_id: int, token: str, now: datetime) -> None:
    """A claim that could not be handed to a worker: the next sweep finds it."""
    Delivery.objects.filter(pk=delivery_id, claim_token=token).update(
        state=State.PENDING, claim_token="", due_at=now, attempts=F("attempts") - 1
    )


def release_all(now: datetime) -> int:
    """Hand every claim back at once; only for a start that knows itself to be the only worker."""
    held = Delivery.objects.filter(state=State.SENDING)
    return held.update(state=State.RETRYING, claim_token="", due_at=now)


def channels() -> tuple[str, ...]:
    return tuple(str(channel) for channel in Channel)
