"""A ticket's whole detail: its fields, its record, its neighbours, and the sections of the layers above.

Whatever hangs on a ticket, of whichever app, is read in one statement: eight queries at the most, however much it is.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet

from audit.entry_json import entry_rows
from audit.selectors import timeline
from audit.times import iso
from tickets import resource_links, sections
from tickets.escalation.services import shown_target
from tickets.models import Ticket
from tickets.rows import ticket_fields
from tickets.steps import steps_of
from tickets.together import Rows, read_together

_INWARD = {"caused_by": "cause_of", "repeats": "repeated_by"}


def ticket_detail(ticket: Ticket) -> dict[str, Any]:
    rows = read_together({**_hanging(ticket), **sections.queries(ticket)})
    fields = ticket_fields(ticket)
    related = _related(rows)
    joined = rows["flaps"] if ticket.reopened_count else []  # a run joins by reopening
    run_id = joined[-1].run_id if joined else ticket.run_id
    run_url = resource_links.run_url(ticket.source, run_id, ticket.metadata)
    return {
        **fields,
        "related": list(dict.fromkeys(row["id"] for row in related)),
        "links": {**fields["links"], "run_url": run_url},
        "resolution_note": ticket.resolution_note,
        "processing_error": ticket.processing_error,
        "reopened_count": ticket.reopened_count,
        "metadata": ticket.metadata,
        "comments": _comments(rows),
        "steps": _steps(ticket, rows),
        "related_tickets": related,
        "runs": [
            {"run_id": flap.run_id, "error_code": flap.error_code, "seen_at": iso(flap.seen_at)}
            for flap in joined
        ],
        "escalations": _escalations(ticket, rows),
        "timeline": entry_rows(rows["timeline"]),
        **sections.read_all(ticket, rows),
    }


def _hanging(ticket: Ticket) -> dict[str, QuerySet[Any]]:
    return {
        "comments": ticket.comments.all(),
        "ticks": ticket.done_steps.order_by("id"),
        "links": ticket.links.annotate(key=F("other__key")),
        "linked_from": ticket.linked_from.annotate(key=F("ticket__key")),
        "flaps": ticket.flaps.all(),
        "escalations": ticket.escalations.all(),
        "timeline": timeline(ticket.key),
    }


def _comments(rows: Rows) -> list[dict[str, Any]]:
    return [
        {
            "id": comment.pk,
            "timestamp": iso(comment.created_at),
            "author": comment.author,
            "text": comment.text,
        }
        for comment in rows["comments"]
    ]


def _steps(ticket: Ticket, rows: Rows) -> list[dict[str, Any]]:
    return [
        {
            "id": step.digest,
            "text": step.text,
            "is_done": step.is_done,
            "done_by": step.done_by,
            "done_at": iso(step.done_at),
        }
        for step in steps_of(ticket, rows["ticks"])
    ]


def _related(rows: Rows) -> list[dict[str, str]]:
    outward = [{"id": link.key, "relation": link.kind} for link in rows["links"]]
    inward = [{"id": link.key, "relation": _INWARD.get(link.kind, link.kind)} for link in rows["linked_from"]]
    return [*outward, *inward]


def _escalations(ticket: Ticket, rows: Rows) -> list[dict[str, Any]]:
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
        for step in rows["escalations"]
    ]
