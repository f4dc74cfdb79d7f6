"""The console's front page: what is unsafe, the figures, the charts, the integrations. A viewer's right to see."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from aiops.console.charts import read_charts
from aiops.console.figures import read_figures
from aiops.console.kept import kept
from aiops.console.sidebar import is_viewer
from aiops.console.standing import alarms, integrations

FIGURES_SECONDS = 5
CHARTS_SECONDS = 30


def fill_front_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Called by unfold for `/admin/`; who holds no role is told so and sees no figure."""
    context["title"] = "Overview"
    context["has_role"] = is_viewer(request)
    if context["has_role"]:
        context["alarms"] = kept("alarms", FIGURES_SECONDS, alarms)
        context["figures"] = kept("figures", FIGURES_SECONDS, read_figures)
        context["charts"] = kept("charts", CHARTS_SECONDS, read_charts)
        context["integrations"] = integrations()
    return context
