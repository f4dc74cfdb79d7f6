"""The list's saved views: nothing but addresses, so that they can be shared, bookmarked and narrowed further."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, QueryDict

VIEWS = (
    ("Open", "state=open"),
    ("Breached", "sla=breached"),
    ("Due soon", "sla=risk"),
    ("Unassigned", "state=unfinished&owner=nobody"),
    ("My tickets", "state=unfinished&owner=me"),
    ("In progress", "state=in_progress"),
    ("Acknowledged", "state=acknowledged"),
    ("All", ""),
)


@dataclass(frozen=True, slots=True)
class SavedView:
    title: str
    query: str
    is_current: bool


def saved_views(request: HttpRequest) -> list[SavedView]:
    """Each view, and whether the list shows just that."""
    now = request.GET.copy()
    for name in ("p", "q"):
        now.pop(name, None)
    return [SavedView(title, query, QueryDict(query) == now) for title, query in VIEWS]
