"""The console's two pages that are no model: settings in force, and health with the schedule."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.console.permissions import has_role
from accounts.roles import Role
from aiops.celery import app
from aiops.console.settings_page import settings_in_force
from aiops.health.probes import probe_all


@never_cache
@require_safe
def settings_page(request: HttpRequest) -> HttpResponse:
    _demand(request, Role.ADMIN)
    content = {"title": "Settings in force", "groups": settings_in_force()}
    return TemplateResponse(
        request, "admin/console/settings.html", {**admin.site.each_context(request), **content}
    )


@never_cache
@require_safe
def health_page(request: HttpRequest) -> HttpResponse:
    """What `/readyz` says, in words, and what the clock is set to."""
    _demand(request, Role.VIEWER)
    overall, checks = probe_all()
    named = [(name.replace("_", " "), probe) for name, probe in checks.items()]
    content = {"title": "Health", "overall": overall, "checks": named, "schedule": schedule()}
    return TemplateResponse(
        request, "admin/console/health.html", {**admin.site.each_context(request), **content}
    )


def schedule() -> list[tuple[str, str, str]]:
    """Name, task and interval of every periodic task."""
    return [
        (name.replace("-", " "), str(entry["task"]), _interval(entry["schedule"]))
        for name, entry in sorted(app.conf.beat_schedule.items())
    ]


def _interval(when: Any) -> str:
    if isinstance(when, int | float):
        return f"every {when:g} s"
    # A crontab writes itself as <crontab: 17 3 * * * (m/h/dM/MY/d)>.
    return str(when).strip("<>").split(" (")[0]


def _demand(request: HttpRequest, role: Role) -> None:
    if not has_role(request, role):
        raise PermissionDenied
