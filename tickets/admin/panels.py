"""Parts of a ticket's page that belong to the layers above: they register a panel here, in their `admin.py`.

`tickets` knows nothing of evidence, deliveries or events, yet one page shows them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from tickets.models import Ticket

OVERVIEW = "overview"


@dataclass(frozen=True, slots=True)
class Panel:
    """`read` gives the template's context: a few bounded queries, run only when its tab is shown.

    `tab` is the tab it stands on; `place` orders the panels of a tab, and the tabs by their first panel.
    """

    tab: str
    title: str
    template: str
    read: Callable[[HttpRequest, Ticket], dict[str, Any]]
    place: int = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel with what it read."""

    title: str
    template: str
    content: dict[str, Any]


_panels: list[Panel] = []


def register(panel: Panel) -> None:
    """Add a panel; the same template is taken once."""
    if all(known.template != panel.template for known in _panels):
        _panels.append(panel)
        _panels.sort(key=lambda each: each.place)


def tabs() -> list[tuple[str, str]]:
    """Name and title of every tab in their order."""
    named = {OVERVIEW: "Overview"}
    for panel in _panels:
        named.setdefault(panel.tab, panel.title)
    return list(named.items())


def chosen(request: HttpRequest) -> str:
    """The tab that the address names, or the form that was sent from it."""
    tab = request.POST.get("tab") or request.GET.get("tab") or ""
    return tab if tab in dict(tabs()) else OVERVIEW


def address(ticket_id: int, request: HttpRequest) -> str:
    """The ticket's page, on the tab that was open when the form was sent."""
    page = reverse("admin:tickets_ticket_change", args=[ticket_id])
    tab = chosen(request)
    return page if tab == OVERVIEW else f"{page}?tab={tab}"


def read_tab(tab: str, request: HttpRequest, ticket: Ticket) -> list[Shown]:
    return [
        Shown(panel.title, panel.template, panel.read(request, ticket))
        for panel in _panels
        if panel.tab == tab
    ]
