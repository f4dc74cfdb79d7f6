"""A ticket as JSON (contract, section 3), the one form that the API, the socket and the exports share."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from audit.times import iso
from tickets import resource_links
from tickets.models import Ticket, TicketLink

LONGEST_MESSAGE_IN_A_LIST = 2_000


def with_row_relations(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Tickets with all that `ticket_row` reads, in three queries for any number of rows."""
    links = TicketLink.objects.select_related("other").only("kind", "ticket_id", "other__key")
    linked_from = TicketLink.objects.select_related("ticket").only("kind", "other_id", "ticket__key")
    return tickets.select_related("assigned_to").prefetch_related(
        Prefetch("links", links), Prefetch("linked_from", linked_from)
    )


def ticket_row(ticket: Ticket) -> dict[str, Any]:
    """The fields of a list row; a long error text is cut, the whole of it is in the detail."""
    row = {**ticket_fields(ticket), "related": related_keys(ticket)}
    message = row["error_message"]
    if len(message) > LONGEST_MESSAGE_IN_A_LIST:
        row["error_message"] = f"{message[:LONGEST_MESSAGE_IN_A_LIST]} …"
    return row


def ticket_fields(ticket: Ticket) -> dict[str, Any]:
    """All but `related`, which the detail reads in another way."""
    return {
        "id": ticket.key,
        "timestamp": iso(ticket.opened_at),
        "source": ticket.source,
        "resource_type": ticket.resource_type,
        "pipeline": ticket.pipeline,
        "run_id": ticket.run_id,
        "error_message": ticket.error_message,
        "error_code": ticket.error_code,
        "error_type": ticket.error_type,
        "rca_result": ticket.root_cause,
        "recommendations": ticket.recommendations,
        "confidence": ticket.confidence,
        "cause_class": ticket.cause_class,
        "severity": ticket.severity,
        "priority": ticket.priority,
        "affected_entity": ticket.affected_entity,
        "auto_heal_possible": ticket.can_auto_heal,
        "status": ticket.status,
        "ack_user": ticket.ack_user,
        "ack_empid": ticket.ack_employee_id,
        "ack_ts": iso(ticket.acknowledged_at),
        "ack_seconds": ticket.ack_seconds,
        "sla_seconds": ticket.sla_seconds,
        "sla_due_at": iso(ticket.sla_due_at),
        "sla_status": ticket.sla_status,
        "slack_ts": ticket.slack_ts,
        "slack_channel": ticket.slack_channel,
        "finops_team": ticket.finops_team,
        "finops_owner": ticket.finops_owner,
        "finops_cost_center": ticket.finops_cost_center,
        "blob_log_url": ticket.blob_log_url,
        "itsm_ticket_id": ticket.itsm_ticket_id,
        "logic_app_run_id": ticket.logic_app_run_id,
        "processing_mode": ticket.processing_mode,
        "processing_state": ticket.processing_state,
        "rca_provider": ticket.rca_provider,
        "occurrences": ticket.occurrences,
        "suppressed": ticket.is_suppressed,
        "suppressed_by": ticket.quiet_name if ticket.is_suppressed else "",
        "quiet_until": iso(ticket.quiet_until),
        "recovered_at": iso(ticket.recovered_at),
        "assigned_to": ticket.assigned_to.email if ticket.assigned_to else "",
        "version": ticket.version,
        "links": {
            "run_url": resource_links.run_url(ticket.source, ticket.run_id, ticket.metadata),
            "itsm_url": resource_links.itsm_url(settings.JIRA_DOMAIN, ticket.itsm_ticket_id),
            "console_url": f"/admin/tickets/ticket/{ticket.pk}/change/",
        },
    }


def related_keys(ticket: Ticket) -> list[str]:
    """The keys of the tickets linked to this one, in either direction, each once."""
    outward = [link.other.key for link in ticket.links.all()]
    inward = [link.ticket.key for link in ticket.linked_from.all()]
    return list(dict.fromkeys([*outward, *inward]))
