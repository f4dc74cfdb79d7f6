"""Analyses in the console: read-only; and what `rca` adds to a ticket's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from import_export.resources import ModelResource
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.console.desk import DeskAdmin
from accounts.console.display import as_json, as_text, badge, moment, numbers, unbroken
from accounts.console.exports import BoundedExport
from accounts.console.filters import DayRangeFilter
from accounts.console.permissions import has_role
from accounts.roles import Role
from rca.admin_feedback import form_for, may_judge, take_feedback
from rca.models import Analysis, Evidence
from tickets.admin.panels import OVERVIEW, Panel, register
from tickets.models import Ticket
from tickets.together import read_together

MOST_EVIDENCE = 100
MOST_ANALYSES = 50
LONGEST_TEXT = 20_000
HEAVY = ("prompt_sent", "finding")


class AnalysisResource(ModelResource):
    class Meta:
        model = Analysis
        name = "Analyses"
        fields = (
            "id", "ticket__key", "created_at", "provider", "model", "state", "is_current", "is_hypothesis",
            "error_type", "cause_class", "confidence", "root_cause", "rationale", "duration_ms",
            "input_tokens", "output_tokens", "error",
        )  # fmt: skip


@admin.register(Analysis)
class AnalysisAdmin(BoundedExport, DeskAdmin):
    resource_classes = (AnalysisResource,)
    list_display = ("ticket_key", "created", "provider", "verdict", "error_type", "confidence", "duration_ms")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("cause_class", ChoicesDropdownFilter),
        ("confidence", ChoicesDropdownFilter),
        ("created_at", DayRangeFilter),
    )
    list_select_related = ("ticket",)
    search_fields = ("ticket__key__istartswith", "provider__iexact", "error_type__istartswith")
    search_help_text = "Ticket, provider, error type"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Analysis]:
        analyses: QuerySet[Analysis] = super().get_queryset(request)
        is_one = bool(request.resolver_match and request.resolver_match.kwargs.get("object_id"))
        return analyses if is_one else analyses.defer(*HEAVY)

    def get_fieldsets(self, request: HttpRequest, obj: Analysis | None = None) -> Any:
        groups = [
            ("Answer", ("ticket", "created", "verdict", "cause_text", "error_type", "cause_class", "confidence")),
            ("Why", ("rationale", "cited", "read", "is_hypothesis")),
            ("How", ("provider", "model", "prompt_version", "duration_ms", "input_tokens", "output_tokens", "error")),
            ("Whole finding", ("finding_text",)),
        ]  # fmt: skip
        if has_role(request, Role.ANALYST):
            groups.append(("Prompt as it was sent", ("prompt_text",)))
        return [(title, {"fields": fields}) for title, fields in groups]

    def get_readonly_fields(self, request: HttpRequest, obj: Analysis | None = None) -> list[str]:
        return [name for _, options in self.get_fieldsets(request, obj) for name in options["fields"]]

    def get_urls(self) -> list[URLPattern]:
        judge = path(
            "<int:pk>/feedback/", self.admin_site.admin_view(take_feedback), name="rca_analysis_feedback"
        )
        return [judge, *super().get_urls()]

    @admin.display(description="Ticket")
    def ticket_key(self, analysis: Analysis) -> SafeString:
        return unbroken(analysis.ticket.key)

    @admin.display(description="When (UTC)", ordering="created_at")
    def created(self, analysis: Analysis) -> SafeString:
        return moment(analysis.created_at)

    @admin.display(description="State", ordering="state")
    def verdict(self, analysis: Analysis) -> SafeString:
        return state_badge(analysis)

    @admin.display(description="Evidence cited")
    def cited(self, analysis: Analysis) -> str:
        return numbers(analysis.citations)

    @admin.display(description="Evidence read")
    def read(self, analysis: Analysis) -> str:
        return numbers(analysis.evidence_numbers)

    @admin.display(description="Root cause")
    def cause_text(self, analysis: Analysis) -> SafeString:
        return as_text(analysis.root_cause)

    @admin.display(description="Finding")
    def finding_text(self, analysis: Analysis) -> SafeString:
        return as_json(analysis.finding)

    @admin.display(description="Prompt")
    def prompt_text(self, analysis: Analysis) -> SafeString:
        return as_text(analysis.prompt_sent)


def state_badge(analysis: Analysis) -> SafeString:
    if analysis.state == Analysis.State.FAILED:
        return badge("Failed", "critical", analysis.error)
    return badge("Current", "met") if analysis.is_current else badge("Replaced", "plain")


def evidence_panel(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    """The numbered evidence, and which of it the current analysis cites."""
    rows = read_together(
        {
            "current": Analysis.objects.filter(ticket=ticket, is_current=True).defer(*HEAVY)[:1],
            "evidence": Evidence.objects.filter(ticket=ticket).order_by("number")[:MOST_EVIDENCE],
        }
    )
    current, items = next(iter(rows["current"]), None), rows["evidence"]
    cited = set(current.citations) if current else set()
    return {
        "current": current,
        "items": [
            {
                "item": item,
                "text": item.text[:LONGEST_TEXT],
                "is_cut": item.is_cut or len(item.text) > LONGEST_TEXT,
                "is_cited": item.number in cited,
                "link": item.source_url if item.source_url.startswith(("https://", "http://")) else "",
            }
            for item in items
        ],
    }


def analyses_panel(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    """Every analysis with where it came from and what people said of it; the current one with what was sent."""
    found = (
        Analysis.objects.filter(ticket=ticket)
        .defer(*HEAVY)
        .select_related("reused_from__ticket")
        .prefetch_related("feedback")
        .order_by("-id")[:MOST_ANALYSES]
    )
    rows = []
    for analysis in found:
        given = list(analysis.feedback.all())
        form = form_for(analysis, request, given)
        rows.append({"analysis": analysis, "state": state_badge(analysis), "given": given, "form": form})
    sent = ""
    if may_judge(request):
        current = Analysis.objects.filter(ticket=ticket, is_current=True).only("prompt_sent").first()
        sent = current.prompt_sent[:LONGEST_TEXT] if current else ""
    return {"analyses": rows, "sent": sent}


register(Panel(OVERVIEW, "Evidence", "admin/tickets/panels/evidence.html", evidence_panel, place=10))
register(Panel("analyses", "Analyses", "admin/tickets/panels/analyses.html", analyses_panel, place=40))
