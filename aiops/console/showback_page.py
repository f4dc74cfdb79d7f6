"""The console's showback page: what failures cost whom, month by month."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.console.permissions import has_role
from accounts.roles import Role
from audit.times import duration
from tickets.showback import showback


@never_cache
@require_safe
def showback_page(request: HttpRequest) -> HttpResponse:
    if not has_role(request, Role.VIEWER):
        raise PermissionDenied
    found = showback(request.GET.get("month", "")[:7])
    rows = [(row, duration(row.downtime_seconds) if row.downtime_seconds else "–") for row in found.rows]
    totals = {
        "failures": sum(row.failures for row in found.rows),
        "downtime": duration(sum(row.downtime_seconds for row in found.rows)),
        "cost": sum(row.cost for row in found.rows),
    }
    content = {"title": "Showback", "found": found, "rows": rows, "totals": totals}
    return TemplateResponse(
        request, "admin/console/showback.html", {**admin.site.each_context(request), **content}
    )
