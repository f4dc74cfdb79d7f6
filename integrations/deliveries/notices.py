"""From a ticket's row to what is told about it. Layers above add what they know: they register a reader here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from urllib.parse import quote

from django.conf import settings

from integrations.errors import NotConfiguredError
from integrations.jira.config import JiraConfig
from integrations.notice import EvidenceLine, TicketNotice
from tickets.models import Ticket, TicketLink
from tickets.resource_links import run_url

EvidenceReader = Callable[[Ticket], Sequence[EvidenceLine]]
_MOST_RELATED = 3

_evidence_readers: list[EvidenceReader] = []


def register_evidence(reader: EvidenceReader) -> None:
    """Name the one reader of the evidence that messages show; a later one takes its place."""
    _evidence_readers[:] = [reader]


def notice_of(ticket: Ticket) -> TicketNotice:
    """What may be told about a ticket as it is now: redacted, ready for every builder."""
    run_id = ticket.current_run_id
    return TicketNotice(
        ticket_id=ticket.key,
        pipeline=ticket.pipeline,
        opened_at=ticket.opened_at,
        source=ticket.get_source_display(),
        run_id=run_id,
        error_type=ticket.error_type,
        error_message=ticket.error_message,
        severity=ticket.severity,
        priority=ticket.priority,
        status=ticket.status,
        root_cause=ticket.root_cause,
        confidence=ticket.confidence,
        provider=ticket.rca_provider,
        recommendations=tuple(str(step) for step in ticket.recommendations),
        evidence=tuple(line for reader in _evidence_readers for line in reader(ticket)),
        affected_entity=ticket.affected_entity,
        finops_team=ticket.finops_team,
        finops_owner=ticket.finops_owner,
        finops_cost_center=ticket.finops_cost_center,
        itsm_ticket_id=ticket.itsm_ticket_id,
        itsm_url=issue_url(ticket.itsm_ticket_id),
        dashboard_url=f"{settings.PUBLIC_BASE_URL}/dashboard?ticket={quote(ticket.key, safe='')}",
        run_url=run_url(ticket.source, run_id, ticket.metadata),
        sla_due_at=ticket.sla_due_at,
        sla_status=ticket.sla_status,
        acknowledged_by=ticket.ack_user,
        acknowledged_at=ticket.acknowledged_at,
        mttr_seconds=ticket.ack_seconds,
        occurrences=ticket.occurrences,
        related=_related(ticket),
    ).redacted()


def issue_url(key: str) -> str:
    """Where a person reads the issue; "" without a key, and where the API's address does not tell the site."""
    if not key or "/ex/jira/" in settings.JIRA_DOMAIN:
        return ""
    try:
        return f"{JiraConfig.from_settings().base_url}/browse/{quote(key, safe='')}"
    except NotConfiguredError:
        return ""


def analysis_digest(ticket: Ticket) -> str:
    """Equal for two analyses that tell people the same."""
    told = [ticket.root_cause, ticket.error_type, ticket.confidence, *map(str, ticket.recommendations)]
    return digest("\x1f".join(told))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _related(ticket: Ticket) -> str:
    links = TicketLink.objects.filter(ticket=ticket).select_related("other").order_by("id")
    found = [
        f"{link.get_kind_display()} {link.other.key} ({link.other.pipeline})"
        for link in links[:_MOST_RELATED]
    ]
    return "; ".join(found)
