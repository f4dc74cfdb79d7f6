"""A ticket's decision: waiting until a worker claims it, then written down with the attempt that follows from it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit import actions
from remediation.attempts import attempts_of, last_tried
from remediation.deciding.opinion import Opinion, PostponedError, opinion_on
from remediation.models import Attempt, Decision
from remediation.opening import create_attempt
from remediation.states import OPEN, State, Verdict
from remediation.telling import tell
from tickets import live
from tickets import services as ticket_services
from tickets.models import Ticket

logger = logging.getLogger(__name__)

ASK_AGAIN = timedelta(seconds=30)
ASK_FOR = timedelta(hours=6)
"""How long a decision may wait for a vendor or another attempt before people are left with it; windows not counted."""


def consider(ticket_id: int) -> None:
    """Write down that a ticket is to be decided on. Asks nobody, and does nothing where remediation is off."""
    if settings.AUTO_REMEDIATION_ENABLED:
        queue_decision(ticket_id, timezone.now())


def queue_decision(ticket_id: int, now: datetime, **more: Any) -> Decision:
    """The ticket's decision, due at once for any worker, with `more` of its columns."""
    due = {"is_waiting": True, "due_at": now, "asked_since": now, "claim_token": "", **more}
    decision, _ = Decision.objects.update_or_create(ticket_id=ticket_id, defaults=due)
    return decision


def decide_ticket(ticket_id: int, token: str) -> Attempt | None:
    """Decide on one claimed ticket; returns the attempt that was written down, if any."""
    decision = Decision.objects.select_related("ticket").filter(
        pk=ticket_id, claim_token=token, is_waiting=True
    )
    row = decision.first()
    if row is None or row.requested_by_id or not settings.AUTO_REMEDIATION_ENABLED:
        return None
    now = timezone.now()
    try:
        opinion = opinion_on(row.ticket, now)
        return _write_down(row, opinion, now)
    except PostponedError as reason:
        _postpone(row, str(reason), now, reason.until)
    except IntegrityError:
        _postpone(row, "Another attempt is under way on the same resource.", now)
    except Exception:
        logger.exception("%s could not be decided on", row.ticket.key)
        _postpone(row, "The desk itself failed at it; see the log.", now)
    return None


def _write_down(row: Decision, opinion: Opinion, now: datetime) -> Attempt | None:
    """The decision, and the attempt that follows from it, in one transaction. Raises IntegrityError, PostponedError."""
    ruling = opinion.ruling
    with transaction.atomic():
        ticket = ticket_services.lock(row.pk)
        reasons = [*ruling.reasons, *(ask.text for ask in opinion.asks)]
        held = Decision.objects.filter(pk=row.pk, claim_token=row.claim_token, is_waiting=True)
        verdict = Verdict.ASK if opinion.asks and ruling.verdict == Verdict.ACT else ruling.verdict
        if not held.update(
            is_waiting=False, verdict=verdict, rule=ruling.rule, reasons=reasons, decided_at=now
        ):
            return None
        if opinion.is_policys and ticket.can_auto_heal != ruling.may_heal and not ruling.is_exhausted:
            ticket = ticket_services.set_fields(ticket.pk, can_auto_heal=ruling.may_heal)
        if not ruling.may_heal or ruling.playbook is None or opinion.seen is None:
            _tell_end_of_chain(ticket, opinion)
            live.publish(live.TICKET_UPDATED, ticket)
            return None
        if ticket.is_closed:
            return None
        if (known := attempts_of(ticket).filter(state__in=OPEN).first()) is not None:
            raise PostponedError(f"Attempt {known.pk} of this ticket is open.")
        return create_attempt(ticket, ruling, opinion.seen, reasons=reasons, asks=bool(opinion.asks), now=now)


def _postpone(row: Decision, reason: str, now: datetime, until: datetime | None = None) -> None:
    """Decide later: at `until`, and the time up to then does not count; else soon, for ASK_FOR at most."""
    asked_since = row.asked_since + (until - now) if until else row.asked_since
    gives_up = now - asked_since > ASK_FOR
    held = Decision.objects.filter(pk=row.pk, claim_token=row.claim_token)
    held.update(
        is_waiting=not gives_up,
        due_at=until or now + ASK_AGAIN,
        asked_since=asked_since,
        verdict=Verdict.NO if gives_up else Verdict.WAIT,
        reasons=[reason],
        decided_at=now,
    )


def _tell_end_of_chain(ticket: Ticket, opinion: Opinion) -> None:
    """After attempts that failed, people are told that the desk stops here, and why."""
    last = last_tried(ticket)
    if last is None or last.state != State.FAILED:
        return
    runs = ", ".join(dict.fromkeys(run for run in (last.run_id, last.new_run_id) if run))
    text = f"{' '.join(opinion.ruling.reasons)} People are needed. Runs: {runs or 'none'}."
    action = actions.REMEDIATION_MAX_RETRIES if opinion.ruling.is_exhausted else actions.REMEDIATION_SKIPPED
    tell(last, action, text, thread=f"Auto-remediation stops: {text}")
