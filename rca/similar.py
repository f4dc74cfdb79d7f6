"""Closed tickets of the same shape, with what resolved them: people's corrections first, then resolution notes.

Bounded: each source is read through an index and gives up after its newest rows, so a storm costs no more than a
quiet day (and may hide older tickets of the same class behind it).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Q, QuerySet

from audit.times import iso
from rca.case import Finding, SimilarTicket
from rca.models import Analysis, Feedback
from tickets.choices import CauseClass, Status
from tickets.models import Ticket
from tickets.selectors import closed_like

MOST: Final = 3
MOST_SHOWN: Final = 5
_LOOKED_AT: Final = 200
_CORRECTIONS: Final = 10
_NOTES: Final = 10

Found = tuple[Ticket, SimilarTicket]


def similar_cases(ticket: Ticket, finding: Finding, fingerprint: str) -> tuple[SimilarTicket, ...]:
    """Up to three tickets with a resolution, the likest first: people's corrections, then closed tickets of the
    same fingerprint, then of the same error type and class (those of the same pipeline before others).
    """
    return tuple(case for _, case in _with_resolution(ticket, finding, fingerprint))


def similar_section(ticket: Ticket) -> list[dict[str, Any]]:
    """What a ticket's detail shows: those with a resolution, then the last closed ones of the same failure."""
    current = Analysis.objects.filter(ticket=ticket, is_current=True).only("fingerprint").first()
    finding = Finding("", "", ticket.error_type, ticket.cause_class, "")
    found = _with_resolution(ticket, finding, current.fingerprint if current else "")
    shown = {row.key: _row(row, case.root_cause, case.resolution) for row, case in found}
    for other in closed_like(ticket):
        shown.setdefault(other.key, _row(other, other.root_cause, other.resolution_note))
    return list(shown.values())[:MOST_SHOWN]


def _with_resolution(ticket: Ticket, finding: Finding, fingerprint: str) -> list[Found]:
    found: dict[str, Found] = {}
    sources = (_corrected(ticket, finding, fingerprint), _noted(ticket, finding, fingerprint))
    for row, case in itertools.chain(*sources):
        found.setdefault(row.key, (row, case))
        if len(found) == MOST:
            break
    return list(found.values())


def _row(ticket: Ticket, root_cause: str, resolution: str) -> dict[str, Any]:
    return {
        "id": ticket.key,
        "pipeline": ticket.pipeline,
        "error_type": ticket.error_type,
        "root_cause": root_cause,
        "resolution": resolution,
        "outcome": resolution,
        "status": ticket.status,
        "ack_seconds": ticket.ack_seconds,
        "ack_ts": iso(ticket.acknowledged_at),
    }


def _corrected(ticket: Ticket, finding: Finding, fingerprint: str) -> Iterator[Found]:
    alike = Q(error_type=finding.error_type, cause_class=finding.cause_class)
    if fingerprint:
        alike |= Q(fingerprint=fingerprint)
    rows = (
        Feedback.objects.filter(alike)
        .exclude(ticket=ticket)
        .exclude(root_cause="", fix="")
        .select_related("ticket", "analysis")
        .order_by("-id")[:_CORRECTIONS]
    )
    for row in sorted(rows, key=lambda row: row.fingerprint != fingerprint):
        root_cause = row.root_cause or row.analysis.root_cause
        resolution = row.fix or row.ticket.resolution_note
        yield (
            row.ticket,
            SimilarTicket(row.ticket.key, row.error_type, row.cause_class, root_cause, resolution),
        )


def _noted(ticket: Ticket, finding: Finding, fingerprint: str) -> Iterator[Found]:
    """Tickets closed with a note; lazily, for the first source is often enough."""
    analyses = Analysis.objects.exclude(ticket=ticket)
    if fingerprint:
        yield from _closed(analyses.filter(fingerprint=fingerprint), ticket.pipeline)
    if finding.cause_class != CauseClass.UNKNOWN:
        same_class = analyses.filter(error_type=finding.error_type, cause_class=finding.cause_class)
        yield from _closed(same_class, ticket.pipeline)


def _closed(analyses: QuerySet[Analysis], pipeline: str) -> list[Found]:
    newest = analyses.order_by("-id").values("ticket_id")[:_LOOKED_AT]
    rows = (
        Ticket.objects.filter(pk__in=newest, status=Status.ACKNOWLEDGED)
        .exclude(resolution_note="")
        .order_by("-acknowledged_at")[:_NOTES]
    )
    return [
        (row, SimilarTicket(row.key, row.error_type, row.cause_class, row.root_cause, row.resolution_note))
        for row in sorted(rows, key=lambda row: row.pipeline != pipeline)
    ]
