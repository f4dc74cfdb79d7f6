"""The three ticket lists as CSV, with the filters of the list in effect."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.actors import person
from accounts.models import User
from audit.api.csv_stream import Export, Page, csv_answer
from audit.api.responses import csv_answers
from tickets.api.export_rows import moment_of, read_rows
from tickets.api.query import TicketExportQuery, filters_of
from tickets.choices import Status
from tickets.selectors import ORDERED_BY, Position, TicketFilters, newest_first

ROWS_PER_READ = 1_000
# The column's name in the contract, and where it comes from.
COLUMNS = {
    "id": "key",
    "timestamp": "opened_at",
    "source": "source",
    "resource_type": "resource_type",
    "pipeline": "pipeline",
    "run_id": "run_id",
    "status": "status",
    "severity": "severity",
    "priority": "priority",
    "error_type": "error_type",
    "error_code": "error_code",
    "error_message": "error_message",
    "rca_result": "root_cause",
    "recommendations": "recommendations",
    "confidence": "confidence",
    "cause_class": "cause_class",
    "affected_entity": "affected_entity",
    "auto_heal_possible": "can_auto_heal",
    "assigned_to": "assigned_to__email",
    "ack_user": "ack_user",
    "ack_empid": "ack_employee_id",
    "ack_ts": "acknowledged_at",
    "ack_seconds": "ack_seconds",
    "sla_seconds": "sla_seconds",
    "sla_due_at": "sla_due_at",
    "sla_status": "sla_status",
    "finops_team": "finops_team",
    "finops_owner": "finops_owner",
    "finops_cost_center": "finops_cost_center",
    "itsm_ticket_id": "itsm_ticket_id",
    "slack_channel": "slack_channel",
    "slack_ts": "slack_ts",
    "blob_log_url": "blob_log_url",
    "logic_app_run_id": "logic_app_run_id",
    "processing_mode": "processing_mode",
    "processing_state": "processing_state",
    "rca_provider": "rca_provider",
    "occurrences": "occurrences",
    "version": "version",
}


def read_tickets(status: Status, filters: TicketFilters, after: Position | None) -> Page:
    some = newest_first(status, filters, after)[:ROWS_PER_READ]
    found = read_rows(some, ("pk", ORDERED_BY[status], *COLUMNS.values()))
    if len(found) < ROWS_PER_READ:
        return [row[2:] for row in found], None
    key, moment, *_ = found[-1]
    return [row[2:] for row in found], Position(moment_of(moment), key)


class TicketExportView(APIView):
    status: ClassVar[Status]
    file_name: ClassVar[str]

    def get(self, request: Request) -> StreamingHttpResponse:
        values = TicketExportQuery.read(request)
        bom = values.pop("bom", False)
        filters = filters_of(values)
        status = self.status
        assert isinstance(request.user, User)
        return csv_answer(
            Export(
                name=self.file_name,
                columns=list(COLUMNS),
                read_page=lambda after: read_tickets(status, filters, after),
                actor=person(request.user),
                filters=values,
                bom=bom,
            )
        )


def export_schema(operation: str, title: str) -> Any:
    return extend_schema_view(
        get=extend_schema(
            operation_id=operation,
            summary=title,
            tags=["exports"],
            parameters=[TicketExportQuery],
            responses=csv_answers(),
        )
    )


@export_schema("export_open_tickets", "All open tickets as CSV")
class OpenTicketsExport(TicketExportView):
    status = Status.OPEN
    file_name = "open_tickets"


@export_schema("export_in_progress_tickets", "All tickets in progress as CSV")
class InProgressTicketsExport(TicketExportView):
    status = Status.IN_PROGRESS
    file_name = "in_progress_tickets"


@export_schema("export_closed_tickets", "All acknowledged tickets as CSV")
class ClosedTicketsExport(TicketExportView):
    status = Status.ACKNOWLEDGED
    file_name = "closed_tickets"
