"""What is to be told: rows inserted or marked inside the transaction of the change they tell of.

`plan_deliveries` runs after the first analysis (which the rules give at once when no model does), so people are
told a cause with the alert. Everything later follows from the ticket's own changes (`deliveries.watch`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit.redaction import redact
from integrations.blob.config import BlobConfig
from integrations.deliveries import told, wakeup
from integrations.deliveries.notices import analysis_digest
from integrations.errors import NotConfiguredError
from integrations.jira.config import JiraConfig
from integrations.mail import EmailConfig
from integrations.models import ACTIVE, Channel, Delivery, JiraIssue, Operation, State
from integrations.slack.config import SlackConfig
from integrations.webhook_config import WebhookConfig
from tickets import services as ticket_services
from tickets.choices import Status
from tickets.chunks import chunks
from tickets.models import Ticket
from tickets.policies import policy_of
from tickets.quiet.services import hold_back

# Less than the three seconds promised: the message's own way takes time too.
SLACK_WAITS_FOR_JIRA = timedelta(seconds=2.5)
LONGEST_COMMENT = 5_000
CATEGORY_OF_STATUS: dict[str, str] = {
    Status.OPEN: "new",
    Status.IN_PROGRESS: "indeterminate",
    Status.ACKNOWLEDGED: "done",
}
NAME_OF_CATEGORY = {"new": "To Do", "indeterminate": "In Progress", "done": "Done"}
_CONFIGURATIONS: dict[str, Callable[[], object]] = {
    Channel.JIRA: JiraConfig.from_settings,
    Channel.SLACK: SlackConfig.from_settings,
    Channel.BLOB: BlobConfig.from_settings,
    Channel.EMAIL: EmailConfig.from_settings,
    Channel.WEBHOOK: WebhookConfig.from_settings,
}
_FIRST_OPERATIONS = (
    (Channel.JIRA, Operation.CREATE),
    (Channel.SLACK, Operation.POST),
    (Channel.BLOB, Operation.ARCHIVE),
)


def plan_deliveries(ticket_id: int) -> list[Delivery]:
    """Write down the issue, the message and the archive of a ticket, each once however often this is called.

    A channel without its settings is `skipped` with advice. The ticket becomes `notified` when nothing is left
    to wait for. Returns the ticket's three first deliveries.
    """
    now = timezone.now()
    with transaction.atomic():
        ticket = ticket_services.lock(ticket_id)
        known = {(d.channel, d.operation): d for d in first_deliveries(ticket)}
        is_suppressed = ticket_services.suppress_late(ticket, now=now)
        for channel, operation in _FIRST_OPERATIONS:
            if (channel, operation) not in known:
                known[channel, operation] = _first(ticket, channel, operation, now, is_suppressed)
            elif not is_suppressed:
                _speak(known[channel, operation], now)
        _let_slack_wait(known[Channel.SLACK, Operation.POST], known[Channel.JIRA, Operation.CREATE], now)
        told.mark_notified(ticket)
        if channels := [delivery.channel for delivery in known.values() if delivery.is_active]:
            transaction.on_commit(partial(wakeup.dispatch_among, channels), robust=True)
    return list(known.values())


def first_deliveries(ticket: Ticket) -> list[Delivery]:
    operations = [operation for _, operation in _FIRST_OPERATIONS]
    return list(Delivery.objects.filter(ticket=ticket, operation__in=operations))


def _first(ticket: Ticket, channel: str, operation: str, now: datetime, is_suppressed: bool) -> Delivery:
    """The archive is a record and disturbs nobody; the others wait for somebody's word while it is quiet."""
    advice = missing_configuration(channel)
    is_quiet = is_suppressed and channel != Channel.BLOB and not advice
    content: dict[str, Any] = {"quiet": True} if is_quiet else {}
    if is_quiet:
        advice = f"{ticket.quiet_name}: not told."[:500]
    if channel == Channel.SLACK and (policy := policy_of(ticket.finops_team)) and policy.slack_channel:
        content["channel"] = policy.slack_channel.removeprefix("#")
    return Delivery.objects.create(
        ticket=ticket,
        channel=channel,
        operation=operation,
        state=State.SKIPPED if advice else State.PENDING,
        advice=advice,
        content=content,
        due_at=now,
    )


def _speak(delivery: Delivery, now: datetime) -> None:
    """Tell after all what was not told in a quiet time."""
    if delivery.state == State.SKIPPED and delivery.content.get("quiet"):
        delivery.content = {name: value for name, value in delivery.content.items() if name != "quiet"}
        delivery.state, delivery.advice, delivery.due_at = State.PENDING, "", now
        delivery.save(update_fields=["content", "state", "advice", "due_at", "updated_at"])


def missing_configuration(channel: str) -> str:
    """One line on what to set; "" where the channel is configured."""
    try:
        _CONFIGURATIONS[channel]()
    except NotConfiguredError as error:
        return error.advice
    return ""


def _let_slack_wait(post: Delivery, create: Delivery, now: datetime) -> None:
    if post.state == State.PENDING and not post.attempts and create.state == State.PENDING:
        post.due_at = now + SLACK_WAITS_FOR_JIRA
        post.save(update_fields=["due_at"])
        transaction.on_commit(lambda: wakeup.dispatch_later(Channel.SLACK, SLACK_WAITS_FOR_JIRA), robust=True)


def want_edit(ticket: Ticket) -> None:
    """The message no longer tells the ticket's state. One that is not sent yet will tell the newest by itself."""
    if _is_sent(ticket, Channel.SLACK, Operation.POST):
        _want(ticket, Channel.SLACK, Operation.EDIT)


def want_transition(ticket: Ticket) -> None:
    """The status moved here: move the issue too, unless it is there already (a change that came from Jira)."""
    issue = JiraIssue.objects.filter(ticket=ticket).first()
    if issue is None or issue.category == CATEGORY_OF_STATUS[ticket.status]:
        return
    JiraIssue.objects.filter(pk=issue.pk).update(changed_at=timezone.now())
    _want(ticket, Channel.JIRA, Operation.TRANSITION)


def want_comment(ticket: Ticket) -> None:
    """The issue shows an older analysis: bring the new one as a comment, once per analysis."""
    digest = analysis_digest(ticket)
    told_before = Delivery.objects.filter(ticket=ticket, channel=Channel.JIRA).filter(
        operation__in=[Operation.CREATE, Operation.COMMENT]
    )
    create = told_before.filter(operation=Operation.CREATE, state=State.SENT).first()
    if create is None or told_before.filter(digest=digest).exists():
        return
    add_once(ticket, Channel.JIRA, Operation.COMMENT, part=digest, digest=digest)


def want_closing_comment(ticket: Ticket) -> None:
    """Closed here with a note: the issue says what was done. A close that came from Jira tells it nothing."""
    if ticket.status != Status.ACKNOWLEDGED or not ticket.resolution_note.strip():
        return
    issue = JiraIssue.objects.filter(ticket=ticket).first()
    came_from_jira = issue is not None and issue.category == CATEGORY_OF_STATUS[ticket.status]
    if came_from_jira or not is_planned(ticket, Channel.JIRA, Operation.CREATE):
        return
    said = f"Acknowledged by {ticket.ack_user}: {redact(ticket.resolution_note.strip())}"
    content = {"kind": "text", "text": said[:LONGEST_COMMENT]}
    part = f"closing-{ticket.reopened_count}"
    add_once(ticket, Channel.JIRA, Operation.COMMENT, part=part, content=content)


def want_occurrence_replies(reports: Sequence[tuple[Ticket, int]]) -> None:
    """A storm of 500 gives nine replies, or fewer: one at every doubling, the last of those reached at a time.

    `reports` are locked tickets, each with how often it had been reported before.
    """
    reached = {ticket.pk: _last_doubling(before, ticket.occurrences) for ticket, before in reports}
    doubled = [ticket for ticket, _ in reports if reached[ticket.pk]]
    posts = Delivery.objects.filter(channel=Channel.SLACK, operation=Operation.POST)
    told = posts.filter(state__in=[*ACTIVE, State.SENT]).values_list("ticket_id", flat=True)
    is_told = {ticket_id for some in chunks(doubled) for ticket_id in told.filter(ticket__in=some)}
    for ticket in doubled:
        if ticket.pk in is_told and hold_back(ticket, ticket.last_seen_at) is None:
            part = f"occurrence-{reached[ticket.pk]}"
            add_once(ticket, Channel.SLACK, Operation.REPLY, part=part, content={"kind": "occurrence"})


def _last_doubling(before: int, now: int) -> int:
    """The greatest power of two, from 2 on, that counting from `before` to `now` has reached; 0 where none."""
    power = 1 << (now.bit_length() - 1)
    return power if power >= 2 and power > before else 0


def want_reopened_reply(ticket: Ticket) -> None:
    """An edit wakes nobody; a reply does. The failure is back, or was closed too early."""
    if hold_back(ticket, ticket.sla_started_at) is not None:
        return
    if not tell_after_quiet(ticket) and is_planned(ticket, Channel.SLACK, Operation.POST):
        content = {"kind": "text", "text": "Reopened: it needs somebody again."}
        add_once(
            ticket, Channel.SLACK, Operation.REPLY, part=f"reopened-{ticket.reopened_count}", content=content
        )


def tell_after_quiet(ticket: Ticket) -> bool:
    """Tell people of a ticket that was born in quiet, now that it concerns them; True when that was still to do."""
    now = timezone.now()
    kept = [
        delivery
        for delivery in first_deliveries(ticket)
        if delivery.state == State.SKIPPED and delivery.content.get("quiet")
    ]
    for delivery in kept:
        _speak(delivery, now)
    if kept:
        transaction.on_commit(wakeup.wake, robust=True)
    return bool(kept)


def reply_in_thread(ticket_id: int, part: str, text: str) -> None:
    """Say something in the ticket's Slack thread, once per `part` (at most 64 characters); for layers above."""
    _reply(ticket_id, part, {"kind": "text", "text": text})


def propose_in_thread(ticket_id: int, attempt_id: str, action: str, reason: str) -> bool:
    """Ask in the ticket's Slack thread for a yes to a remediation, once per attempt.

    False in a quiet time: then nobody was asked, and the caller may ask again when it is over.
    """
    content = {"kind": "proposal", "attempt_id": attempt_id, "action": action, "reason": reason}
    return _reply(ticket_id, f"proposal-{attempt_id}"[:64], content)


def _reply(ticket_id: int, part: str, content: Mapping[str, Any]) -> bool:
    """Not in a quiet time (False); after one, a ticket that was born in it is told of first."""
    with transaction.atomic():
        ticket = ticket_services.lock(ticket_id)
        if hold_back(ticket, timezone.now()) is not None:
            return False
        tell_after_quiet(ticket)
        if is_planned(ticket, Channel.SLACK, Operation.POST):
            add_once(ticket, Channel.SLACK, Operation.REPLY, part=part, content=content)
        return True


def add_once(
    ticket: Ticket,
    channel: str,
    operation: str,
    *,
    part: str,
    digest: str = "",
    content: Mapping[str, Any] | None = None,
) -> None:
    """Needs the ticket's row locked: that is what keeps two planners apart."""
    _, is_new = Delivery.objects.get_or_create(
        ticket=ticket,
        channel=channel,
        operation=operation,
        part=part,
        defaults={"digest": digest, "content": dict(content or {}), **_standing(channel)},
    )
    if is_new:
        transaction.on_commit(wakeup.wake, robust=True)


def _standing(channel: str) -> dict[str, str]:
    """A channel without its settings is `skipped` with advice, for every kind of delivery."""
    advice = missing_configuration(channel)
    return {"state": State.SKIPPED, "advice": advice} if advice else {}


def _want(ticket: Ticket, channel: str, operation: str) -> None:
    now = timezone.now()
    rows = Delivery.objects.filter(ticket=ticket, channel=channel, operation=operation)
    if not rows.update(wanted=F("wanted") + 1):
        Delivery.objects.create(ticket=ticket, channel=channel, operation=operation, due_at=now)
    else:
        # What is being sent right now sees at its end that more is wanted; a pause asked for by the vendor holds.
        idle = rows.exclude(state__in=[State.SENDING, State.RETRYING, State.PENDING])
        idle.update(state=State.PENDING, due_at=now, failing_since=None)
    transaction.on_commit(wakeup.wake, robust=True)


def _is_sent(ticket: Ticket, channel: str, operation: str) -> bool:
    return Delivery.objects.filter(
        ticket=ticket, channel=channel, operation=operation, state=State.SENT
    ).exists()


def is_planned(ticket: Ticket, channel: str, operation: str) -> bool:
    """Whether it is told, or is going to be."""
    planned = Delivery.objects.filter(ticket=ticket, channel=channel, operation=operation)
    return planned.filter(state__in=[*ACTIVE, State.SENT]).exists()
