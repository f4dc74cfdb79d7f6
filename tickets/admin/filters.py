"""The filters of the ticket list. Each is a condition on an indexed or bounded set; none counts its choices."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any, ClassVar

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter

from accounts.console.permissions import signed_in
from tickets.choices import SlaStatus, Status
from tickets.models import NOT_ACKNOWLEDGED, Ticket

NAMES_SAMPLE = 3_000
MOST_NAMES = 100
NAMES_SECONDS = 60
AT_RISK = timedelta(minutes=15)


class SlaFilter(DropdownFilter):
    """By the clock, not by the last sweep: what is past due counts as breached at once."""

    title = "SLA"
    parameter_name = "sla"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        return (
            ("breached", "Breached, not acknowledged"),
            ("risk", "Due within 15 minutes"),
            ("running", "Running"),
            ("met", "Met"),
            ("missed", "Breached, acknowledged since"),
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        now = timezone.now()
        conditions = {
            "breached": NOT_ACKNOWLEDGED & Q(sla_due_at__lt=now),
            "risk": NOT_ACKNOWLEDGED & Q(sla_due_at__gte=now, sla_due_at__lt=now + AT_RISK),
            "running": NOT_ACKNOWLEDGED & Q(sla_due_at__gte=now),
            "met": Q(status=Status.ACKNOWLEDGED, sla_status=SlaStatus.MET),
            "missed": Q(status=Status.ACKNOWLEDGED, sla_status=SlaStatus.BREACHED),
        }
        condition = conditions.get(self.value() or "")
        return queryset if condition is None else queryset.filter(condition)


class SuppressedFilter(DropdownFilter):
    title = "quiet"
    parameter_name = "suppressed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        return (("yes", "Born in a quiet time"), ("no", "Told as usual"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        match self.value():
            case "yes":
                # The second says the same; by it the index of quiet tickets is found, else all are looked through.
                return queryset.filter(is_suppressed=True, quiet_until__isnull=False)
            case "no":
                return queryset.filter(is_suppressed=False)
        return queryset


class OwnerFilter(DropdownFilter):
    title = "owner"
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        return (("me", "Assigned to me"), ("nobody", "Nobody"), ("anybody", "Anybody"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        match self.value():
            case "me":
                return queryset.filter(assigned_to=signed_in(request))
            case "nobody":
                return queryset.filter(assigned_to=None)
            case "anybody":
                return queryset.exclude(assigned_to=None)
        return queryset


class UnfinishedFilter(DropdownFilter):
    """One word for open and in progress; the saved views and the front page's figures use it."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        return (("unfinished", "Not acknowledged"), *((str(key), label) for key, label in Status.choices))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        value = self.value()
        if value == "unfinished":
            return queryset.filter(NOT_ACKNOWLEDGED)
        return queryset.filter(status=value) if value in Status.values else queryset


class NameFilter(DropdownFilter):
    """The names that the newest tickets carry, most frequent first; a full list would read the whole table."""

    column: ClassVar[str] = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = recent_names(self.column)
        chosen = request.GET.get(str(self.parameter_name))
        if chosen and chosen not in names:
            names = [chosen, *names]
        return [(name, name) for name in names]

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class TeamFilter(NameFilter):
    title = "team"
    parameter_name = "team"
    column = "finops_team"


class ErrorTypeFilter(NameFilter):
    title = "error type"
    parameter_name = "error_type"
    column = "error_type"


class CostCentreFilter(NameFilter):
    title = "cost centre"
    parameter_name = "cost_centre"
    column = "finops_cost_center"


def recent_names(column: str) -> list[str]:
    kept: dict[str, list[str]] | None = cache.get("console:names")
    if kept is None:
        kept = _read_names(("finops_team", "error_type", "finops_cost_center"))
        cache.set("console:names", kept, NAMES_SECONDS)
    return kept[column]


def _read_names(columns: tuple[str, ...]) -> dict[str, list[str]]:
    """All of them out of one sample."""
    sample = list(Ticket.objects.order_by("-opened_at", "-id").values_list(*columns)[:NAMES_SAMPLE])
    found = {}
    for place, column in enumerate(columns):
        counted = Counter(row[place] for row in sample if row[place])
        found[column] = [name for name, _ in counted.most_common(MOST_NAMES)]
    return found
