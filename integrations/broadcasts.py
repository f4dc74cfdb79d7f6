"""Messages that are about no single ticket: planned once by their identity, claimed, sent, recorded.

The same rules as for deliveries (a conditional claim under a lease, a look before a post that may have arrived,
the vendor's pauses), on rows of their own: there is no ticket to lock. What was sent, and each time that it
failed, is in the audit trail.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from audit import actions
from audit.redaction import redact
from audit.services import Actor, record
from audit.times import utc
from integrations import mail
from integrations.deliveries import schedule
from integrations.deliveries.claims import FARTHEST_RETRY, is_paused
from integrations.deliveries.outcomes import pause_channel
from integrations.deliveries.planning import missing_configuration
from integrations.errors import IntegrationError, NotConfiguredError
from integrations.models import ACTIVE, Broadcast, Channel, ChannelState, State
from integrations.slack.blocks import broadcast_message
from integrations.slack.config import SlackConfig
from tickets.due import is_due
from tickets.policies import policy_of
from tickets.quiet.services import Summary

if TYPE_CHECKING:  # the SDK is imported where it is needed, in the worker
    from integrations.slack.client import SlackClient

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=45)
CLOCK_DIFFERENCE = timedelta(minutes=2)
MOST_AT_ONCE = 20
LONGEST_IDENTITY = 200
SECONDS = 120.0
"""No message is begun later than this after the first, so that a turn ends well before a task's limit."""
SENT_ACTIONS = {Channel.SLACK: actions.SLACK_SENT, Channel.EMAIL: actions.EMAIL_SENT}
FAILED_ACTIONS = {Channel.SLACK: actions.SLACK_FAILED, Channel.EMAIL: actions.EMAIL_FAILED}


def plan_once(*, identity: str, channel: str, target: str, subject: str, text: str, now: datetime) -> bool:
    """Write a message down unless its identity is taken; True when it is new. Inside the caller's transaction."""
    advice = missing_configuration(channel)
    try:
        with transaction.atomic():
            Broadcast.objects.create(
                identity=identity[:LONGEST_IDENTITY],
                channel=channel,
                target=target[:500],
                subject=subject[:250],
                text=text,
                state=State.SKIPPED if advice else State.PENDING,
                advice=advice,
                due_at=now,
                created_at=now,
            )
    except IntegrityError:
        if Broadcast.objects.filter(identity=identity[:LONGEST_IDENTITY]).exists():
            return False
        raise
    return True


def plan_quiet_summary(summary: Summary) -> None:
    """Tell in Slack what a quiet time kept from people; in the team's channel where all of it is one team's."""
    row = summary.row
    policy = policy_of(summary.only_team)
    plan_once(
        identity=f"quiet-{row.rule}-{row.ended_at:%Y%m%dT%H%M%S.%f}",
        channel=Channel.SLACK,
        target=policy.slack_channel if policy else "",
        subject=f"{row.name} is over",
        text=_summary_text(summary),
        now=row.created_at,
    )


def _summary_text(summary: Summary) -> str:
    row = summary.row
    others = f" and of what befell {_tickets(summary.held_back, 'other')}" if summary.held_back else ""
    lines = [
        f"Ended {utc(row.ended_at)}. Nobody was told of {_tickets(summary.born)} born in it{others}.",
        f"{_tickets(summary.open_number)} still open, {summary.past_due} past due.",
    ]
    lines += [
        f"• {ticket.priority} {ticket.pipeline[:80]} - {ticket.error_type[:60] or 'UnknownError'} ({ticket.key})"
        for ticket in summary.still_open
    ]
    if summary.open_number > len(summary.still_open):
        lines.append(f"and {summary.open_number - len(summary.still_open)} more")
    lines.append(f"All of them: {settings.PUBLIC_BASE_URL}/admin/tickets/ticket/?suppressed=yes")
    return "\n".join(lines)


def _tickets(number: int, what: str = "") -> str:
    return f"{number} {what + ' ' if what else ''}ticket{'' if number == 1 else 's'}"


def send_due(clock: Callable[[], datetime]) -> int:
    """Send what is due, one after the other, beginning none after SECONDS; the next turn finds the rest.

    `clock` gives the moment. Returns how many were tried.
    """
    tried, end = 0, time.monotonic() + SECONDS
    waiting = Broadcast.objects.filter(is_due(clock(), FARTHEST_RETRY), state__in=ACTIVE)
    waiting = waiting.order_by("due_at", "id")
    for broadcast in waiting[:MOST_AT_ONCE]:
        if time.monotonic() >= end:
            break
        state = ChannelState.objects.filter(pk=broadcast.channel).first()
        if state is not None and is_paused(state, clock()):
            continue
        token = _claim(broadcast, clock())
        if token:
            _try(broadcast, token, clock)
            tried += 1
    return tried


def _claim(broadcast: Broadcast, now: datetime) -> str:
    """A token, or "" where another worker was faster."""
    token = secrets.token_hex(16)
    free = Broadcast.objects.filter(pk=broadcast.pk, state=broadcast.state, due_at=broadcast.due_at)
    is_ours = free.update(
        state=State.SENDING, claim_token=token, due_at=now + LEASE, attempts=F("attempts") + 1
    )
    return token if is_ours else ""


def _try(broadcast: Broadcast, token: str, clock: Callable[[], datetime]) -> None:
    held = Broadcast.objects.filter(pk=broadcast.pk, claim_token=token)
    try:
        _send(broadcast, token, clock)
    except NotConfiguredError as error:
        held.update(state=State.SKIPPED, advice=error.advice[:500], claim_token="")
    except IntegrationError as error:
        _failed(broadcast, token, error, clock())
    else:
        with transaction.atomic():
            held.update(
                state=State.SENT,
                sent_at=clock(),
                claim_token="",
                uncertain_since=None,
                last_error="",
                advice="",
            )
            _record(SENT_ACTIONS[Channel(broadcast.channel)], broadcast, broadcast.subject)


def _record(action: str, broadcast: Broadcast, summary: str) -> None:
    details = {"broadcast": broadcast.identity, "target": broadcast.target}
    record(action, summary=summary, details=details)


def _failed(broadcast: Broadcast, token: str, error: IntegrationError, now: datetime) -> None:
    since = broadcast.failing_since or now
    is_given_up = schedule.is_given_up(error, since, now)
    noted = {} if error.outcome_unknown else {"uncertain_since": None}
    told = redact(str(error))[:500]
    with transaction.atomic():
        Broadcast.objects.filter(pk=broadcast.pk, claim_token=token).update(
            state=State.PARKED if is_given_up else State.RETRYING,
            due_at=now + schedule.retry_delay(broadcast.attempts + 1, error),
            failing_since=since,
            claim_token="",
            last_error=told,
            advice=error.advice[:500],
            **noted,
        )
        pause_channel(broadcast.channel, error, now)
        then = "given up until a person acts" if is_given_up else "it is tried again"
        _record(FAILED_ACTIONS[Channel(broadcast.channel)], broadcast, f"{broadcast.subject}: {told}; {then}")
    logger.warning("%s could not be told: %s", broadcast.identity, redact(str(error)))


def _send(broadcast: Broadcast, token: str, clock: Callable[[], datetime]) -> None:
    if broadcast.channel == Channel.EMAIL:
        mail.send(
            to=mail.addresses(broadcast.target),
            subject=broadcast.subject,
            text=broadcast.text,
            identity=broadcast.identity.replace(":", "-"),
        )
        return
    client: SlackClient = import_module("integrations.slack.client").SlackClient(SlackConfig.from_settings())
    channel = broadcast.target.removeprefix("#") or client.config.channel
    if broadcast.uncertain_since is not None and _was_posted(broadcast, client, channel):
        return
    Broadcast.objects.filter(pk=broadcast.pk, claim_token=token).update(uncertain_since=clock())
    message = broadcast_message(broadcast.identity, broadcast.subject, broadcast.text)
    client.post(channel, message.text, message.blocks, message.metadata)


def _was_posted(broadcast: Broadcast, client: SlackClient, channel: str) -> bool:
    assert broadcast.uncertain_since is not None
    try:
        since = broadcast.uncertain_since - CLOCK_DIFFERENCE
        return bool(client.find_posted(client.channel_id(channel), broadcast.identity, since))
    except IntegrationError as error:
        if not error.permanent:
            raise
        return False  # nobody can look: told twice is better than told to nobody


def send_again(broadcast_id: int, *, actor: Actor) -> bool:
    """Try a message again now; False where it is being sent at this moment. What was sent is looked for first."""
    now = timezone.now()
    with transaction.atomic():
        broadcast = Broadcast.objects.select_for_update().get(pk=broadcast_id)
        if broadcast.state == State.SENDING and broadcast.due_at > now:
            return False
        before = broadcast.state
        if before == State.SENT:
            broadcast.uncertain_since = broadcast.created_at
        broadcast.state, broadcast.due_at = State.PENDING, now
        broadcast.claim_token, broadcast.failing_since = "", None
        broadcast.save(update_fields=["state", "due_at", "claim_token", "failing_since", "uncertain_since"])
        record(
            actions.DELIVERY_REQUESTED,
            actor=actor,
            summary=f"{broadcast.subject}, was {before}",
            details={"broadcast": broadcast.identity, "before": before},
        )
    return True
