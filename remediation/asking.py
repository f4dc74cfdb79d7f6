"""Questions that are put to people later than usual: after a quiet time, or just before a call that nobody approved."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from audit import actions
from remediation.claims import LostClaimError
from remediation.models import Attempt
from remediation.states import WAITING_FOR_PEOPLE, State
from remediation.telling import ask_people, tell, title_of
from tickets import services as ticket_services
from tickets.quiet import quiet_for

BATCH = 100


def ask_after_quiet(now: datetime) -> int:
    """Put the questions whose quiet time is over; returns how many.

    While it holds nobody can answer, so the time to answer counts from its end.
    """
    untold = Attempt.objects.filter(state__in=WAITING_FOR_PEOPLE, is_told=False).order_by("pk")
    asked = 0
    for attempt in untold.select_related("ticket")[:BATCH]:
        quiet = quiet_for(attempt.ticket, now)
        if quiet is None:
            asked += _ask(attempt.pk, attempt.ticket_id)
        else:
            expires_at = quiet.until + timedelta(minutes=settings.REMEDIATION_APPROVAL_MINUTES)
            untold.filter(pk=attempt.pk, expires_at__lt=expires_at).update(
                expires_at=expires_at, updated_at=now
            )
    return asked


def _ask(attempt_id: int, ticket_id: int) -> bool:
    with transaction.atomic():
        ticket = ticket_services.lock(ticket_id)
        attempt = Attempt.objects.select_for_update().get(pk=attempt_id)
        if attempt.is_told or not attempt.is_waiting_for_people or ticket.is_closed:
            return False
        attempt.ticket = ticket
        ask_people(attempt)
    return attempt.is_told


def ask_instead(attempt: Attempt, doubts: list[str], now: datetime) -> None:
    """Turn a claimed attempt that was to run by itself into a question, for what has come up since it was scheduled.

    Raises LostClaimError.
    """
    with transaction.atomic():
        attempt.ticket = ticket_services.lock(attempt.ticket_id)
        held = Attempt.objects.filter(pk=attempt.pk, claim_token=attempt.claim_token, state=State.SCHEDULED)
        attempt.state, attempt.claim_token = State.PROPOSED, ""
        attempt.reasons = [*doubts, *attempt.reasons]
        attempt.expires_at = now + timedelta(minutes=settings.REMEDIATION_APPROVAL_MINUTES)
        if not held.update(
            state=attempt.state,
            claim_token="",
            reasons=attempt.reasons,
            expires_at=attempt.expires_at,
            updated_at=now,
        ):
            raise LostClaimError
        tell(attempt, actions.REMEDIATION_PROPOSED, f"{title_of(attempt)}. {' '.join(attempt.reasons)}")
        ask_people(attempt)
