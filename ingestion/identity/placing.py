"""Where a failure ended: the ticket, and what was done with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from audit.services import Actor
from ingestion.identity.forms import is_databricks_run
from ingestion.sources.base import Failure
from tickets import services
from tickets.choices import Status
from tickets.models import Ticket

CREATED = "created"
DUPLICATE = "duplicate"
REOPENED = "reopened"
LOOKING_UP = "looking_up"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a failure ended: the ticket (None while its runs are looked up) and what was done."""

    verdict: str
    ticket: Ticket | None
    run_id: str = ""
    existing_status: str = ""


def join(
    existing: Ticket,
    failure: Failure,
    occurrences: services.Occurrences,
    *,
    now: datetime,
    actor: Actor,
    is_replay: bool,
) -> Placement:
    """Count the occurrence on the locked ticket a failure already has; reopen it where the run failed anew.

    A ticket that was opened by a warning (the run takes too long) takes over the real failure's error. What is
    merely counted is in the database once the caller stores `occurrences`.
    """
    status = existing.status
    happened_at = failure.fired_at or now
    failed_again = (
        failure.can_recur
        and not is_replay
        and existing.acknowledged_at is not None
        and happened_at > existing.acknowledged_at
    )
    details = {"event_run_id": failure.run_id} if failure.run_id != existing.run_id else {}
    occurrences.count(existing, now=now, actor=actor, details=details)
    if existing.metadata.get("is_warning") and not failure.is_warning:
        error = services.RealError(
            failure.error_message, failure.error_code, failure.error_type, failure.severity
        )
        occurrences.store()
        ticket = services.turn_into_failure(existing.pk, error, actor=actor, now=now)
        verdict = REOPENED if status == Status.ACKNOWLEDGED else DUPLICATE
        return Placement(verdict, ticket, failure.run_id, status)
    if failed_again:
        occurrences.store()
        reason = "The run failed again after its ticket was acknowledged."
        ticket = services.reopen(existing.pk, actor=actor, reason=reason, now=now, needs_work=True)
        return Placement(REOPENED, ticket, failure.run_id, status)
    return Placement(DUPLICATE, existing, failure.run_id, status)


def find_touched(failure: Failure, touched: Iterable[Ticket]) -> Ticket | None:
    """Of the tickets that an event ended in when it came, the one of this failure: a replay opens no second."""
    candidates = list(touched)
    for ticket in candidates:
        if ticket.dedup_key == failure.dedup_key:
            return ticket
    for ticket in candidates:
        is_same_rule = bool(failure.family_key) and ticket.family_key == failure.family_key
        if is_same_rule or (is_databricks_run(failure) and ticket.run_id == failure.run_id):
            return ticket
    return None
