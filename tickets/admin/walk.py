"""How far the console looks for a text that no index knows (`tickets.search.is_walked`), and how it says so."""

from __future__ import annotations

from datetime import datetime

from django.contrib.admin.views.main import SEARCH_VAR
from django.http import HttpRequest

from tickets.choices import Status
from tickets.models import NOT_ACKNOWLEDGED, Ticket
from tickets.search import MOST_WALKED, is_walked


def walked_since(request: HttpRequest, text: str) -> datetime | None:
    """Only tickets opened later are looked through: the newest MOST_WALKED of the state that the list shows.

    None where all are: an index knows the text, or there are no more.
    """
    if not is_walked(text):
        return None
    tickets, state = Ticket.objects.order_by("-opened_at", "-id"), request.GET.get("state", "")
    if state == "unfinished":
        tickets = tickets.filter(NOT_ACKNOWLEDGED)
    elif state in Status.values:
        tickets = tickets.filter(status=state)
    behind = tickets.values_list("opened_at", flat=True)[MOST_WALKED : MOST_WALKED + 1]
    return behind.first()


def search_note(request: HttpRequest) -> str:
    """What a person must know who searched and did not look through all; "" where there is nothing to say."""
    if walked_since(request, request.GET.get(SEARCH_VAR, "")) is None:
        return ""
    return (
        f"Only the newest {MOST_WALKED:,} tickets were looked through."
        " With three letters or digits in a row, all of them are."
    )
