"""The journey of one ticket, top to bottom: evidence, analysis, deliveries, remediation.

Each step leaves its mark on the row before the next begins, so a worker that dies loses at most the step it
was in, and the next worker goes on from there.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from audit import actions
from audit.context import working_on
from audit.services import record
from ingestion import claims
from ingestion.run_lookups import relate_to_unresolved
from integrations.services import plan_deliveries
from rca.evidence import late
from rca.evidence.collect import collect_evidence
from rca.services import analyse_ticket
from remediation.services import consider
from tickets import services as ticket_services
from tickets.choices import ProcessingState
from tickets.models import Ticket

logger = logging.getLogger(__name__)

RETRY_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 30, 120))


def process_ticket(ticket_id: int, token: str) -> None:
    """Take one claimed ticket to the end of its journey; a missing row or a lost claim means done."""
    if not claims.begin(ticket_id, token, timezone.now()):
        return
    ticket = Ticket.objects.get(pk=ticket_id)
    with working_on(ticket.key):
        if ticket.work_attempts > claims.MOST_ATTEMPTS:
            _give_up(ticket_id, token, ticket.work_attempts)
        else:
            _process(ticket, token)


def _process(ticket: Ticket, token: str) -> None:
    ticket_id = ticket.pk
    try:
        _enrich(ticket)
        if not claims.hold_claim(ticket_id, token, timezone.now()):
            return
        analyse_ticket(ticket_id)
        plan_deliveries(ticket_id)
        consider(ticket_id)
    except Exception as error:  # noqa: BLE001 - any fault parks this ticket and no other
        _fail(ticket_id, token, error)
        return
    claims.finish(ticket_id, token)


def _enrich(ticket: Ticket) -> None:
    """Ask the vendors what really happened. A fault here costs the evidence and never the notification."""
    ticket_id = ticket.pk
    if ticket.processing_state != ProcessingState.RECEIVED:
        return
    try:
        if not late.take_fresh(ticket_id):
            late.plan_retry(ticket_id, collect_evidence(ticket_id), now=timezone.now())
        relate_to_unresolved(Ticket.objects.get(pk=ticket_id))
    except Exception:
        logger.exception("No evidence could be collected for %s", ticket.key)
    ticket_services.set_fields(ticket_id, processing_state=ProcessingState.ENRICHED)


def _give_up(ticket_id: int, token: str, attempts: int) -> None:
    """A ticket whose workers keep dying (out of memory, killed) is parked, so that others go on."""
    _park(
        ticket_id,
        token,
        f"Given up: {attempts - 1} workers ended while processing it; Re-analyse tries again.",
    )


def _fail(ticket_id: int, token: str, error: Exception) -> None:
    ticket = Ticket.objects.filter(pk=ticket_id, claim_token=token).first()
    if ticket is None:
        return
    logger.exception("%s could not be processed", ticket.key, exc_info=error)
    attempt = ticket.work_attempts
    if attempt <= len(RETRY_DELAYS):
        claims.retry_later(ticket_id, token, timezone.now() + RETRY_DELAYS[attempt - 1])
        return
    _park(
        ticket_id,
        token,
        f"{type(error).__name__}: given up after {attempt} attempts; Re-analyse tries again.",
    )


def _park(ticket_id: int, token: str, message: str) -> None:
    ticket = ticket_services.set_fields(
        ticket_id, processing_state=ProcessingState.FAILED, processing_error=message
    )
    record(actions.PROCESSING_FAILED, subject=ticket.subject, summary=message)
    plan_deliveries(ticket_id)  # a failure nobody could explain is told all the same
    claims.finish(ticket_id, token)
