"""How an attempt ended, written down in one transaction: the delivery, the try, the ticket, the audit trail.

Always the ticket's row first, then the delivery's: a change of the ticket does the same, so the two wait for
each other and neither misses the other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit import actions
from audit.redaction import redact
from audit.services import record
from integrations.deliveries import metrics, schedule, told, wakeup
from integrations.deliveries.acts import Act, Result, Work
from integrations.deliveries.claims import LostClaimError, channel_state, is_paused
from integrations.deliveries.planning import NAME_OF_CATEGORY
from integrations.errors import IntegrationError
from integrations.models import Channel, Delivery, DeliveryAttempt, Operation, State
from tickets import services as ticket_services
from tickets.choices import ProcessingState
from tickets.models import Ticket

FAILED_ACTIONS: dict[str, str] = {
    Channel.JIRA: actions.JIRA_FAILED,
    Channel.SLACK: actions.SLACK_FAILED,
    Channel.BLOB: actions.BLOB_FAILED,
    Channel.EMAIL: actions.EMAIL_FAILED,
    Channel.WEBHOOK: actions.WEBHOOK_FAILED,
}


def succeed(work: Work, act: Act, result: Result, duration_ms: int) -> None:
    """The vendor took it: written down with what follows from it, or due again where it was wanted anew meanwhile.

    Raises LostClaimError when the claim passed to somebody else.
    """
    now = timezone.now()
    with transaction.atomic():
        ticket, delivery = _lock(work)
        is_wanted_again = delivery.wanted != work.delivery.wanted
        delivery.state = State.PENDING if is_wanted_again else State.SENT
        delivery.due_at = now
        delivery.remote_id = result.remote_id[:200] or delivery.remote_id
        delivery.digest = result.digest or delivery.digest
        delivery.failing_since = delivery.uncertain_since = None
        delivery.last_error = delivery.advice = ""
        _save(delivery)
        _keep_try(delivery, DeliveryAttempt.Result.SENT, duration_ms, result.response)
        act.follow_up(ticket, delivery, result)
        _record_success(ticket, delivery, act, result)
        fields = dict(result.fields)
        if ticket.processing_state == ProcessingState.ANALYSED and told.is_told(ticket):
            fields["processing_state"] = ProcessingState.NOTIFIED
        if fields:
            ticket_services.set_fields(ticket.pk, **fields)
        if is_wanted_again:
            transaction.on_commit(wakeup.wake, robust=True)
    metrics.count(delivery, "sent")


def fail(work: Work, act: Act, error: IntegrationError, duration_ms: int) -> None:
    """The vendor did not take it: tried again later, or parked where that is of no use. Raises LostClaimError."""
    now = timezone.now()
    with transaction.atomic():
        ticket, delivery = _lock(work)
        is_first = delivery.failing_since is None
        delivery.failing_since = delivery.failing_since or now
        if work.has_acted and not error.outcome_unknown:
            delivery.uncertain_since = None
        is_given_up = schedule.is_given_up(error, delivery.failing_since, now)
        delivery.state = State.PARKED if is_given_up else State.RETRYING
        delivery.due_at = now + schedule.retry_delay(_failures(delivery) + 1, error)
        delivery.last_error = redact(str(error))[:500]
        delivery.advice = error.advice[:500]
        _save(delivery)
        _keep_try(
            delivery, DeliveryAttempt.Result.FAILED, duration_ms, delivery.last_error, status=error.status
        )
        if is_first or is_given_up:
            _record_failure(ticket, delivery, is_given_up=is_given_up)
        act.give_way(ticket)
        pause_channel(delivery.channel, error, now)
        told.mark_notified(ticket)
        if not is_given_up:
            _look_again_in(delivery.channel, delivery.due_at - now)
    metrics.count(delivery, "parked" if is_given_up else "failed")


def skip(work: Work, act: Act, advice: str) -> None:
    """Nothing to tell, or nowhere to tell it: not a failure, and not tried again by itself."""
    with transaction.atomic():
        ticket, delivery = _lock(work)
        delivery.state = State.SKIPPED
        delivery.advice = advice[:500]
        _save(delivery)
        act.give_way(ticket)
        told.mark_notified(ticket)
    metrics.count(delivery, "skipped")


def postpone(work: Work, seconds: float) -> None:
    now = timezone.now()
    delay = timedelta(seconds=seconds)
    held = Delivery.objects.filter(pk=work.delivery.pk, claim_token=work.token)
    held.update(state=State.PENDING, claim_token="", due_at=now + delay, updated_at=now)
    _look_again_in(work.delivery.channel, delay)


def _lock(work: Work) -> tuple[Ticket, Delivery]:
    ticket = ticket_services.lock(work.ticket.pk)
    delivery = Delivery.objects.select_for_update().get(pk=work.delivery.pk)
    if delivery.claim_token != work.token:
        raise LostClaimError
    return ticket, delivery


def _save(delivery: Delivery) -> None:
    delivery.claim_token = ""
    delivery.save(
        update_fields=[
            "state", "due_at", "remote_id", "digest", "failing_since", "uncertain_since", "last_error", "advice",
            "claim_token", "updated_at",
        ]
    )  # fmt: skip


def _keep_try(
    delivery: Delivery, result: str, duration_ms: int, response: str, status: int | None = None
) -> None:
    DeliveryAttempt.objects.create(
        delivery=delivery,
        number=delivery.attempts,
        result=result,
        status=status,
        duration_ms=duration_ms,
        response=response[:500],
    )


def _failures(delivery: Delivery) -> int:
    since = delivery.failing_since
    return delivery.tries.filter(result=DeliveryAttempt.Result.FAILED, created_at__gte=since).count()


def _record_success(ticket: Ticket, delivery: Delivery, act: Act, result: Result) -> None:
    action = act.sent_action
    if delivery.operation == Operation.TRANSITION and result.category:
        action = actions.jira_status(NAME_OF_CATEGORY[result.category])
    if action:
        details = {"delivery": delivery.pk, "remote_id": result.remote_id, "attempts": delivery.attempts}
        record(action, subject=ticket.subject, summary=result.response, details=details)


def _record_failure(ticket: Ticket, delivery: Delivery, *, is_given_up: bool) -> None:
    what = delivery.get_operation_display()
    then = "given up until a person acts" if is_given_up else "it is tried again"
    record(
        FAILED_ACTIONS[delivery.channel],
        subject=ticket.subject,
        summary=f"{what}: {delivery.last_error}; {then}",
        details={"delivery": delivery.pk, "operation": delivery.operation, "advice": delivery.advice},
    )


def pause_channel(channel: str, error: IntegrationError, now: datetime) -> None:
    """Where the vendor asked for a pause, hold the whole channel. Inside the caller's transaction."""
    pause = schedule.channel_pause(error)
    if pause is None:
        return
    state = channel_state(channel)
    earlier = state.paused_until if is_paused(state, now) else None
    state.paused_until = max(earlier or now, now + pause)
    state.save(update_fields=["paused_until"])


def _look_again_in(channel: str, delay: timedelta) -> None:
    if delay < timedelta(seconds=30):  # longer pauses are the sweep's: a broker is no place to wait in
        transaction.on_commit(lambda: wakeup.dispatch_later(channel, delay), robust=True)
