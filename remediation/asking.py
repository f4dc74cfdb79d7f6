"""Questions that are put to people later than usual: after a quiet time, or just before a call that nobody approved."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction

from audit import actions
from remediation.claims import LostClaimError
from remediation.models import Attempt
from remediation.states import WAITING_FOR_PEOPLE, State
from remediation.telling import ask_people, tell, title_of
from tickets import services as ticket_services
from tickets.apart import add_up
from tickets.quiet import quiet_for

BATCH = 100
_LOOKED_AT = (
    "expires_at", "ticket", "ticket__pipeline", "ticket__source", "ticket__finops_team",
)  # fmt: skip


def ask_after_quiet(now: datetime) -> int:
    """Put the questions whose quiet time is over, BATCH at most; returns how many.

    While it holds nobody can answer, so the time to answer counts from its end. All that wait are looked at, in
    pages: however many are still quiet, none keeps a younger question back or lets it expire.
    """
    untold = Attempt.objects.filter(state__in=WAITING_FOR_PEOPLE, is_told=False).order_by("pk")
    seen = untold.select_related("ticket").only(*_LOOKED_AT)
    asked, last = 0, 0
    while page := list(seen.filter(pk__gt=last)[:BATCH]):
        last = page[-1].pk
        quiets = [(attempt, quiet_for(attempt.ticket, now)) for attempt in page]
        over = [attempt.pk for attempt, quiet in quiets if quiet is None]
        asked += add_up("Question of a remediation", partial(_ask, now=now), over[: BATCH - asked])
        for attempt, quiet in quiets:
            if quiet is not None:
                _let_live(attempt, quiet.until, now)
    return asked


def _let_live(attempt: Attempt, quiet_until: datetime, now: datetime) -> None:
    expires_at = quiet_until + timedelta(minutes=settings.REMEDIATION_APPROVAL_MINUTES)
    if attempt.expires_at is None or attempt.expires_at >= expires_at:
        return
    waiting = Attempt.objects.filter(pk=attempt.pk, state__in=WAITING_FOR_PEOPLE, is_told=False)
    waiting.filter(expires_at__lt=expires_at).update(expires_at=expires_at, updated_at=now)


def _ask(attempt_id: int, *, now: datetime) -> bool:
    with transaction.atomic():
        ticket = ticket_services.lock(Attempt.objects.values_list("ticket_id", flat=True).get(pk=attempt_id))
        attempt = Attempt.objects.select_for_update().get(pk=attempt_id)
        if attempt.is_told or not attempt.is_waiting_for_people or ticket.is_closed:
            return False
        attempt.ticket = ticket
        if not ask_people(attempt):
            return False
        # Counted from here: the quiet time may have ended before its planned end, or been noticed late.
        attempt.expires_at = now + timedelta(minutes=settings.REMEDIATION_APPROVAL_MINUTES)
        attempt.save(update_fields=["expires_at"])
    return True


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
