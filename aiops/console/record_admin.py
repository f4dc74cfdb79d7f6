"""The base of every page of the record: read-only, with the red line of a record that does not verify."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.console.desk import DeskAdmin
from accounts.console.integrity import warn_when_broken


class RecordAdmin(DeskAdmin):
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        warn_when_broken(request)
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response
