"""The audit trail in the console: read-only for everybody, administrators included."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from import_export.resources import ModelResource
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from accounts.console.display import as_json, moment, stacked, unbroken
from accounts.console.exports import BoundedExport
from accounts.console.filters import DayRangeFilter
from accounts.console.integrity import integrity
from aiops.console.record_admin import RecordAdmin
from audit import actions
from audit.models import AuditEntry, AuditSeal
from audit.selectors import between
from tickets.keys import as_ticket_key
from tickets.models import Ticket

NEWEST_SEARCHED = 200_000
ANY_JIRA_STATUS = "Jira:"


def bundle_address(asked: QueryDict) -> str:
    """The ZIP with its manifest, of the days and the action that the list is filtered to."""
    first, last = (_as_day(asked.get(f"created_at_{end}", "")) for end in ("from", "to"))
    action = asked.get("action", "")
    wanted = {
        "since": first,
        "until": last
        and last + timedelta(days=1),  # the list's last day is included, the API's `until` is not
        "action": "" if action == ANY_JIRA_STATUS else action,
    }
    query = urlencode({name: value for name, value in wanted.items() if value})
    return f"/api/export/audit-trail.zip{f'?{query}' if query else ''}"


def _as_day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


class ActionFilter(DropdownFilter):
    """The names in `audit.actions`; to ask the table for its own would read all of it."""

    title = "action"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = sorted(
            value for name, value in vars(actions).items() if name.isupper() and isinstance(value, str)
        )
        return [(name, name) for name in names] + [(ANY_JIRA_STATUS, "Jira: any status")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        value = self.value()
        if value == ANY_JIRA_STATUS:
            return queryset.filter(action__startswith=value)
        return queryset.filter(action=value) if value else queryset


class EntryDayFilter(DayRangeFilter):
    """A time bounds the numbers too, by which the list is ordered: it begins and ends where it must."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        since, until = self.bounds()
        return between(queryset, since, until)


class AuditResource(ModelResource):
    class Meta:
        model = AuditEntry
        name = "Audit trail"
        fields = (
            "id", "created_at", "action", "ticket_key", "pipeline", "run_id", "actor_kind", "actor",
            "actor_employee_id", "summary", "details", "request_id", "remote_address",
        )  # fmt: skip


@admin.register(AuditEntry)
class AuditEntryAdmin(BoundedExport, RecordAdmin):
    resource_classes = (AuditResource,)
    list_before_template = "admin/audit/bundle.html"
    list_display = ("when", "deed", "who", "summary", "protection")
    counted_as = "entries"
    list_display_links = ("when",)
    list_filter = (ActionFilter, ("actor_kind", ChoicesDropdownFilter), ("created_at", EntryDayFilter))
    search_fields = ("ticket_key",)  # shows the box; `get_search_results` decides
    search_help_text = "Ticket id, run id, person, or words of the newest entries"
    ordering = ("-id",)
    sortable_by = ()
    fieldsets = (
        ("What", {"fields": ("when", "action", "summary", "ticket_link", "pipeline", "run_id")}),
        ("Who", {"fields": ("actor", "actor_kind", "actor_employee_id", "remote_address", "request_id")}),
        ("Details", {"fields": ("details_text",)}),
        ("Integrity", {"fields": ("protection", "seal_link")}),
    )
    readonly_fields = (
        "when", "action", "summary", "ticket_link", "pipeline", "run_id", "actor", "actor_kind",
        "actor_employee_id", "remote_address", "request_id", "details_text", "protection", "seal_link",
    )  # fmt: skip

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"bundle": bundle_address(request.GET), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """A ticket's id finds by its index; anything else is looked for in the newest entries only."""
        term = search_term.strip()
        if not term:
            return queryset, False
        key = as_ticket_key(term)
        if AuditEntry.objects.filter(ticket_key=key).exists():
            return queryset.filter(ticket_key=key), False
        newest = AuditEntry.objects.aggregate(newest=Max("id"))["newest"] or 0
        named = (
            Q(run_id=term) | Q(actor__icontains=term) | Q(action__icontains=term) | Q(summary__icontains=term)
        )
        return queryset.filter(named, id__gt=newest - NEWEST_SEARCHED), False

    @admin.display(description="When (UTC)")
    def when(self, entry: AuditEntry) -> SafeString:
        return moment(entry.created_at)

    @admin.display(description="Action")
    def deed(self, entry: AuditEntry) -> SafeString:
        return stacked(unbroken(entry.action), unbroken(entry.ticket_key or "no ticket"))

    @admin.display(description="Who")
    def who(self, entry: AuditEntry) -> str:
        return entry.actor or entry.get_actor_kind_display()

    @admin.display(description="Integrity")
    def protection(self, entry: AuditEntry) -> SafeString:
        return integrity().of_entry(entry.pk)

    @admin.display(description="Seal")
    def seal_link(self, entry: AuditEntry) -> SafeString | str:
        """The seal over this number; a late entry is listed by the seal after it (`prove_entry` finds that)."""
        seal = AuditSeal.objects.filter(first_id__lte=entry.pk, last_id__gte=entry.pk).only("number").first()
        if seal is None:
            return "–"
        address = reverse("admin:audit_auditseal_change", args=[seal.pk])
        return format_html('<a class="link" href="{}">Seal {}</a>', address, seal.number)

    @admin.display(description="Details")
    def details_text(self, entry: AuditEntry) -> SafeString:
        return as_json(entry.details)

    @admin.display(description="Ticket")
    def ticket_link(self, entry: AuditEntry) -> SafeString | str:
        ticket = Ticket.objects.filter(key=entry.ticket_key).only("pk").first() if entry.ticket_key else None
        if ticket is None:
            return entry.ticket_key or "–"
        address = reverse("admin:tickets_ticket_change", args=[ticket.pk])
        return format_html('<a class="link" href="{}">{}</a>', address, entry.ticket_key)
