"""Celery's side of the outside world: claim, run one service, keep house."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from integrations import broadcasts, digests, services
from integrations.deliveries import wakeup
from integrations.errors import IntegrationError, NotConfiguredError
from integrations.models import InboundCall
from integrations.webhooks import presses, reconcile

INBOUND_KEPT = timedelta(days=7)


@shared_task(name="integrations.deliver_waiting")
def deliver_waiting(channel: str = "") -> int:
    """Claim what is due and hand each to a task of its own; also what a lost message or a dead worker left."""
    if channel:
        return wakeup.dispatch(channel)
    presses.sweep(timezone.now())
    return wakeup.dispatch_now()


@shared_task(name="integrations.deliver")
def deliver(delivery_id: int, token: str) -> None:
    channel = services.deliver(delivery_id, token)
    if channel:
        wakeup.dispatch(channel)  # the place is free: the next one may go


@shared_task(name="integrations.act_on_press")
def act_on_press(call_id: int, response_url: str = "") -> None:
    presses.act(call_id, response_url)


@shared_task(name="integrations.reconcile_jira")
def reconcile_jira() -> int:
    """What Jira's webhooks missed; returns how many tickets moved."""
    try:
        return reconcile.reconcile(timezone.now())
    except NotConfiguredError:
        return 0
    except IntegrationError as error:
        reconcile.logger.warning("Jira could not be asked what changed: %s", error)
        return 0


@shared_task(name="integrations.send_broadcasts")
def send_broadcasts() -> int:
    """Summaries and digests that are due; returns how many were tried."""
    return broadcasts.send_due(timezone.now)


@shared_task(name="integrations.plan_digests")
def plan_digests() -> int:
    """The digests of every period that is over, each once; returns how many messages were planned."""
    return digests.plan_due(timezone.now())


@shared_task(name="integrations.trim_inbound_calls")
def trim_inbound_calls() -> int:
    return InboundCall.objects.filter(received_at__lt=timezone.now() - INBOUND_KEPT).delete()[0]
