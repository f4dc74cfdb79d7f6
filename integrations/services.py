"""The verbs of telling the outside. Planning is in `deliveries.planning`, one attempt in `deliveries.running`."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit import actions
from audit.services import Actor, record
from integrations.deliveries import wakeup
from integrations.deliveries.planning import plan_deliveries, propose_in_thread, reply_in_thread
from integrations.deliveries.running import deliver
from integrations.models import Delivery, Operation, State
from tickets import services as ticket_services

__all__ = [
    "deliver",
    "plan_deliveries",
    "propose_in_thread",
    "reply_in_thread",
    "send_again",
    "send_failed_again",
]

FAILED = (State.PARKED, State.RETRYING)


def send_again(delivery_id: int, *, actor: Actor) -> Delivery:
    """Try a delivery again now, whatever became of it. What is being sent at this moment is left alone.

    What was sent before is looked for first, so that nothing is made twice that still exists.
    Raises Delivery.DoesNotExist.
    """
    now = timezone.now()
    ticket_id = Delivery.objects.values_list("ticket_id", flat=True).get(pk=delivery_id)
    with transaction.atomic():
        ticket = ticket_services.lock(ticket_id)
        delivery = Delivery.objects.select_for_update().get(pk=delivery_id)
        if delivery.state == State.SENDING and delivery.due_at > now:
            return delivery
        delivery = _in_place_of(delivery)
        before = delivery.state
        was_sent = before == State.SENT
        Delivery.objects.filter(pk=delivery.pk).update(
            state=State.PENDING,
            due_at=now,
            claim_token="",
            failing_since=None,
            uncertain_since=delivery.created_at if was_sent else delivery.uncertain_since,
            wanted=F("wanted") + 1,
            updated_at=now,
        )
        record(
            actions.DELIVERY_REQUESTED,
            subject=ticket.subject,
            actor=actor,
            summary=f"{delivery.get_channel_display()}: {delivery.get_operation_display()}, was {before}",
            details={"delivery": delivery.pk, "before": before},
        )
        transaction.on_commit(wakeup.wake, robust=True)
    delivery.refresh_from_db()
    return delivery


@transaction.atomic
def send_failed_again(ticket_id: int, *, actor: Actor) -> int:
    """Try again now what of a ticket's deliveries was given up or waits after a failure; returns how many.

    What was skipped stays so: a channel that is off, or a quiet time, is no failure.
    """
    failed = Delivery.objects.filter(ticket_id=ticket_id, state__in=FAILED).order_by("id")
    again = [send_again(number, actor=actor) for number in list(failed.values_list("pk", flat=True))]
    return sum(delivery.state == State.PENDING for delivery in again)


def _in_place_of(delivery: Delivery) -> Delivery:
    """An edit of a message that is gone can only be made good by a new message."""
    is_gone = delivery.state == State.PARKED and "message_not_found" in delivery.last_error
    if delivery.operation != Operation.EDIT or not is_gone:
        return delivery
    return Delivery.objects.select_for_update().get(
        ticket=delivery.ticket_id, channel=delivery.channel, operation=Operation.POST
    )
