"""Reads of attempts that deciding and running rest on. What people see of attempts is in `selectors`."""

from __future__ import annotations

from django.db.models import QuerySet

from remediation.models import Approval, Attempt
from remediation.states import TRIED
from tickets.models import Ticket


def attempts_of(ticket: Ticket) -> QuerySet[Attempt]:
    """The attempts at the ticket's present failure: since it was last reopened."""
    return Attempt.objects.filter(ticket=ticket, episode=ticket.reopened_count)


def last_attempt(ticket: Ticket) -> Attempt | None:
    return attempts_of(ticket).order_by("-number").first()


def last_tried(ticket: Ticket) -> Attempt | None:
    """The latest attempt whose call was made and that has ended."""
    return attempts_of(ticket).filter(state__in=TRIED).order_by("-number").first()


def own_run_of(ticket: Ticket) -> Attempt | None:
    """The attempt of another ticket that started this ticket's run."""
    run_id = ticket.current_run_id
    if not run_id:
        return None
    made = Attempt.objects.select_related("ticket").filter(new_run_id=run_id)
    return made.exclude(ticket=ticket).filter(ticket__source=ticket.source).order_by("-pk").first()


def is_approved(attempt: Attempt) -> bool:
    return Approval.objects.filter(attempt=attempt, answer=Approval.Answer.YES).exists()


def is_step_approved(attempt: Attempt) -> bool:
    """Whether somebody said yes to any try of this attempt's step: a covered try has no yes of its own."""
    return Approval.objects.filter(
        attempt__ticket=attempt.ticket_id,
        attempt__episode=attempt.episode,
        attempt__rule=attempt.rule,
        attempt__step=attempt.step,
        answer=Approval.Answer.YES,
    ).exists()
