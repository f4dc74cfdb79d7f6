"""What Jira's webhooks missed: asked for every few minutes, checked issue by issue, then done as if told."""

from __future__ import annotations

import logging
import math
from datetime import datetime, timedelta

from django.db import transaction

from audit.models import ActorKind
from audit.services import Actor
from integrations.deliveries.claims import channel_state
from integrations.jira.client import JiraClient, JiraStatus
from integrations.jira.config import JiraConfig
from integrations.models import ACTIVE, Channel, ChannelState, Delivery, JiraIssue, Operation
from integrations.webhooks.jira_changes import move_ticket
from integrations.webhooks.jira_events import STATUS_OF_CATEGORY
from tickets import services as ticket_services

logger = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=10)
FURTHEST = timedelta(days=7)
# What changed a moment ago is left to its webhook: the search may still show the state before.
SETTLED = timedelta(minutes=1)
JIRA = Actor(ActorKind.VENDOR_USER, "Jira")


def reconcile(now: datetime, client: JiraClient | None = None) -> int:
    """Follow the issues whose status is not what we know; returns how many tickets moved.

    Raises IntegrationError when Jira cannot be asked; the next run then looks back as far as needed.
    """
    client = client or JiraClient(JiraConfig.from_settings())
    last = ChannelState.objects.filter(pk=Channel.JIRA).values_list("reconciled_at", flat=True).first()
    # A clock that was ahead tells nothing of when Jira was last asked.
    back = min(now - last + OVERLAP, FURTHEST) if last and last <= now else FURTHEST
    changed = client.recently_changed(max(math.ceil(back.total_seconds() / 60), 1))
    moved = 0
    for issue in JiraIssue.objects.filter(key__in=list(changed)).order_by("pk"):
        if changed[issue.key].category != issue.category and _is_settled(issue, now):
            moved += _follow(issue.pk, client.get_status(issue.key), now)
    with transaction.atomic():
        state = channel_state(Channel.JIRA)
        state.reconciled_at = now
        state.save(update_fields=["reconciled_at"])
    return moved


def _is_settled(issue: JiraIssue, now: datetime) -> bool:
    if issue.changed_at is not None and abs(now - issue.changed_at) < SETTLED:
        return False
    going_out = Delivery.objects.filter(
        ticket=issue.ticket_id, channel=Channel.JIRA, operation=Operation.TRANSITION, state__in=ACTIVE
    )
    return not going_out.exists()


def _follow(issue_id: int, status: JiraStatus, now: datetime) -> int:
    ticket_id = JiraIssue.objects.values_list("ticket_id", flat=True).get(pk=issue_id)
    with transaction.atomic():
        ticket = ticket_services.lock(ticket_id)
        issue = JiraIssue.objects.get(pk=issue_id)
        if status.category == issue.category or status.category not in STATUS_OF_CATEGORY:
            return 0
        if not _is_settled(issue, now):
            return 0
        has_moved = ticket.status != STATUS_OF_CATEGORY[status.category]
        move_ticket(ticket, issue, status.category, status.name, actor=JIRA, at=now)
    return int(has_moved)
