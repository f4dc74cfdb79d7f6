"""A run that was late has failed: its ticket, opened by the warning, becomes that of the failure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audit import actions
from audit.services import SYSTEM, Actor
from tickets.choices import Severity
from tickets.models import Ticket
from tickets.services._rows import ask_for_work, lock, record_change, save
from tickets.services.analysis import move_severity
from tickets.services.lifecycle import reopen

_WORST_FIRST = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


@dataclass(frozen=True, slots=True)
class RealError:
    """What the failure says of itself; `severity` is "" where the sender gave none."""

    message: str
    code: str = ""
    type: str = ""
    severity: str = ""


def turn_into_failure(ticket_id: int, error: RealError, *, now: datetime, actor: Actor = SYSTEM) -> Ticket:
    """Put the real error on a ticket that a warning opened, and send it through the pipeline again.

    An acknowledged ticket is reopened, as somebody acknowledged a delay and not a failure. The severity only
    rises. Does nothing when the ticket is no longer a warning's.
    """
    with transaction.atomic():
        ticket = lock(ticket_id)
        if not ticket.metadata.get("is_warning"):
            return ticket
        before = {"error_type": ticket.error_type, "error_message": ticket.error_message[:1000]}
        ticket.metadata = {name: value for name, value in ticket.metadata.items() if name != "is_warning"}
        ticket.error_message = error.message
        ticket.error_code = error.code[:200]
        ticket.error_type = (error.type or error.code)[:200]
        fields = ["metadata", "error_message", "error_code", "error_type", *ask_for_work(ticket, now)]
        if _is_worse(error.severity, ticket.severity):
            fields += move_severity(ticket, error.severity, actor)
        save(ticket, fields, now=now)
        record_change(
            actions.WARNING_BECAME_FAILURE,
            ticket,
            actor=actor,
            summary=f"{before['error_type']} became {ticket.error_type or 'a failure'}: {error.message[:300]}",
            details={"before": before, "after": {"error_type": ticket.error_type}},
        )
        if ticket.is_closed:
            reason = "The run failed after a warning about it was acknowledged."
            ticket = reopen(ticket_id, actor=actor, reason=reason, now=now)
    return ticket


def _is_worse(severity: str, than: str) -> bool:
    return bool(severity) and _WORST_FIRST.index(Severity(severity)) < _WORST_FIRST.index(Severity(than))
