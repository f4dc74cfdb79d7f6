"""Letting go what waited for something else to be told first."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from integrations.deliveries import wakeup
from integrations.models import Channel, Delivery, Operation, State
from tickets.models import Ticket


def slack_post(ticket: Ticket) -> None:
    """The Jira key is known, or will not come soon: the message need not wait for it."""
    _release(ticket, Channel.SLACK, Operation.POST)


def slack_replies(ticket: Ticket) -> None:
    """The thread exists now."""
    _release(ticket, Channel.SLACK, Operation.REPLY)


def jira_issue(ticket: Ticket) -> None:
    """The issue exists now: what is to be said or done on it may go."""
    _release(ticket, Channel.JIRA, Operation.COMMENT)
    _release(ticket, Channel.JIRA, Operation.ESCALATE)


def _release(ticket: Ticket, channel: str, operation: str) -> None:
    now = timezone.now()
    waiting = Delivery.objects.filter(
        ticket=ticket, channel=channel, operation=operation, state=State.PENDING, due_at__gt=now
    )
    if waiting.update(due_at=now):
        transaction.on_commit(lambda: wakeup.dispatch(channel), robust=True)
