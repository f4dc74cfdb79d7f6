"""Evidence that a vendor could not give at once: tried again in the background, and what follows when it comes.

Bounded twice: a collection is tried `len(DELAYS)` times, and only evidence that is new asks for a new analysis.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from audit import actions
from audit.services import SYSTEM
from rca.evidence.collect import CollectionResult, collect_evidence
from rca.evidence.gathered import Piece
from rca.evidence.store import store
from rca.models import EvidenceCollection, EvidenceKind
from tickets import services as ticket_services
from tickets.due import is_due
from tickets.models import Ticket

DELAYS = tuple(timedelta(seconds=seconds) for seconds in (15, 45, 120, 300))
LONGEST_WAIT = timedelta(minutes=10)
LEASE = timedelta(seconds=90)
FARTHEST = LONGEST_WAIT * 2
LATE_SECONDS = 45.0  # nobody waits for it
BATCH = 20


def plan_retry(ticket_id: int, result: CollectionResult, *, now: datetime) -> None:
    """After a collection by the pipeline: try again within a minute where a vendor failed temporarily."""
    if not result.is_worth_retrying:
        EvidenceCollection.objects.filter(ticket_id=ticket_id).update(
            is_waiting=False, has_fresh_evidence=False
        )
        return
    EvidenceCollection.objects.update_or_create(
        ticket_id=ticket_id,
        defaults={
            "is_waiting": True,
            "has_fresh_evidence": False,
            "attempts": 0,
            "due_at": now + _delay(0, result),
            "problem": result.problem[:500],
        },
    )


def take_fresh(ticket_id: int) -> bool:
    """Whether the background has just collected for this ticket, so that the pipeline need not; true once."""
    fresh = EvidenceCollection.objects.filter(ticket_id=ticket_id, has_fresh_evidence=True)
    return fresh.update(has_fresh_evidence=False) == 1


def claim_due(now: datetime) -> list[int]:
    """Claim the collections that are due, by moving them ahead under a lease; returns the tickets' ids."""
    due = EvidenceCollection.objects.filter(is_due(now, FARTHEST), is_waiting=True).order_by("due_at")
    return [
        ticket_id
        for ticket_id, due_at in due.values_list("ticket_id", "due_at")[:BATCH]
        if EvidenceCollection.objects.filter(ticket_id=ticket_id, is_waiting=True, due_at=due_at).update(
            due_at=now + LEASE, attempts=F("attempts") + 1
        )
    ]


def collect_late(ticket_id: int, *, now: datetime) -> CollectionResult | None:
    """Try a claimed collection again; new evidence sends the ticket through the pipeline for a new analysis."""
    row = EvidenceCollection.objects.filter(ticket_id=ticket_id, is_waiting=True).first()
    if row is None:
        return None
    result = collect_evidence(ticket_id, seconds=LATE_SECONDS)
    with transaction.atomic():
        ticket = ticket_services.lock(ticket_id)
        row.refresh_from_db()
        row.problem = result.problem[:500]
        row.is_waiting = result.is_worth_retrying and row.attempts < len(DELAYS)
        if row.is_waiting:
            row.due_at = now + _delay(row.attempts, result)
        elif result.is_worth_retrying:
            _give_up(ticket, row)
        needs_analysis = result.added > 0 and not ticket.is_closed
        row.has_fresh_evidence = row.has_fresh_evidence or needs_analysis
        row.save()
        if needs_analysis:
            reason = f"Evidence arrived late: {result.added} new from {' and '.join(result.vendors)}"
            ticket_services.request_work(ticket_id, action=actions.RCA_REQUESTED, actor=SYSTEM, reason=reason)
    return result


def _give_up(ticket: Ticket, row: EvidenceCollection) -> None:
    text = f"Given up after {row.attempts + 1} tries; Re-analyse asks again. {row.problem}"
    store([Piece(EvidenceKind.NOTE, "Not everything could be fetched", text)], ticket)


def _delay(attempt: int, result: CollectionResult) -> timedelta:
    """The house's own delay, or the vendor's where that is longer and bearable."""
    asked = timedelta(seconds=result.retry_after or 0)
    return max(DELAYS[min(attempt, len(DELAYS) - 1)], min(asked, LONGEST_WAIT))
