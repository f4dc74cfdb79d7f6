"""A change in Jira reaches the ticket, once, and does not go back.

Events come at least once, in any order. So nothing is done because an event came, but because Jira's category
differs from what was last known, and only if no later change is known, from either side.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit import actions
from audit.models import ActorKind
from audit.services import Actor, record
from integrations.models import ACTIVE, Channel, Delivery, InboundCall, JiraIssue, Operation
from integrations.webhooks.jira_events import STATUS_OF_CATEGORY, Comment, JiraEvent, read_event
from tickets import services as ticket_services
from tickets.choices import Status
from tickets.models import Ticket

Answer = dict[str, str]

OK: Answer = {"status": "ok"}
NOT_FOUND: Answer = {"status": "not_found"}
# A time from long before the issue existed is no order of events: a clock that was never set, a sample.
_BELIEVABLE = timedelta(days=1)


def receive(document: dict[str, Any], identity: str) -> Answer:
    """Act on one event; the same `identity` again gets the same answer and changes nothing."""
    event = read_event(document, settings.JIRA_USER_EMAIL)
    known = InboundCall.objects.filter(identity=identity).first() if identity else None
    if known is not None:
        return dict(known.answer)
    try:
        with transaction.atomic():
            call = _remember(identity, event) if identity else None
            answer = _act(event)
            if call is not None:
                call.answer = answer
                call.save(update_fields=["answer"])
    except IntegrityError:
        repeated = InboundCall.objects.filter(identity=identity).first()
        if repeated is None:
            raise
        return dict(repeated.answer)
    return answer


def _remember(identity: str, event: JiraEvent) -> InboundCall:
    now = timezone.now()
    subject = f"{event.kind} {event.issue_key}"[:200]
    return InboundCall.objects.create(
        identity=identity, channel=Channel.JIRA, subject=subject, received_at=now, done_at=now
    )


def _act(event: JiraEvent) -> Answer:
    if not event.issue_key:
        return _ignored("the body names no issue")
    ticket_id = find_ticket(event.issue_key)
    if ticket_id is None:
        return dict(NOT_FOUND)
    ticket = ticket_services.lock(ticket_id)
    if event.comment is not None:
        return _add_comment(ticket, event.comment)
    if event.kind == "jira:issue_created":
        return _ignored("the desk made this issue")
    if event.kind == "jira:issue_deleted":
        summary = f"{event.issue_key} was deleted in Jira by {event.person}; the ticket stays"
        record(
            actions.jira_status("Deleted"),
            subject=ticket.subject,
            actor=_actor(event.person),
            summary=summary,
        )
        return _ignored("the issue was deleted; the ticket stays")
    if event.kind and not event.kind.startswith("jira:issue_"):
        return _ignored(f"nothing to do for {event.kind[:60]}")
    return _follow_status(ticket, event)


def find_ticket(issue_key: str) -> int | None:
    return JiraIssue.objects.filter(key=issue_key).values_list("ticket_id", flat=True).first()


def _follow_status(ticket: Ticket, event: JiraEvent) -> Answer:
    if not event.category:
        what = f"the status {event.status_name} is not known" if event.status_name else "it tells no status"
        return _ignored(what)
    issue = issue_of(ticket, event.issue_key)
    if _is_late(issue, event.happened_at):
        return _ignored("a later change is known")
    if event.is_ours and _is_moving(ticket):
        return _ignored("the desk's own change")
    is_there = ticket.status == STATUS_OF_CATEGORY[event.category]
    move_ticket(
        ticket,
        issue,
        event.category,
        event.status_name,
        actor=_actor(event.person),
        at=event.happened_at or timezone.now(),
    )
    return _ignored(f"the ticket is {ticket.status} already") if is_there else dict(OK)


def issue_of(ticket: Ticket, key: str) -> JiraIssue:
    issue, _ = JiraIssue.objects.get_or_create(ticket=ticket, defaults={"key": key})
    return issue


def move_ticket(
    ticket: Ticket, issue: JiraIssue, category: str, status_name: str, *, actor: Actor, at: datetime
) -> None:
    """Bring the ticket (its row locked) to where its issue is. The category is written down first, so that the
    ticket's change finds the issue there already and sends nothing back.
    """
    issue.category, issue.changed_at = category, at
    issue.save(update_fields=["category", "changed_at"])
    wanted, before = STATUS_OF_CATEGORY[category], ticket.status
    if wanted == before:
        return
    said = f"Status changed to {status_name or category} in Jira ({issue.key})"
    if wanted == Status.ACKNOWLEDGED:
        ticket_services.acknowledge(ticket.pk, actor=actor, note=said)
    elif wanted == Status.OPEN:
        ticket_services.return_to_open(ticket.pk, actor=actor)
    else:
        if before == Status.ACKNOWLEDGED:
            ticket_services.reopen(ticket.pk, actor=actor, reason=said)
        ticket_services.start(ticket.pk, actor=actor)
    action = actions.jira_status(status_name or category)
    record(action, subject=ticket.subject, actor=actor, summary=said, details={"issue": issue.key})


def _is_late(issue: JiraIssue, happened_at: datetime | None) -> bool:
    if happened_at is None or issue.changed_at is None or happened_at < issue.created_at - _BELIEVABLE:
        return False
    if not happened_at.microsecond:  # told to the second only: it may have been at that second's end
        happened_at += timedelta(seconds=1)
    return happened_at < issue.changed_at


def _is_moving(ticket: Ticket) -> bool:
    moving = Delivery.objects.filter(ticket=ticket, channel=Channel.JIRA, operation=Operation.TRANSITION)
    return moving.filter(state__in=ACTIVE).exists()


def _is_ours(ticket: Ticket, comment: Comment) -> bool:
    """By its number, and by its words: Jira may tell of a comment before its number is recorded here."""
    if "A new analysis of" in comment.text[:60] and ticket.key in comment.text[:200]:
        return True
    told = Delivery.objects.filter(ticket=ticket, channel=Channel.JIRA, operation=Operation.COMMENT)
    said = comment.text.split()
    return any(
        (comment.id and delivery.remote_id == comment.id)
        or str(delivery.content.get("text", "")).split() == said
        for delivery in told
    )


def _add_comment(ticket: Ticket, comment: Comment) -> Answer:
    if not comment.text:
        return _ignored("the comment is empty")
    if _is_ours(ticket, comment):
        return _ignored("the desk's own comment")
    if comment.id:
        identity = f"jira-comment:{comment.id}"
        if InboundCall.objects.filter(identity=identity).exists():
            return _ignored("the comment is known")
        now = timezone.now()
        InboundCall.objects.create(
            identity=identity, channel=Channel.JIRA, subject=ticket.key, received_at=now, done_at=now
        )
    ticket_services.add_comment(ticket.pk, comment.text, actor=_actor(comment.author))
    return dict(OK)


def _actor(name: str) -> Actor:
    return Actor(ActorKind.VENDOR_USER, name)


def _ignored(reason: str) -> Answer:
    return {"status": "ignored", "reason": reason}
