"""Who sends what: rows are the work, a claim is a conditional UPDATE under a lease, bounded per channel.

A vendor that hangs holds at most `DELIVERY_CONCURRENCY` workers: the rest of its deliveries wait as rows. The
count and the claim happen under the channel's row, so two claimers cannot both take the last place.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from audit.locking import lock_or_make
from integrations.deliveries.schedule import LONGEST_RETRY_AFTER
from integrations.models import ACTIVE, Channel, ChannelState, Delivery, DeliveryAttempt, State
from tickets.due import is_due

# Longer than what an act does between two renewals may take.
LEASE = timedelta(seconds=45)
# What a clock that was ahead wrote: further away than any lease, and than any pause a vendor may ask for.
FARTHEST = timedelta(minutes=10)
FARTHEST_RETRY = LONGEST_RETRY_AFTER + FARTHEST


class LostClaimError(Exception):
    """The lease ran out and somebody else took over: do nothing more."""


def claim_waiting(channel: str, now: datetime) -> list[tuple[int, str]]:
    """Claim what is due in a channel, as far as there is room; ids with the token that proves the claim."""
    if not _has_due(channel, now):
        return []
    with transaction.atomic():
        if is_paused(channel_state(channel), now):
            return []
        active = Delivery.objects.filter(channel=channel, state__in=ACTIVE)
        busy = active.filter(state=State.SENDING, due_at__gt=now, due_at__lte=now + FARTHEST).count()
        room = max(settings.DELIVERY_CONCURRENCY - busy, 0)
        return [
            (delivery.pk, _take(delivery, now))
            for delivery in active.filter(_due(now)).order_by("due_at", "id")[:room]
        ]


def _has_due(channel: str, now: datetime) -> bool:
    return Delivery.objects.filter(_due(now), channel=channel, state__in=ACTIVE).exists()


def _due(now: datetime) -> Q:
    """Only a retry may lie hours ahead."""
    at_once = Q(state__in=[State.PENDING, State.SENDING])
    return is_due(now, FARTHEST_RETRY) | (at_once & is_due(now, FARTHEST))


def is_paused(state: ChannelState, now: datetime) -> bool:
    """Whether the vendor asked for a pause that is not over; one beyond the longest is a wrong clock's."""
    return state.paused_until is not None and now < state.paused_until <= now + FARTHEST_RETRY


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
