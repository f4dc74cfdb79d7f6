"""The console's page of figures over time: SLA verdicts, and what failures cost whom, month by month."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.console.permissions import has_role
from accounts.roles import Role
from audit.times import duration
from tickets import kept_figures
from tickets.kept_figures import Kept
from tickets.showback import showback
from tickets.summary import summary


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How many SLA periods were met and breached; `share` is the part that was met, in per cent."""

    name: str
    met: int
    breached: int

    @property
    def share(self) -> float:
        judged = self.met + self.breached
        return 100 * self.met / judged if judged else 0.0


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
        "kept": sum(row.kept_failures for row in found.rows),
    }
    content = {
        "title": "SLA and showback", "found": found, "rows": rows, "totals": totals, "verdicts": _verdicts(),
        "kept": _kept(found.month),
    }  # fmt: skip
    return TemplateResponse(
        request, "admin/console/showback.html", {**admin.site.each_context(request), **content}
    )


def _kept(month: str) -> list[tuple[Kept, Verdicts, str, str]]:
    """Removed tickets by month: the figures, the verdicts, mean time to acknowledge and to recover for people."""
    return [
        (
            row,
            Verdicts(row.month, row.sla_met, row.sla_breached),
            _told(row.mtta_seconds),
            _told(row.mttr_seconds),
        )
        for row in kept_figures.kept("month", month=month)
    ]


def _told(seconds: float | None) -> str:
    return "–" if seconds is None else duration(seconds)


def _verdicts() -> list[tuple[str, list[Verdicts]]]:
    """SLA verdicts of the tickets that are there by priority, by team, and by the week in which the period began,
    newest first.
    """
    known = summary()
    parts = (
        ("Priority", dict(sorted(known["sla_by_priority"].items()))),
        ("Team", known["sla_by_team"]),
        ("Week", known["sla_by_week"]),
    )
    return [
        (title, [Verdicts(name, each["met"], each["breached"]) for name, each in found.items()])
        for title, found in parts
    ]
