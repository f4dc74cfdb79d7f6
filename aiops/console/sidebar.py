"""Who sees which entry of the side bar, and its badges. They stand on every page, so their counts are kept."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.console.permissions import has_role
from accounts.roles import Role
from aiops.console.kept import as_count, bounded_count, kept
from integrations.models import Delivery, State
from remediation.models import Attempt
from remediation.states import WAITING_FOR_PEOPLE
from tickets.choices import Status
from tickets.models import Ticket

BADGE_SECONDS = 15


def is_admin(request: HttpRequest) -> bool:
    return has_role(request, Role.ADMIN)


def is_viewer(request: HttpRequest) -> bool:
    return has_role(request, Role.VIEWER)


def open_tickets(request: HttpRequest) -> str:
    return _badge("open-tickets", Ticket.objects.filter(status=Status.OPEN), request)


def parked_deliveries(request: HttpRequest) -> str:
    return _badge("parked-deliveries", Delivery.objects.filter(state=State.PARKED), request)


def proposals(request: HttpRequest) -> str:
    return _badge("proposals", Attempt.objects.filter(state__in=WAITING_FOR_PEOPLE), request)


def _badge(name: str, rows: Any, request: HttpRequest) -> str:
    if not is_viewer(request):
        return ""
    number = kept(f"badge:{name}", BADGE_SECONDS, lambda: bounded_count(rows))
    return as_count(number) if number else ""
