"""Letting go what waited for something else to be told first."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from integrations.deliveries import wakeup
from integrations.models import Channel, Delivery, Operation, State
from tickets.models import Ticket


def slack_post(ticket: Ticket) -> None:
    """The Jira key is known, or will not come soon: the message need not wait for it."""
    _release(ticket, Operation.POST)


def slack_replies(ticket: Ticket) -> None:
    """The thread exists now."""
    _release(ticket, Operation.REPLY)


def _release(ticket: Ticket, operation: str) -> None:
    now = timezone.now()
    waiting = Delivery.objects.filter(
        ticket=ticket, channel=Channel.SLACK, operation=operation, state=State.PENDING, due_at__gt=now
    )
    if waiting.update(due_at=now):
        transaction.on_commit(lambda: wakeup.dispatch(Channel.SLACK), robust=True)
