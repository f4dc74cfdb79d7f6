"""The recommendations of an analysis as a checklist: which of them somebody has carried out, who and when."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from audit import actions
from audit.services import LONGEST_IN_RECORD, Actor
from tickets.models import DoneStep, Ticket
from tickets.services._rows import lock, record_change, save
from tickets.steps import digest_of


class UnknownStepError(Exception):
    """The ticket does not recommend this, or no longer does."""


def mark_step(ticket_id: int, digest: str, *, is_done: bool, actor: Actor) -> Ticket:
    """Tick a recommendation, or take the tick away; nothing happens when it stands so already.

    Raises UnknownStepError when none of the ticket's recommendations has this digest.
    """
    now = timezone.now()
    with transaction.atomic():
        ticket = lock(ticket_id)
        text = next((step for step in ticket.recommendations if digest_of(step) == digest), None)
        if text is None:
            raise UnknownStepError(f"{ticket.key} does not recommend this step any more; read it again.")
        if ticket.done_steps.filter(digest=digest).exists() == is_done:
            return ticket
        if is_done:
            DoneStep.objects.create(ticket=ticket, digest=digest, done_at=now, done_by=actor.name or "System")
        else:
            ticket.done_steps.filter(digest=digest).delete()
        save(ticket, [], now=now)
        record_change(
            actions.STEP_DONE if is_done else actions.STEP_UNDONE,
            ticket,
            actor=actor,
            summary=text,
            details={"step": text[:LONGEST_IN_RECORD]},
        )
    return ticket
