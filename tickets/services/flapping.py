"""The same pipeline fails again soon after somebody acknowledged its last failure (`FLAP_MINUTES`, `FLAP_ACTION`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from audit import actions
from audit.services import SYSTEM, Actor, record
from tickets.models import LinkKind, Occurrence, Ticket
from tickets.services._rows import lock, save
from tickets.services.lifecycle import reopen
from tickets.services.notes import link

LINK, REOPEN = "link", "reopen"


@dataclass(frozen=True, slots=True)
class AnotherRun:
    """The failure that came again, under a key of its own. Texts are cut to their columns here.

    `metadata` is what its alert told; what was known of the earlier run alone goes.
    """

    dedup_key: str
    run_id: str = ""
    error_code: str = ""
    error_type: str = ""
    error_message: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


_OF_ONE_RUN = frozenset({"run_url", "run_page_url", "link_to_results", "leaf", "is_warning"})


def join_run(ticket_id: int, run: AnotherRun, *, now: datetime, actor: Actor = SYSTEM) -> Ticket:
    """Reopen an acknowledged ticket for another run of its pipeline, and keep the run in its history.

    The new run's error replaces the old one's, as the work that follows looks at the new run.
    Raises IntegrityError when the run's key is taken. Inside the caller's transaction.
    """
    with transaction.atomic():
        Occurrence.objects.create(
            ticket_id=ticket_id,
            dedup_key=run.dedup_key,
            run_id=run.run_id[:300],
            error_code=run.error_code[:200],
            error_message=run.error_message[:1000],
            seen_at=now,
        )
        reason = (
            f"The pipeline failed again, in run {run.run_id or 'unknown'}, soon after it was acknowledged."
        )
        before = _take_over_error(ticket_id, run, now)
        ticket = reopen(ticket_id, actor=actor, reason=reason, now=now, needs_work=True)
        record(
            actions.PIPELINE_FLAPPED,
            subject=ticket.subject,
            actor=actor,
            summary=reason,
            details={"run_id": run.run_id, "error_code": run.error_code, "before": before},
        )
    return ticket


def _take_over_error(ticket_id: int, run: AnotherRun, now: datetime) -> dict[str, str]:
    """Put the run's error and its alert's facts on the ticket; returns what error stood there, for the record."""
    ticket = lock(ticket_id)
    before = {"error_code": ticket.error_code, "error_message": ticket.error_message[:1000]}
    ticket.error_message = run.error_message
    ticket.error_code = run.error_code[:200]
    ticket.error_type = (run.error_type or run.error_code)[:200]
    kept = {name: value for name, value in ticket.metadata.items() if name not in _OF_ONE_RUN}
    ticket.metadata = {**kept, **run.metadata}
    save(ticket, ["error_message", "error_code", "error_type", "metadata"], now=now)
    return before


def link_repeat(ticket: Ticket, earlier_id: int, *, actor: Actor = SYSTEM) -> None:
    """Say on a new ticket that it repeats one that was just acknowledged, and on that one as well."""
    link(ticket.pk, earlier_id, kind=LinkKind.REPEATS, actor=actor)
    record(
        actions.PIPELINE_FLAPPED,
        subject=ticket.subject,
        actor=actor,
        summary=f"{ticket.pipeline} failed again soon after its last failure was acknowledged",
    )
