"""A finding reaches the ticket; a ticket is sent through the pipeline again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import actions
from audit.services import SYSTEM, Actor, record
from audit.times import utc_second
from tickets import sla
from tickets.choices import PRIORITY_OF_SEVERITY, ProcessingState
from tickets.models import Ticket
from tickets.services._rows import ask_for_work, lock, record_change, save


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """What an analysis puts on the ticket; `severity` is "" where it gives no reason to move it.

    `origin` is for the record alone: which model and prompt answered, from what evidence.
    """

    provider: str
    root_cause: str
    error_type: str
    cause_class: str
    confidence: str
    recommendations: tuple[str, ...] = ()
    is_transient: bool | None = None
    affected_entity: str = ""
    severity: str = ""
    can_auto_heal: bool = False
    origin: Mapping[str, Any] = field(default_factory=dict)


def apply_analysis(ticket_id: int, result: AnalysisResult, *, now: datetime, actor: Actor = SYSTEM) -> Ticket:
    """Write a finding on the ticket; a changed severity moves priority and SLA clock, with an entry of its own."""
    with transaction.atomic():
        ticket = lock(ticket_id)
        ticket.rca_provider = result.provider
        ticket.root_cause = result.root_cause
        # "Ran too long" is no guess to better.
        if not (ticket.metadata.get("is_warning") and ticket.error_type):
            ticket.error_type = result.error_type[:200]
        ticket.cause_class = result.cause_class
        ticket.confidence = result.confidence
        ticket.recommendations = list(result.recommendations)
        ticket.is_transient = result.is_transient
        ticket.affected_entity = result.affected_entity[:500]
        ticket.can_auto_heal = result.can_auto_heal
        # A late answer improves what people have been told already: the journey does not go back for it.
        if ticket.processing_state in {ProcessingState.RECEIVED, ProcessingState.ENRICHED}:
            ticket.processing_state = ProcessingState.ANALYSED
        fields = [
            "rca_provider", "root_cause", "error_type", "cause_class", "confidence", "recommendations",
            "is_transient", "affected_entity", "can_auto_heal", "processing_state",
        ]  # fmt: skip
        if result.severity and result.severity != ticket.severity and not ticket.is_closed:
            fields += move_severity(ticket, result.severity, actor)
        save(ticket, fields, now=now)
        record_change(
            actions.RCA_COMPLETED,
            ticket,
            actor=actor,
            summary=result.root_cause,
            details={
                "provider": result.provider,
                "error_type": ticket.error_type,
                "cause_class": result.cause_class,
                "confidence": result.confidence,
                **result.origin,
            },
        )
    return ticket


def move_severity(ticket: Ticket, severity: str, actor: Actor) -> list[str]:
    """Give a locked ticket another severity, with its priority and SLA clock; returns the changed columns."""
    before = {"severity": ticket.severity, "priority": ticket.priority, "sla_seconds": ticket.sla_seconds}
    ticket.severity = severity
    ticket.priority = PRIORITY_OF_SEVERITY[severity]
    clock = sla.clock_for(ticket.priority, ticket.sla_started_at, settings.SLA_SECONDS)
    ticket.sla_seconds, ticket.sla_due_at = clock.seconds, clock.due_at
    if ticket.sla_warned_at and ticket.sla_warned_at < sla.warning_at(ticket.sla_started_at, clock.due_at):
        # It was warned of a moment that holds no longer: the new one gets its own.
        ticket.sla_warned_at = None
    after = {"severity": ticket.severity, "priority": ticket.priority, "sla_seconds": ticket.sla_seconds}
    record(
        actions.SEVERITY_CHANGED,
        subject=ticket.subject,
        actor=actor,
        summary=f"{before['severity']} to {severity}; due {utc_second(clock.due_at)}",
        details={"before": before, "after": after},
    )
    return ["severity", "priority", "sla_seconds", "sla_due_at", "sla_warned_at"]


def request_work(
    ticket_id: int, *, action: str, actor: Actor, reason: str = "", expected_version: int | None = None
) -> Ticket:
    """Send a ticket through the pipeline again (a re-analysis asked for by a person, evidence that came late)."""
    now = timezone.now()
    with transaction.atomic():
        ticket = lock(ticket_id, expected_version)
        save(ticket, ask_for_work(ticket, now), now=now)
        record_change(action, ticket, actor=actor, summary=reason)
    return ticket
