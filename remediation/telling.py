"""Every step of an attempt is told: in the audit trail, on the live pages, in the ticket's Slack thread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.models import ActorKind
from audit.services import Actor, record
from integrations.services import propose_in_thread, reply_in_thread
from remediation.models import Attempt
from remediation.states import PlaybookName
from tickets import live

DESK = Actor(ActorKind.SYSTEM, "auto-remediation")


def tell(
    attempt: Attempt,
    action: str,
    summary: str,
    *,
    actor: Actor = DESK,
    thread: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record one step inside the caller's transaction. `thread` says it in Slack too, once per attempt and action."""
    ticket = attempt.ticket
    record(
        action,
        subject=ticket.subject,
        actor=actor,
        summary=summary,
        details={
            "attempt": attempt.pk,
            "playbook": attempt.playbook,
            "state": attempt.state,
            "number": attempt.number,
            "try": f"{attempt.try_number} of {attempt.most_tries}",
            "resource": attempt.resource[:300],
            "run_id": attempt.run_id,
            "new_run_id": attempt.new_run_id,
            **(details or {}),
        },
    )
    live.publish(live.TICKET_UPDATED, ticket)
    if thread:
        reply_in_thread(ticket.pk, f"remediation-{attempt.pk}-{action}"[:64], thread)


def ask_people(attempt: Attempt) -> bool:
    """Put the question with its buttons into the ticket's thread; inside the caller's transaction.

    False in a quiet time: nobody is asked, and the question is put when it ends (`asking.ask_after_quiet`).
    """
    reason = " ".join(attempt.reasons)[:1_400]
    attempt.is_told = propose_in_thread(attempt.ticket_id, str(attempt.pk), title_of(attempt), reason)
    attempt.save(update_fields=["is_told", "updated_at"])
    return attempt.is_told


def title_of(attempt: Attempt) -> str:
    tries = f", try {attempt.try_number} of {attempt.most_tries}" if attempt.most_tries > 1 else ""
    run = f" of run {attempt.run_id}" if attempt.run_id else ""
    return f"{PlaybookName(attempt.playbook).label}{run}{tries}"
