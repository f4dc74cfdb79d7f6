"""The dashboard's page; everything on it comes from the API and the socket."""

from __future__ import annotations

from django.contrib.auth.mixins import LoginRequiredMixin
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.generic import TemplateView

from audit import actions

AUDIT_ACTIONS = tuple(value for name, value in sorted(vars(actions).items()) if name.isupper())


@method_decorator(ensure_csrf_cookie, name="dispatch")
class DashboardPage(LoginRequiredMixin, TemplateView):
    template_name = "dashboard/dashboard.html"
    extra_context = {"audit_actions": AUDIT_ACTIONS}
