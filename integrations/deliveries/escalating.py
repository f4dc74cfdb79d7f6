"""A step of an escalation becomes a delivery, inside the transaction that records the step."""

from __future__ import annotations

from typing import Any

from audit.times import utc
from integrations.deliveries.acts import NotNeededError, Work
from integrations.deliveries.planning import add_once
from integrations.models import Channel, Operation
from tickets.clock_models import Escalation, StepKind
from tickets.models import Ticket

_CHANNELS: dict[str, str] = {
    StepKind.SLACK: Channel.SLACK,
    StepKind.EMAIL: Channel.EMAIL,
    StepKind.JIRA_PRIORITY: Channel.JIRA,
    StepKind.WEBHOOK: Channel.WEBHOOK,
}


def plan_step(ticket: Ticket, escalation: Escalation) -> None:
    """One row per step and SLA period; the ticket's row is locked."""
    late = round((escalation.taken_at - ticket.sla_due_at).total_seconds() / 60)
    content: dict[str, Any] = {
        "target": escalation.target,
        "step": escalation.step_number,
        "late_minutes": max(late, 0),
        "period": escalation.period,
    }
    add_once(
        ticket,
        _CHANNELS[escalation.kind],
        Operation.ESCALATE,
        part=f"escalation-{escalation.period}-{escalation.step_number}",
        content=content,
    )


def still_wanted(work: Work) -> dict[str, Any]:
    """The step's content; raises NotNeededError when somebody has taken the ticket in the meantime."""
    ticket, content = work.ticket, work.delivery.content
    if ticket.is_closed or ticket.reopened_count != content.get("period"):
        raise NotNeededError("The ticket was acknowledged before this was sent.")
    return dict(content)


def mark_of(work: Work) -> str:
    """What tells this step's message from every other one of the ticket."""
    return f"{work.ticket.key}/{work.delivery.part}"


def sentence(work: Work) -> str:
    ticket = work.ticket
    late = work.delivery.content.get("late_minutes", 0)
    return (
        f"{ticket.priority}: nobody has acknowledged {ticket.pipeline}"
        f" {late} min after {utc(ticket.sla_due_at)}"
    )
