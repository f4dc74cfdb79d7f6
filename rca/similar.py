"""Closed tickets of the same shape, with what resolved them: people's corrections first, then resolution notes.

Bounded: each source is read through an index and gives up after its newest rows, so a storm costs no more than a
quiet day (and may hide older tickets of the same class behind it).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db.models import Q, QuerySet

from audit.times import iso
from rca.case import Finding, SimilarTicket
from rca.models import Analysis, Feedback
from tickets.choices import CauseClass, Status
from tickets.models import Ticket
from tickets.selectors import closed_like
from tickets.together import Rows, read_together

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
    corrected = _corrected(ticket, finding, fingerprint)
    noted = (_cases(rows, ticket.pipeline) for rows in _noted(ticket, finding, fingerprint).values())
    return tuple(case for _, case in _first(itertools.chain([corrected], noted)))


def similar_section(ticket: Ticket, rows: Rows) -> list[dict[str, Any]]:
    """What a ticket's detail shows: those with a resolution, then the last closed ones of the same failure.

    Two queries; `rows` has the ticket's analyses.
    """
    fingerprint = next((row.fingerprint for row in rows["analyses"] if row.is_current), "")
    finding = Finding("", "", ticket.error_type, ticket.cause_class, "")
    read = read_together({**_noted(ticket, finding, fingerprint), "closed": closed_like(ticket)})
    noted = [_cases(tickets, ticket.pipeline) for name, tickets in read.items() if name != "closed"]
    found = _first([_corrected(ticket, finding, fingerprint), *noted])
    shown = {row.key: _row(row, case.root_cause, case.resolution) for row, case in found}
    for other in read["closed"]:
        shown.setdefault(other.key, _row(other, other.root_cause, other.resolution_note))
    return list(shown.values())[:MOST_SHOWN]


def _first(sources: Iterable[Iterable[Found]]) -> list[Found]:
    """The first MOST of them, each ticket once; a source that is not needed is not read."""
    found: dict[str, Found] = {}
    for row, case in itertools.chain.from_iterable(sources):
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


def _noted(ticket: Ticket, finding: Finding, fingerprint: str) -> dict[str, QuerySet[Ticket]]:
    """Tickets closed with a note: of the same fingerprint, then of the same error type and class."""
    analyses = Analysis.objects.exclude(ticket=ticket)
    found = {}
    if fingerprint:
        found["equal"] = _closed(analyses.filter(fingerprint=fingerprint))
    if finding.cause_class != CauseClass.UNKNOWN:
        found["same_class"] = _closed(
            analyses.filter(error_type=finding.error_type, cause_class=finding.cause_class)
        )
    return found


def _closed(analyses: QuerySet[Analysis]) -> QuerySet[Ticket]:
    newest = analyses.order_by("-id").values("ticket_id")[:_LOOKED_AT]
    closed = Ticket.objects.filter(pk__in=newest, status=Status.ACKNOWLEDGED).exclude(resolution_note="")
    return closed.order_by("-acknowledged_at")[:_NOTES]


def _cases(rows: Iterable[Ticket], pipeline: str) -> list[Found]:
    return [
        (row, SimilarTicket(row.key, row.error_type, row.cause_class, row.root_cause, row.resolution_note))
        for row in sorted(rows, key=lambda row: row.pipeline != pipeline)
    ]
