"""Reads of the record."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit import selectors
from audit.api.conditional import ConditionalView
from audit.api.csv_stream import Export, Page, csv_answer
from audit.api.paging import page_by_number
from audit.api.query import Moment, PageQuery, Query, Words
from audit.api.responses import conditional_answers, csv_answers, zip_answers
from audit.api.serializers import AuditPageSerializer, AuditSummarySerializer
from audit.api.sql_lines import read_lines
from audit.api.zip_stream import Bundle, zip_answer
from audit.entry_json import entry_rows
from audit.models import ActorKind, AuditEntry
from audit.selectors import AuditFilters
from audit.services import Actor

COLUMNS = {
    "id": "pk",
    "timestamp": "created_at",
    "action": "action",
    "ticket_id": "ticket_key",
    "pipeline": "pipeline",
    "run_id": "run_id",
    "actor": "actor",
    "actor_kind": "actor_kind",
    "user_empid": "actor_employee_id",
    "summary": "summary",
    "details": "details",
}


class AuditFilterQuery(Query):
    action = Words(required=False, max_length=80, help_text="One action's name, as in `by_action`.")
    ticket = Words(required=False, max_length=64, help_text="A ticket's id.")
    since = Moment(required=False, help_text="From this moment on (inclusive).")
    until = Moment(required=False, help_text="Before this moment (exclusive).")


class AuditListQuery(AuditFilterQuery, PageQuery):
    pass


class AuditExportQuery(AuditFilterQuery):
    bom = serializers.BooleanField(
        required=False, help_text="Begin with a byte order mark, by which Excel knows UTF-8."
    )


class AuditTrailView(ConditionalView):
    @extend_schema(
        operation_id="list_audit_trail",
        summary="The audit trail, newest first",
        tags=["audit"],
        parameters=[AuditListQuery],
        responses=conditional_answers(AuditPageSerializer, errors=(400,)),
    )
    def get(self, request: Request) -> Response:
        values = AuditListQuery.read(request)
        asked: dict[str, Any] = {name: values.pop(name) for name in ("limit", "cursor") if name in values}
        newest_first = AuditFilters(**values).apply().order_by("-id")
        shown, following = page_by_number(request, newest_first, asked)
        return Response({"audits": entry_rows(shown), "next": following})


class AuditSummaryView(ConditionalView):
    @extend_schema(
        operation_id="read_audit_summary",
        summary="How often each action was recorded, and the newest entries",
        tags=["audit"],
        responses=conditional_answers(AuditSummarySerializer),
    )
    def get(self, request: Request) -> Response:
        return Response(selectors.summary())


def read_entries(filters: AuditFilters, before_id: int | None, count: int) -> Page:
    entries = filters.apply()
    if before_id is not None:
        entries = entries.filter(id__lt=before_id)
    return read_lines(entries.order_by("-id"), count, tuple(COLUMNS.values()), _plainly)


def _plainly(entries: QuerySet[AuditEntry]) -> list[tuple[Any, ...]]:
    found = entries.values_list("pk", *COLUMNS.values())
    return [(*row[:-1], json.dumps(row[-1], ensure_ascii=False)) for row in found]


class AuditExportView(APIView):
    @extend_schema(
        operation_id="export_audit_trail",
        summary="The audit trail as CSV, newest first",
        tags=["exports"],
        parameters=[AuditExportQuery],
        responses=csv_answers(),
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        values = AuditExportQuery.read(request)
        bom = values.pop("bom", False)
        filters = AuditFilters(**values)
        return csv_answer(
            Export(
                name="audit_trail",
                columns=list(COLUMNS),
                read_page=lambda before_id, count: read_entries(filters, before_id, count),
                actor=_taker(request),
                filters=values,
                bom=bom,
            )
        )


class AuditBundleView(APIView):
    @extend_schema(
        operation_id="export_audit_bundle",
        summary="The audit trail as a ZIP: a CSV of every sealed column, oldest first, and its manifest",
        description="`manage.py verify_audit --file` checks the ZIP, and each line against the seals.",
        tags=["exports"],
        parameters=[AuditFilterQuery],
        responses=zip_answers(),
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        values = AuditFilterQuery.read(request)
        told = {
            name: value.isoformat() if isinstance(value, datetime) else str(value)
            for name, value in values.items()
        }
        return zip_answer(Bundle(AuditFilters(**values), told, _taker(request)))


def _taker(request: Request) -> Actor:
    return Actor(ActorKind.PERSON, request.user.get_username(), getattr(request.user, "employee_id", ""))
