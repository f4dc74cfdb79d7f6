"""The parameters of the ticket lists and exports."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from audit.api.paging import decode_cursor, encode_cursor, microseconds, moment_of
from audit.api.query import USUAL_ROWS, Choices, Moment, OneOf, PageQuery, Query, Words
from tickets.choices import Priority, Severity, source_choices
from tickets.search import MOST_WALKED
from tickets.selectors import Position, TicketFilters

ME = "me"


class TicketFilterQuery(Query):
    search = Words(
        required=False,
        help_text="Part of the id, pipeline, run id, ITSM id, error type, error message or root cause. Without three "
        f"letters or digits in a row it is looked for among {MOST_WALKED:,} tickets a page: go on by `next`.",
    )
    severity = Choices(Severity.values, required=False, help_text="One or more, separated by commas.")
    priority = Choices(Priority.values, required=False, help_text="One or more, separated by commas.")
    source = Choices(  # type: ignore[assignment]
        [slug for slug, _ in source_choices()], required=False, help_text="One or more, separated by commas."
    )
    team = Words(required=False, max_length=100, help_text="The FinOps team, as written on the ticket.")
    owner = Words(
        required=False,
        max_length=254,
        help_text="An e-mail address, `me`, or `none` for what nobody has. In the closed list also who acknowledged "
        "a ticket that nobody had.",
    )
    sla = OneOf(
        [("breached", "Breached"), ("risk", "Due within 15 minutes")],
        required=False,
        help_text="`breached`: past due, in the closed list by its verdict. `risk`: due within 15 minutes.",
    )
    since = Moment(
        required=False,
        help_text="From this moment on (inclusive): of opening, in the closed list of acknowledgement.",
    )
    until = Moment(required=False, help_text="Before this moment (exclusive).")

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        values = super().read(request)
        if values.get("owner") == ME:
            values["owner"] = request.user.get_username()
        return values


class TicketListQuery(TicketFilterQuery, PageQuery):
    pass


class TicketExportQuery(TicketFilterQuery):
    bom = serializers.BooleanField(
        required=False, help_text="Begin with a byte order mark, by which Excel knows UTF-8."
    )


def filters_of(values: dict[str, Any]) -> TicketFilters:
    return TicketFilters(**{name: values[name] for name in TicketFilters.__slots__ if name in values})


def read_page(request: Request) -> tuple[TicketFilters, Position | None, int]:
    """Filters, where the page begins and how long it is; raises ValidationError naming the parameter."""
    values = TicketListQuery.read(request)
    after = None
    if "cursor" in values:
        moment, pk = decode_cursor(values["cursor"], 2)
        after = Position(moment_of(moment), pk)
    return filters_of(values), after, values.get("limit", USUAL_ROWS)


def cursor_at(position: Position) -> str:
    return encode_cursor(microseconds(position.moment), position.pk)
