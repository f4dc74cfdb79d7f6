"""What the SLA clock tells: a warning while there is time, and the breach; not in a quiet time.

Called inside the transaction that marks the ticket, its row locked.
"""

from __future__ import annotations

from audit.times import duration, utc_second
from integrations.deliveries.planning import add_once, is_planned, tell_after_quiet
from integrations.models import Channel, Operation
from tickets.models import Ticket
from tickets.policies import policy_of
from tickets.quiet.services import hold_back

WARNING = "warning"


def want_warning(ticket: Ticket) -> None:
    """Four fifths of the time are used up: a reply that calls nobody, once per SLA period and priority."""
    if ticket.sla_warned_at is None or hold_back(ticket, ticket.sla_warned_at) is not None:
        return
    tell_after_quiet(ticket)
    left = ticket.sla_due_at - ticket.sla_warned_at
    said = (
        f"SLA warning: {ticket.priority} is due at {utc_second(ticket.sla_due_at)},"
        f" in {duration(left.total_seconds())}, and nobody has acknowledged it."
    )
    if is_planned(ticket, Channel.SLACK, Operation.POST):
        part = f"warning-{ticket.reopened_count}-{ticket.priority}"
        content = {"kind": WARNING, "text": said, "period": ticket.reopened_count}
        add_once(ticket, Channel.SLACK, Operation.REPLY, part=part, content=content)


def want_breach_notice(ticket: Ticket) -> None:
    """The due moment passed: a reply that calls the team, and a comment on the issue, each once per SLA period."""
    if ticket.sla_breached_at is None or hold_back(ticket, ticket.sla_breached_at) is not None:
        return
    tell_after_quiet(ticket)
    policy = policy_of(ticket.finops_team)
    said = (
        f"SLA breached: {ticket.priority} was due at {utc_second(ticket.sla_due_at)}"
        " and nobody has acknowledged it."
    )
    content = {"kind": "breach", "text": said, "mention": policy.mention if policy else ""}
    part = f"breach-{ticket.reopened_count}"
    for channel, operation, first in (
        (Channel.SLACK, Operation.REPLY, Operation.POST),
        (Channel.JIRA, Operation.COMMENT, Operation.CREATE),
    ):
        if is_planned(ticket, channel, first):
            add_once(ticket, channel, operation, part=part, content=content)
