"""A ticket is born, or one that exists is reported again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from audit import actions
from audit.new_rows import new_row
from audit.services import SYSTEM, Actor, record
from tickets import counter_store, counters, live, sla
from tickets.choices import PRIORITY_OF_SEVERITY, Severity, source_label
from tickets.chunks import chunks
from tickets.finops import tags_from_name
from tickets.keys import new_ticket_key
from tickets.models import Ticket
from tickets.quiet.services import mark, record_suppressed
from tickets.services._rows import lock, record_change
from tickets.signals import reported_again, ticket_opened


@dataclass(frozen=True, slots=True)
class NewTicket:
    """What is known of a failure when its ticket is born. Texts are cut to their columns here."""

    dedup_key: str
    key_prefix: str
    source: str
    resource_type: str
    pipeline: str
    severity: str = ""
    family_key: str = ""
    run_id: str = ""
    run_scope: str = ""
    error_message: str = ""
    error_code: str = ""
    error_type: str = ""
    fired_at: datetime | None = None
    logic_app_run_id: str = ""
    processing_mode: str = "direct_webhook"
    metadata: Mapping[str, Any] = field(default_factory=dict)


def open_ticket(new: NewTicket, *, now: datetime, actor: Actor = SYSTEM) -> Ticket | None:
    """Open a ticket, or return None when its deduplication key is already taken.

    Must run inside the caller's transaction: the alert that caused it is committed with it.
    """
    ticket = new_ticket(new, now=now)
    try:
        with transaction.atomic():
            ticket.save(force_insert=True)
    except IntegrityError:
        if Ticket.objects.filter(dedup_key=new.dedup_key).exists():
            return None
        raise
    announce_opened(ticket, actor=actor)
    return ticket


def new_ticket(new: NewTicket, *, now: datetime) -> Ticket:
    """The ticket as it will be stored, not yet in the database: for callers that insert many at once."""
    severity = new.severity or Severity.MEDIUM
    priority = PRIORITY_OF_SEVERITY[severity]
    clock = sla.clock_for(priority, now, settings.SLA_SECONDS)
    tags = tags_from_name(
        new.pipeline,
        team=settings.FINOPS_TEAM_PATTERNS,
        owner=settings.FINOPS_OWNER_PATTERNS,
        cost_center=settings.FINOPS_COST_CENTER_PATTERNS,
    )
    ticket = new_row(
        Ticket,
        key=new_ticket_key(new.key_prefix, now),
        dedup_key=new.dedup_key,
        family_key=new.family_key[:200],
        source=new.source,
        resource_type=new.resource_type,
        pipeline=new.pipeline[:300],
        run_id=new.run_id[:300],
        run_scope=new.run_scope[:300],
        logic_app_run_id=new.logic_app_run_id[:200],
        processing_mode=new.processing_mode,
        metadata=dict(new.metadata),
        opened_at=now,
        fired_at=new.fired_at,
        last_seen_at=now,
        changed_at=now,
        work_due_at=now,
        error_message=new.error_message,
        error_code=new.error_code[:200],
        error_type=(new.error_type or new.error_code)[:200],
        severity=severity,
        priority=priority,
        sla_started_at=now,
        sla_seconds=clock.seconds,
        sla_due_at=clock.due_at,
        finops_team=tags.team[:100],
        finops_owner=tags.owner[:254],
        finops_cost_center=tags.cost_center[:100],
    )
    mark(ticket, now)
    return ticket


def announce_opened(ticket: Ticket, *, actor: Actor = SYSTEM) -> None:
    """Record the birth of a ticket and tell dashboards and workers after the commit that stores it."""
    counter_store.opened(ticket)
    record(
        actions.TICKET_CREATED,
        subject=ticket.subject,
        actor=actor,
        summary=(
            f"Severity {ticket.severity}, priority {ticket.priority}, source {source_label(ticket.source)}"
        ),
        details={
            "severity": ticket.severity,
            "priority": ticket.priority,
            "source": ticket.source,
            "dedup_key": ticket.dedup_key,
        },
    )
    if ticket.is_suppressed:
        record_suppressed(ticket)
    live.publish(live.NEW_TICKET, ticket)
    transaction.on_commit(lambda: ticket_opened.send(Ticket, ticket_id=ticket.pk), robust=True)


class Occurrences:
    """Reports of tickets that exist already: told one by one, stored together by `store`.

    Lives inside one transaction. Who reads or changes such a ticket by other ways calls `store` first.
    """

    def __init__(self) -> None:
        self._reported: dict[int, Ticket] = {}
        self._times: Counter[int] = Counter()

    def count(
        self,
        ticket: Ticket,
        *,
        now: datetime,
        actor: Actor = SYSTEM,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Count one more on a ticket that this transaction has locked, and say so in the audit trail."""
        ticket.occurrences += 1
        ticket.version += 1
        ticket.last_seen_at = ticket.changed_at = now
        self._reported[ticket.pk] = ticket
        self._times[ticket.pk] += 1
        record_change(
            actions.DUPLICATE_DETECTED,
            ticket,
            actor=actor,
            summary=f"Reported again (occurrence {ticket.occurrences}); {ticket.key} is {ticket.status}",
            details={"existing_status": ticket.status, "occurrences": ticket.occurrences, **(details or {})},
        )

    def store(self) -> None:
        """One statement for all tickets that were reported as often; these are locked already, so order is free."""
        for times in sorted(set(self._times.values())):
            same = [self._reported[pk] for pk, number in self._times.items() if number == times]
            for tickets in chunks(same):
                _add_reports(tickets, times)
        reports = [(ticket, ticket.occurrences - self._times[pk]) for pk, ticket in self._reported.items()]
        self._reported, self._times = {}, Counter()
        if reports:
            reported_again.send(Ticket, reports=reports)


def _add_reports(tickets: Sequence[Ticket], times: int) -> None:
    seen_at = max(ticket.last_seen_at for ticket in tickets)
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]).update(
        occurrences=F("occurrences") + times,
        version=F("version") + times,
        last_seen_at=seen_at,
        changed_at=seen_at,
    )
    counter_store.append(counters.reported_again(times * len(tickets)))


def count_occurrence(
    ticket_id: int, *, now: datetime, actor: Actor = SYSTEM, details: Mapping[str, Any] | None = None
) -> Ticket:
    """The same failure was reported again: count it and say so in the audit trail."""
    with transaction.atomic():
        ticket = lock(ticket_id)
        again = Occurrences()
        again.count(ticket, now=now, actor=actor, details=details)
        again.store()
    return ticket
