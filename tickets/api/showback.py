"""`GET /api/showback` and its CSV."""

from __future__ import annotations

import re
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actors import person
from accounts.models import User
from audit.api.conditional import ConditionalView
from audit.api.csv_stream import Export, Lines, Page, csv_answer
from audit.api.responses import conditional_answers, csv_answers
from tickets import kept_figures
from tickets.showback import MOST_ROWS, showback

COLUMNS = (
    "month",
    "team",
    "cost_center",
    "failures",
    "downtime_seconds",
    "downtime_hours",
    "cost",
    "currency",
    "kept_failures",
)
MONTH = OpenApiParameter("month", str, description="Such as 2026-11; without it all months together.")


class ShowbackRowSerializer(serializers.Serializer[Any]):
    team = serializers.CharField()
    cost_center = serializers.CharField()
    failures = serializers.IntegerField()
    downtime_seconds = serializers.IntegerField()
    cost = serializers.FloatField()
    kept_failures = serializers.IntegerField(help_text="How many of them have no ticket any more.")


class KeptSerializer(serializers.Serializer[Any]):
    month = serializers.CharField()
    team = serializers.CharField()
    priority = serializers.CharField()
    tickets = serializers.IntegerField()
    sla_met = serializers.IntegerField()
    sla_breached = serializers.IntegerField()
    mtta_seconds = serializers.FloatField(allow_null=True)
    mttr_seconds = serializers.FloatField(allow_null=True, help_text="To the next successful run.")
    downtime_seconds = serializers.IntegerField()


class ShowbackSerializer(serializers.Serializer[Any]):
    """Failures, downtime and cost by team and cost centre, the dearest first, at most 1,000 rows.

    `kept` are figures of tickets that retention removed, by month, team and priority, at most 1,000 rows.
    """

    month = serializers.CharField(allow_blank=True)
    months = serializers.ListField(child=serializers.CharField())
    currency = serializers.CharField()
    rows = ShowbackRowSerializer(many=True)
    kept = KeptSerializer(many=True)


def month_of(request: Request) -> str:
    month = request.query_params.get("month", "").strip()
    if month and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month, re.ASCII):
        raise serializers.ValidationError({"month": ["A month such as 2026-11 is needed."]})
    return month


class ShowbackView(ConditionalView):
    @extend_schema(
        operation_id="showback",
        summary="What failures cost whom",
        tags=["tickets"],
        parameters=[MONTH],
        responses=conditional_answers(ShowbackSerializer, errors=(400,)),
    )
    def get(self, request: Request) -> Response:
        found = showback(month_of(request))
        kept = kept_figures.kept("month", "team", "priority", month=found.month, most=MOST_ROWS)
        return Response(
            {
                "month": found.month,
                "months": list(found.months),
                "currency": found.currency,
                "rows": ShowbackRowSerializer(found.rows, many=True).data,
                "kept": KeptSerializer(kept, many=True).data,
            }
        )


class ShowbackExport(APIView):
    @extend_schema(
        operation_id="export_showback",
        summary="The showback table as CSV",
        tags=["exports"],
        parameters=[MONTH],
        responses=csv_answers(),
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        month = month_of(request)
        assert isinstance(request.user, User)

        def read(position: object, count: int) -> Page:
            found = showback(month)
            rows = [
                (
                    month or "all", row.team, row.cost_center, row.failures, row.downtime_seconds,
                    round(row.downtime_seconds / 3600, 2), row.cost, found.currency, row.kept_failures,
                )
                for row in found.rows
            ]  # fmt: skip
            return Lines.of_rows(rows), None

        return csv_answer(
            Export(
                name="showback",
                columns=list(COLUMNS),
                read_page=read,
                actor=person(request.user),
                filters={"month": month},
            )
        )
