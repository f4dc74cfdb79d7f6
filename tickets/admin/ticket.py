"""The list of tickets and the way to one of them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.actors import person
from accounts.console.desk import DeskAdmin
from accounts.console.display import short_moment
from accounts.console.exports import BoundedExport
from accounts.console.filters import DayRangeFilter
from accounts.console.permissions import signed_in
from accounts.roles import Role
from tickets import services
from tickets.admin import (
    own_panels,  # noqa: F401  (registers the panels)
    panels,
)
from tickets.admin.bulk import ACTIONS, tell
from tickets.admin.columns import severity_badge, sla_badge, status_badge, title_lines
from tickets.admin.detail import Button, buttons, detail_context
from tickets.admin.export import TicketResource
from tickets.admin.filters import (
    CostCentreFilter,
    ErrorTypeFilter,
    OwnerFilter,
    SlaFilter,
    SuppressedFilter,
    TeamFilter,
    UnfinishedFilter,
)
from tickets.admin.saved_views import saved_views
from tickets.admin.verbs import VERBS, Order, Verb, carry_out
from tickets.admin.walk import search_note, walked_since
from tickets.choices import Status
from tickets.models import Ticket
from tickets.search import search

UNFINISHED_STATES = frozenset({"unfinished", Status.OPEN, Status.IN_PROGRESS})
RUNNING_CLOCKS = frozenset({"breached", "risk", "running"})


@admin.register(Ticket)
class TicketAdmin(BoundedExport, DeskAdmin):
    act_role = Role.ANALYST
    resource_classes = (TicketResource,)
    list_before_template = "admin/tickets/saved_views.html"
    list_display = ("title", "severity_word", "sla", "status_word", "owner", "opened")
    list_display_links = ("title",)
    list_filter = (
        UnfinishedFilter,
        SlaFilter,
        OwnerFilter,
        SuppressedFilter,
        ("severity", ChoicesDropdownFilter),
        ("priority", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("cause_class", ChoicesDropdownFilter),
        ErrorTypeFilter,
        TeamFilter,
        CostCentreFilter,
        ("opened_at", DayRangeFilter),
    )
    linked_lookups = ("pipeline__exact",)
    list_select_related = ("assigned_to",)
    search_fields = ("key",)  # shows the box; `get_search_results` decides
    search_help_text = "Id, pipeline, run id, Jira key, error"
    ordering = ("-opened_at", "-id")
    actions = ACTIONS

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """What breached or breaches first where a clock runs, else the newest."""
        is_running = request.GET.get("sla") in RUNNING_CLOCKS
        return ("sla_due_at", "id") if is_running else ("-opened_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        tickets: QuerySet[Ticket] = super().get_queryset(request)
        return tickets

    def get_sortable_by(self, request: HttpRequest) -> tuple[str, ...]:
        """By what an index gives in order, or few enough tickets are sorted by; for the rest there are filters."""
        is_unfinished = (
            request.GET.get("state") in UNFINISHED_STATES or request.GET.get("sla") in RUNNING_CLOCKS
        )
        return ("title", "sla", "opened") if is_unfinished else ("title", "opened")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Ticket], search_term: str
    ) -> tuple[QuerySet[Ticket], bool]:
        since = walked_since(request, search_term)
        rows = queryset if since is None else queryset.filter(opened_at__gt=since)
        return search(rows, search_term), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "saved_views": saved_views(request),
            "search_note": search_note(request),
            **(extra_context or {}),
        }
        response: HttpResponse = super().changelist_view(request, context)
        return response

    @admin.display(description="Ticket", ordering="pipeline")
    def title(self, ticket: Ticket) -> SafeString:
        return title_lines(ticket)

    @admin.display(description="Severity")
    def severity_word(self, ticket: Ticket) -> SafeString:
        return severity_badge(ticket)

    @admin.display(description="SLA", ordering="sla_due_at")
    def sla(self, ticket: Ticket) -> SafeString:
        return sla_badge(ticket, timezone.now())

    @admin.display(description="Status")
    def status_word(self, ticket: Ticket) -> SafeString:
        return status_badge(ticket)

    @admin.display(description="Owner")
    def owner(self, ticket: Ticket) -> str:
        return ticket.assigned_to.get_full_name() if ticket.assigned_to else "Unassigned"

    @admin.display(description="Opened", ordering="opened_at")
    def opened(self, ticket: Ticket) -> SafeString:
        return short_moment(ticket.opened_at)

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        own = [
            path("<int:pk>/do/<slug:verb>/", guarded(self.act), name="tickets_ticket_do"),
            path("<int:pk>/step/<slug:digest>/", guarded(self.mark_step), name="tickets_ticket_step"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One ticket to read; there is no form over its fields."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return self._detail(request, self._ticket(object_id))

    def act(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Carry out one verb on one ticket, as it was when the person looked at it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if verb not in VERBS:
            raise Http404
        if not self.has_act_permission(request):
            raise PermissionDenied
        return self._act(request, self._ticket(pk), VERBS[verb])

    def mark_step(self, request: HttpRequest, pk: int, digest: str) -> HttpResponse:
        """Tick one recommendation, or take its tick away."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_act_permission(request):
            raise PermissionDenied
        ticket = self._ticket(pk)
        try:
            is_done = request.POST.get("done") == "yes"
            services.mark_step(ticket.pk, digest, is_done=is_done, actor=person(signed_in(request)))
        except services.UnknownStepError as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(panels.address(ticket.pk, request))

    def _act(self, request: HttpRequest, ticket: Ticket, verb: Verb) -> HttpResponse:
        form = verb.form(request.POST, auto_id=f"{verb.name}_%s")
        if not form.is_valid():
            return self._detail(request, ticket, Button(verb, form, is_open=True))
        version = request.POST.get("version", "")
        order = Order(signed_in(request), form.cleaned_data, int(version) if version.isdecimal() else None)
        tell(request, carry_out(verb, [ticket], order))
        return HttpResponseRedirect(panels.address(ticket.pk, request))

    def _detail(self, request: HttpRequest, ticket: Ticket, refused: Button | None = None) -> HttpResponse:
        can_act = self.has_act_permission(request)
        context = {
            **self.admin_site.each_context(request),
            **detail_context(request, ticket, can_act=can_act),
        }
        if refused is not None:
            context["buttons"] = buttons(ticket, refused)
        return TemplateResponse(request, "admin/tickets/detail.html", context)

    @staticmethod
    def _ticket(pk: int | str) -> Ticket:
        ticket = (
            Ticket.objects.select_related("assigned_to").filter(pk=pk).first()
            if str(pk).isdecimal() and len(str(pk)) < 19
            else None
        )
        if ticket is None:
            raise Http404
        return ticket
