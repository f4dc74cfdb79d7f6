"""Getting a ticket onto its team's ladder and off it: columns of a locked row, saved by the caller."""

from __future__ import annotations

from datetime import datetime, timedelta

from tickets.escalation.plan import Step
from tickets.models import Ticket
from tickets.policies import policy_of
from tickets.quiet import quiet_for


def begin(ticket: Ticket, now: datetime) -> list[str]:
    """Put a ticket that has just breached on its team's ladder; returns the changed columns.

    Delays count from the due moment, so a clock that was away takes at once what was due meanwhile; in a quiet
    time they count from its end.
    """
    steps = steps_of(ticket.finops_team)
    if not steps:
        return []
    quiet = quiet_for(ticket, now)
    ticket.escalation_from = quiet.until if quiet else ticket.sla_due_at
    ticket.escalation_due_at = ticket.escalation_from + min(step.delay for step in steps)
    return ["escalation_from", "escalation_due_at"]


def stop(ticket: Ticket) -> list[str]:
    """Somebody took it: nothing more is escalated. Returns the changed columns."""
    if ticket.escalation_from is None:
        return []
    ticket.escalation_from = ticket.escalation_due_at = None
    return ["escalation_from", "escalation_due_at"]


def steps_of(team: str) -> list[Step]:
    policy = policy_of(team)
    if policy is None:
        return []
    return [
        Step(step.pk, timedelta(minutes=step.delay_minutes), step.kind, step.target)
        for step in policy.steps.all()
    ]
