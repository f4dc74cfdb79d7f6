"""A ticket's whole detail: its fields, its record, its neighbours, and the sections of the layers above."""

from __future__ import annotations

from typing import Any

from audit.entry_json import entry_rows
from audit.selectors import timeline
from audit.times import iso
from tickets import resource_links, sections
from tickets.escalation.services import shown_target
from tickets.models import Ticket
from tickets.rows import ticket_fields
from tickets.steps import steps_of

_INWARD = {"caused_by": "cause_of", "repeats": "repeated_by"}


def ticket_detail(ticket: Ticket) -> dict[str, Any]:
    fields = ticket_fields(ticket)
    run_url = resource_links.run_url(ticket.source, ticket.current_run_id, ticket.metadata)
    return {
        **fields,
        "links": {**fields["links"], "run_url": run_url},
        "resolution_note": ticket.resolution_note,
        "processing_error": ticket.processing_error,
        "reopened_count": ticket.reopened_count,
        "metadata": ticket.metadata,
        "comments": [
            {
                "id": comment.pk,
                "timestamp": iso(comment.created_at),
                "author": comment.author,
                "text": comment.text,
            }
            for comment in ticket.comments.all()
        ],
        "steps": [
            {
                "id": step.digest,
                "text": step.text,
                "is_done": step.is_done,
                "done_by": step.done_by,
                "done_at": iso(step.done_at),
            }
            for step in steps_of(ticket)
        ],
        "related_tickets": _related(ticket),
        "runs": _joined_runs(ticket),
        "escalations": _escalations(ticket),
        "timeline": entry_rows(timeline(ticket.key)),
        **sections.read_all(ticket),
    }


def _related(ticket: Ticket) -> list[dict[str, str]]:
    outward = [{"id": link.other.key, "relation": link.kind} for link in ticket.links.all()]
    inward = [
        {"id": link.ticket.key, "relation": _INWARD.get(link.kind, link.kind)}
        for link in ticket.linked_from.all()
    ]
    return [*outward, *inward]


def _joined_runs(ticket: Ticket) -> list[dict[str, Any]]:
    """Runs that reopened it; asked for only where it was reopened at all."""
    if not ticket.reopened_count:
        return []
    return [
        {"run_id": flap.run_id, "error_code": flap.error_code, "seen_at": iso(flap.seen_at)}
        for flap in ticket.flaps.all()
    ]


def _escalations(ticket: Ticket) -> list[dict[str, Any]]:
    """Steps that were taken, of earlier SLA periods too; none without a breach."""
    if ticket.sla_breached_at is None and not ticket.reopened_count:
        return []
    return [
        {
            "kind": step.kind,
            "target": shown_target(step),
            "due_at": iso(step.due_at),
            "taken_at": iso(step.taken_at),
        }
        for step in ticket.escalations.all()
    ]
