"""CSV, XLSX and JSON of a filtered list. They are built in memory up to a bound; a CSV beyond it is streamed."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, JSON, XLSX
from unfold.contrib.import_export.forms import ExportForm

from accounts.actors import person
from accounts.console.desk import OLDER_VAR
from accounts.console.permissions import signed_in
from audit import actions
from audit.api.csv_stream import Export, Lines, Page, cell, csv_answer
from audit.services import record

MOST_EXPORTED = 10_000
LONGEST_FILTER = 200


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
    """An Export button for the current filter. GET shows a form, POST gives the file and is recorded."""

    formats = (HarmlessCSV, HarmlessXLSX, JSON)
    export_form_class = ExportForm

    def has_export_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request))

    def get_export_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """All that the filters let through, from whichever window of the list it was asked for."""
        asked = request.GET.copy()
        asked.pop(OLDER_VAR, None)
        request.GET = asked  # type: ignore[assignment]  # the list reads its filters there
        rows: QuerySet[Any] = super().get_export_queryset(request)
        return rows

    def export_action(self, request: HttpRequest) -> Any:
        if not self.has_export_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_export_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{self._list_address()}?e=1")  # as the list answers it
        is_big = request.method == "POST" and _are_too_many(rows)
        return self._export_many(request, rows) if is_big else super().export_action(request)

    def _export_many(self, request: HttpRequest, rows: QuerySet[Any]) -> Any:
        """The stream where a CSV is wanted; the other forms can only be built as a whole."""
        formats = self.get_export_formats()
        form = self.export_form_class(formats, self.get_export_resource_classes(request), data=request.POST)
        if not form.is_valid():
            return super().export_action(request)
        if formats[int(form.cleaned_data["format"])] is HarmlessCSV:
            return self._as_stream(request, rows)
        text = f"More than {MOST_EXPORTED:,} rows match. Take them as CSV, or narrow the filter."
        messages.warning(request, text)
        return HttpResponseRedirect(request.get_full_path())

    def _as_stream(self, request: HttpRequest, rows: QuerySet[Any]) -> StreamingHttpResponse:
        """Highest number first, page by page, so that neither memory nor a transaction grows with the list."""
        (resource_class,) = self.get_export_resource_classes(request)
        resource = resource_class(**self.get_export_resource_kwargs(request))
        numbered = rows.order_by("-pk")

        def read_page(before: int | None, count: int) -> Page:
            wanted = numbered if before is None else numbered.filter(pk__lt=before)
            found = list(wanted[:count])
            following = found[-1].pk if len(found) == count else None
            return Lines.of_rows([resource.export_resource(row) for row in found]), following

        return csv_answer(
            Export(
                name=str(self.model._meta.verbose_name_plural).replace(" ", "_"),
                columns=resource.get_export_headers(),
                read_page=read_page,
                actor=person(signed_in(request)),
                filters={name: value[:LONGEST_FILTER] for name, value in request.GET.items()},
            )
        )

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


def _are_too_many(rows: QuerySet[Any]) -> bool:
    return rows.order_by().values("pk")[: MOST_EXPORTED + 1].count() > MOST_EXPORTED
