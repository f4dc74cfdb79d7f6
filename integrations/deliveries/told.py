"""Has anybody been told yet? The last step of a ticket's journey is that somebody has, or that nobody can be."""

from __future__ import annotations

from integrations.models import Channel, Delivery, Operation, State
from tickets import services as ticket_services
from tickets.choices import ProcessingState
from tickets.models import Ticket

_ENDED_UNTOLD = (State.SKIPPED, State.PARKED)


def mark_notified(ticket: Ticket) -> None:
    """Take an analysed ticket (its row locked) to `notified` when its first notification is out, or cannot be."""
    if ticket.processing_state == ProcessingState.ANALYSED and is_told(ticket):
        ticket_services.set_fields(ticket.pk, processing_state=ProcessingState.NOTIFIED)


def is_told(ticket: Ticket) -> bool:
    """By Slack; where Slack cannot, by Jira; where neither can, there is nobody to wait for."""
    firsts = Delivery.objects.filter(
        ticket=ticket, operation__in=[Operation.POST, Operation.CREATE]
    ).values_list("channel", "state")
    states: dict[str, str] = dict(firsts)
    for channel in (Channel.SLACK, Channel.JIRA):
        state = states.get(channel, "")
        if state not in _ENDED_UNTOLD:
            return state == State.SENT
    return True
