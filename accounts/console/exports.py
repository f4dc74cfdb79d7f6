"""CSV and XLSX of a filtered list, bounded: a sheet is built in memory, so a big one is sent to the stream."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, XLSX
from unfold.contrib.import_export.forms import ExportForm

from accounts.actors import person
from accounts.console.permissions import signed_in
from audit import actions
from audit.api.csv_stream import cell
from audit.services import record

MOST_EXPORTED = 10_000


class HarmlessCells:
    """Before a format's own class: text that a spreadsheet would run leaves with an apostrophe before it."""

    def export_data(self, dataset: Any, **kwargs: Any) -> Any:
        for _ in range(len(dataset)):
            dataset.append([cell(value) for value in dataset.lpop()])
        return super().export_data(dataset, **kwargs)  # type: ignore[misc]


class HarmlessCSV(HarmlessCells, CSV):
    pass


class HarmlessXLSX(HarmlessCells, XLSX):
    pass


class BoundedExport(ExportMixin):
    """An Export button for the current filter. GET shows a form, POST gives the file and is recorded.

    `streams` names the addresses of the API that give any number of rows: (address, title).
    """

    formats = (HarmlessCSV, HarmlessXLSX)
    export_form_class = ExportForm
    streams: ClassVar[tuple[tuple[str, str], ...]] = ()

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    def export_action(self, request: HttpRequest) -> HttpResponse:
        if not self.has_export_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_export_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{self._list_address()}?e=1")  # as the list answers it
        if rows.order_by().values("pk")[: MOST_EXPORTED + 1].count() > MOST_EXPORTED:
            return self._send_to_streams(request)
        response: HttpResponse = super().export_action(request)
        return response

    def _send_to_streams(self, request: HttpRequest) -> HttpResponse:
        links = format_html_join(
            ", ", '<a href="{}" class="link">{}</a>', ((address, title) for address, title in self.streams)
        )
        text = "More than {} rows match. Narrow the filter, or take a CSV of any size: {}."
        messages.warning(request, format_html(text, f"{MOST_EXPORTED:,}", links or "none for this list"))
        query = request.GET.urlencode()
        return HttpResponseRedirect(f"{self._list_address()}?{query}")

    def _list_address(self) -> str:
        options = self.model._meta
        return reverse(f"admin:{options.app_label}_{options.model_name}_changelist")

    def _do_file_export(
        self, file_format: Any, request: HttpRequest, queryset: QuerySet[Any], export_form: Any = None
    ) -> HttpResponse:
        response: HttpResponse = super()._do_file_export(
            file_format, request, queryset, export_form=export_form
        )
        options = self.model._meta
        record(
            actions.DATA_EXPORTED,
            actor=person(signed_in(request)),
            summary=f"{options.verbose_name_plural} as {file_format.get_title()} from the console",
            details={
                "filter": request.GET.urlencode()[:1000],
                "rows": queryset.count(),
                "sha256": hashlib.sha256(response.content).hexdigest(),
            },
        )
        return response
