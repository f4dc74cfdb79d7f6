"""Attempts and proposals: a list, a page of each, and an approver's answer by POST."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from import_export.resources import ModelResource
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.console.desk import DeskAdmin
from accounts.console.display import as_json, badge, short_moment, stacked, unbroken
from accounts.console.exports import BoundedExport
from accounts.console.filters import DayRangeFilter
from accounts.console.permissions import RolePermissions, signed_in
from accounts.roles import Role
from remediation import services
from remediation.admin.overview import overview, switch
from remediation.models import Approval, Attempt
from remediation.states import State
from remediation.telling import title_of

STATE_KINDS: dict[str, str] = {
    State.PROPOSED: "high",
    State.AWAITING_APPROVAL: "high",
    State.SCHEDULED: "progress",
    State.RUNNING: "progress",
    State.VERIFYING: "progress",
    State.SUCCEEDED: "met",
    State.FAILED: "critical",
}
ANSWERS = {"approve": services.approve, "reject": services.reject}


def state_badge(attempt: Attempt) -> SafeString:
    return badge(attempt.get_state_display(), STATE_KINDS.get(attempt.state, "plain"), attempt.detail)


class ApprovalInline(RolePermissions, TabularInline):
    model = Approval
    fields = ("email", "answer", "note", "way", "created_at")


class AttemptResource(ModelResource):
    class Meta:
        model = Attempt
        name = "Attempts"
        fields = (
            "id", "ticket__key", "playbook", "rule", "try_number", "state", "detail", "risk", "mode", "resource",
            "run_id", "new_run_id", "mttr_seconds", "saved_seconds", "created_at", "ended_at",
        )  # fmt: skip


@admin.register(Attempt)
class AttemptAdmin(BoundedExport, DeskAdmin):
    act_role = Role.APPROVER
    resource_classes = (AttemptResource,)
    list_display = ("ticket_key", "playbook_words", "state_word", "runs", "detail", "risk", "created")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("playbook", ChoicesDropdownFilter),
        ("risk", ChoicesDropdownFilter),
        ("created_at", DayRangeFilter),
    )
    list_select_related = ("ticket",)
    search_fields = ("ticket__key__istartswith", "run_id__iexact", "new_run_id__iexact")
    search_help_text = "Ticket or run id"
    ordering = ("-id",)
    inlines = (ApprovalInline,)
    actions = ("approve_selected", "reject_selected")
    fieldsets = (
        ("What", {"fields": ("ticket_link", "what", "state_word", "detail", "why")}),
        ("On what", {"fields": ("resource", "run_id", "new_run_id", "previous", "before_json")}),
        ("How", {"fields": ("rule", "try_number", "most_tries", "risk", "mode", "wait_seconds", "people_needed",
                            "requested_by", "token", "calls")}),
        ("When", {"fields": ("created_at", "expires_at", "called_at", "due_at", "watch_until", "ended_at",
                             "mttr_seconds", "saved_seconds", "relapsed_at")}),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Attempt | None = None) -> list[str]:
        return [name for _, options in self.fieldsets for name in options["fields"]]

    @admin.display(description="Ticket")
    def ticket_key(self, attempt: Attempt) -> SafeString:
        return unbroken(attempt.ticket.key)

    @admin.display(description="Ticket")
    def ticket_link(self, attempt: Attempt) -> SafeString:
        address = reverse("admin:tickets_ticket_change", args=[attempt.ticket_id])
        return format_html('<a class="link" href="{}?tab=remediation">{}</a>', address, attempt.ticket.key)

    @admin.display(description="What")
    def what(self, attempt: Attempt) -> str:
        return title_of(attempt)

    @admin.display(description="Playbook", ordering="playbook")
    def playbook_words(self, attempt: Attempt) -> SafeString:
        return stacked(attempt.get_playbook_display(), f"try {attempt.try_number} of {attempt.most_tries}")

    @admin.display(description="Run, new run")
    def runs(self, attempt: Attempt) -> SafeString:
        return stacked(attempt.run_id or "–", attempt.new_run_id or "–")

    @admin.display(description="State", ordering="state")
    def state_word(self, attempt: Attempt) -> SafeString:
        return state_badge(attempt)

    @admin.display(description="Why")
    def why(self, attempt: Attempt) -> str:
        return " ".join(attempt.reasons)

    @admin.display(description="Before the call")
    def before_json(self, attempt: Attempt) -> SafeString:
        return as_json({"target": attempt.target, **attempt.before})

    @admin.display(description="Proposed (UTC)", ordering="created_at")
    def created(self, attempt: Attempt) -> SafeString:
        return short_moment(attempt.created_at)

    @admin.action(description="Approve", permissions=["act"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[Attempt]) -> None:
        for attempt in queryset:
            _answer(request, attempt.pk, "approve")

    @admin.action(description="Reject", permissions=["act"])
    def reject_selected(self, request: HttpRequest, queryset: QuerySet[Attempt]) -> None:
        for attempt in queryset:
            _answer(request, attempt.pk, "reject")

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        own = [
            path("overview/", site.admin_view(overview), name="remediation_overview"),
            path("switch/", site.admin_view(switch), name="remediation_switch"),
            path("<int:pk>/answer/<slug:verb>/", site.admin_view(self.answer), name="remediation_answer"),
        ]
        return [*own, *super().get_urls()]

    def answer(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Yes or no, from the ticket's page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_act_permission(request):
            raise PermissionDenied
        ticket_id = Attempt.objects.values_list("ticket_id", flat=True).filter(pk=pk).first()
        if verb not in ANSWERS or ticket_id is None:
            raise Http404
        _answer(request, pk, verb)
        return HttpResponseRedirect(
            f"{reverse('admin:tickets_ticket_change', args=[ticket_id])}?tab=remediation"
        )


def _answer(request: HttpRequest, attempt_id: int, verb: str) -> None:
    """One result for each row, whatever becomes of the others."""
    note: Any = request.POST.get("note", "")
    try:
        attempt = ANSWERS[verb](attempt_id, signed_in(request), way="console", note=str(note)[:500])
    except (services.NotAllowedError, services.NotPossibleError) as refusal:
        messages.error(request, f"Attempt {attempt_id}: {refusal}")
    else:
        messages.success(request, f"Attempt {attempt_id}: {attempt.get_state_display().lower()}.")
