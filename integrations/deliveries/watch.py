"""A change of a ticket becomes something to tell, inside the transaction that makes the change.

Django's own `post_save` is used because it runs before the commit: a worker killed the moment after the commit
has left the rows, where an announcement after the commit would be lost. The columns that were saved say what
changed, so a write that nobody outside needs to know costs no query.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models.signals import post_save

from integrations.deliveries import planning, sla_notices
from tickets.models import Ticket
from tickets.signals import reported_again

_SHOWN_IN_SLACK = frozenset(
    {
        "status", "severity", "priority", "sla_status", "itsm_ticket_id", "root_cause", "recommendations",
        "error_type", "error_message", "confidence", "pipeline", "affected_entity", "acknowledged_at",
        "finops_team", "finops_owner",
    }
)  # fmt: skip


def ticket_saved(instance: Ticket, *, created: bool, update_fields: Iterable[str] | None, **_: Any) -> None:
    """Want whatever tells the outside of the columns that changed; inside the transaction that saved them."""
    if created or update_fields is None:
        return
    changed = frozenset(update_fields)
    if changed & _SHOWN_IN_SLACK:
        planning.want_edit(instance)
    if "status" in changed:
        planning.want_transition(instance)
    if "resolution_note" in changed:
        planning.want_closing_comment(instance)
    if "sla_breached_at" in changed and "reopened_count" not in changed:
        sla_notices.want_breach_notice(instance)
    if "sla_warned_at" in changed and "reopened_count" not in changed:
        sla_notices.want_warning(instance)
    if "reopened_count" in changed:
        planning.want_reopened_reply(instance)
    if "root_cause" in changed:
        planning.want_comment(instance)


def tickets_reported_again(reports: Sequence[tuple[Ticket, int]], **_: Any) -> None:
    """The same for reports that were counted together, which saves no ticket by itself."""
    planning.want_occurrence_replies(reports)


def connect() -> None:
    post_save.connect(ticket_saved, sender=Ticket, dispatch_uid="integrations.ticket_saved")
    reported_again.connect(tickets_reported_again, dispatch_uid="integrations.tickets_reported_again")
