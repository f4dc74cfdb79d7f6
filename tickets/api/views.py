"""Reads of tickets: the three lists and the detail."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from audit.api.conditional import ConditionalView
from audit.api.paging import next_url
from audit.api.responses import conditional_answers
from tickets import selectors
from tickets.api.detail import ticket_detail
from tickets.api.detail_serializers import TicketAnswerSerializer
from tickets.api.query import TicketListQuery, cursor_at, read_page
from tickets.api.serializers import SummarySerializer, TicketListSerializer
from tickets.choices import Status
from tickets.models import Ticket
from tickets.rows import ticket_row
from tickets.summary import summary


def list_schema(operation: str, title: str) -> Any:
    return extend_schema_view(
        get=extend_schema(
            operation_id=operation,
            summary=title,
            tags=["tickets"],
            parameters=[TicketListQuery],
            responses=conditional_answers(TicketListSerializer, errors=(400,)),
        )
    )


class TicketListView(ConditionalView):
    """One of the three lists, newest first."""

    status: ClassVar[Status]

    def get(self, request: Request) -> Response:
        filters, after, limit = read_page(request)
        page = selectors.page(self.status, filters, after=after, limit=limit)
        following = next_url(request, cursor_at(page.following), limit) if page.following else None
        return Response({"tickets": [ticket_row(ticket) for ticket in page.tickets], "next": following})


@list_schema("list_open_tickets", "Open tickets, newest first")
class OpenTicketsView(TicketListView):
    status = Status.OPEN


@list_schema("list_in_progress_tickets", "Tickets in progress, newest first")
class InProgressTicketsView(TicketListView):
    status = Status.IN_PROGRESS


@list_schema("list_closed_tickets", "Acknowledged tickets, last acknowledged first")
class ClosedTicketsView(TicketListView):
    status = Status.ACKNOWLEDGED


def ticket_or_404(key: str) -> Ticket:
    ticket = selectors.ticket_by_key(key)
    if ticket is None:
        raise Http404(f"There is no ticket {key}.")
    return ticket


class TicketView(ConditionalView):
    @extend_schema(
        operation_id="read_ticket",
        summary="One ticket with its evidence, analyses, deliveries and timeline",
        tags=["tickets"],
        responses=conditional_answers(TicketAnswerSerializer, errors=(404,)),
    )
    def get(self, request: Request, key: str) -> Response:
        return Response({"ticket": ticket_detail(ticket_or_404(key))})


class SummaryView(ConditionalView):
    @extend_schema(
        operation_id="read_summary",
        summary="How many tickets there are, by status, severity, error type and team",
        tags=["tickets"],
        responses=conditional_answers(SummarySerializer),
    )
    def get(self, request: Request) -> Response:
        return Response(summary())
