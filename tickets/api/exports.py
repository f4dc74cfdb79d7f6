"""The three ticket lists as CSV, with the filters of the list in effect."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.actors import person
from accounts.models import User
from audit.api.csv_stream import Export, Page, csv_answer
from audit.api.responses import csv_answers
from audit.api.sql_lines import read_lines
from tickets.api.export_rows import moment_of, read_rows
from tickets.api.query import TicketExportQuery, filters_of
from tickets.choices import Status
from tickets.export_columns import COLUMNS
from tickets.models import Ticket
from tickets.selectors import ORDERED_BY, Position, TicketFilters, newest_first


def read_tickets(status: Status, filters: TicketFilters, after: Position | None, count: int) -> Page:
    paths = tuple(COLUMNS.values())
    made, last = read_lines(newest_first(status, filters, after), count, paths, _plainly)
    if last is None:
        return made, None
    return made, Position(moment_of(made.last_row[paths.index(ORDERED_BY[status])]), last)


def _plainly(tickets: QuerySet[Ticket, Any]) -> list[list[Any]]:
    return read_rows(tickets, ("pk", *COLUMNS.values()))


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
                read_page=lambda after, count: read_tickets(status, filters, after, count),
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
