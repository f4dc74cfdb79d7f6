"""Alert events in the console: what came, as it came, and what was made of it. Read-only but for Replay."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from import_export.resources import ModelResource
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from accounts.actors import person
from accounts.console.desk import DeskAdmin
from accounts.console.display import action_button, badge, moment, stacked, told, unbroken
from accounts.console.exports import BoundedExport
from accounts.console.filters import DayRangeFilter
from accounts.console.permissions import has_role, signed_in
from accounts.roles import Role
from ingestion.admin_replay import replay_selected
from ingestion.event_display import as_block, pretty_body, ticket_links
from ingestion.exported import export_event, record_taken
from ingestion.models import PAYLOAD_REMOVED, AlertEvent, EventTicket, Outcome
from ingestion.sources.keys import canonical_id
from tickets.choices import source_choices
from tickets.keys import as_ticket_key
from tickets.models import Ticket

ARRIVAL = ("received", "source_name", "event_type", "key_name", "remote_address", "content_type", "size")
RESULT = ("outcome_word", "message", "tickets_touched", "replay_count")
OUTCOME_KINDS: dict[str, str] = {
    Outcome.ACCEPTED: "met",
    Outcome.DUPLICATE: "open",
    Outcome.UNSUPPORTED: "high",
    Outcome.MALFORMED: "high",
    Outcome.FAILED: "critical",
}
NEWEST_SEARCHED = 100_000
MOST_FOUND = 1_000
HEAVY_COLUMNS = ("body", "headers", "failure_trace")


class SourceFilter(DropdownFilter):
    """The sources that the door knows; to ask the table for its own would read all of it."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return source_choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[AlertEvent]) -> QuerySet[AlertEvent]:
        return queryset.filter(source=self.value()) if self.value() else queryset


class AlertEventResource(ModelResource):
    """What became of each event. Bodies are not in it: they are taken one by one, by who may see them unmasked."""

    class Meta:
        model = AlertEvent
        name = "Alert events"
        fields = (
            "id", "received_at", "source", "event_type", "outcome", "message", "ticket_key", "key_name",
            "remote_address", "content_type", "body_size", "replay_count",
        )  # fmt: skip


@admin.register(AlertEvent)
class AlertEventAdmin(BoundedExport, DeskAdmin):
    act_role = Role.ANALYST
    resource_classes = (AlertEventResource,)
    list_display = ("id", "received", "kind", "outcome_word", "ticket", "key_name")
    list_filter = (("outcome", ChoicesDropdownFilter), SourceFilter, ("received_at", DayRangeFilter))
    linked_lookups = ("received_at__gte",)
    search_fields = ("message",)  # shows the box; `get_search_results` decides
    search_help_text = (
        f"Event number, ticket, run id; key name or words of the message: newest {NEWEST_SEARCHED:,}"
    )
    ordering = ("-id",)
    actions = (replay_selected,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertEvent]:
        events: QuerySet[AlertEvent] = super().get_queryset(request)
        is_one = bool(request.resolver_match and request.resolver_match.kwargs.get("object_id"))
        return events if is_one else events.defer(*HEAVY_COLUMNS)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AlertEvent], search_term: str
    ) -> tuple[QuerySet[AlertEvent], bool]:
        """By what people hold in their hands: an id of any kind finds exactly, along indexes; only what is no id of
        an event, ticket or run is looked for in the names and messages of the newest NEWEST_SEARCHED events.
        """
        term = search_term.strip()
        if not term:
            return queryset, False
        named = Ticket.objects.filter(Q(key=as_ticket_key(term)) | Q(run_id=canonical_id(term)))
        touched = EventTicket.objects.filter(ticket__in=named.order_by().values("pk"))
        wanted = list(touched.order_by("-pk").values_list("event_id", flat=True)[:MOST_FOUND])
        if term.isascii() and term.isdigit() and len(term) < 19:
            wanted.append(int(term))
        if wanted:
            return queryset.filter(pk__in=wanted), False
        newest = AlertEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        said = Q(ticket_key__iexact=term) | Q(key_name__iexact=term) | Q(message__icontains=term)
        return queryset.filter(said, pk__gt=newest - NEWEST_SEARCHED), False

    def get_fieldsets(self, request: HttpRequest, obj: AlertEvent | None = None) -> Any:
        content = ["headers_shown", "body_shown"]
        is_kept = obj is None or not obj.is_payload_removed
        if is_kept and has_role(request, Role.ANALYST):  # the bytes as they came: no secret in them is masked
            content.insert(0, "downloads")
        if has_role(request, Role.ADMIN):  # a trace tells of our code and machine
            content.append("trace_shown")
        may_replay = self.has_act_permission(request)
        return (
            ("Arrival", {"fields": ARRIVAL}),
            ("Result", {"fields": (*RESULT, "replay") if may_replay else RESULT}),
            ("Content", {"fields": content}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: AlertEvent | None = None) -> list[str]:
        return [name for _, options in self.get_fieldsets(request, obj) for name in options["fields"]]

    @admin.display(description="Received (UTC)", ordering="received_at")
    def received(self, event: AlertEvent) -> SafeString:
        return moment(event.received_at)

    @admin.display(description="Source and kind", ordering="source")
    def kind(self, event: AlertEvent) -> SafeString:
        return stacked(self.source_name(event), unbroken(event.event_type or "not recognised"))

    @admin.display(description="Source")
    def source_name(self, event: AlertEvent) -> str:
        return dict(source_choices()).get(event.source, event.source)

    @admin.display(description="Outcome", ordering="outcome")
    def outcome_word(self, event: AlertEvent) -> SafeString:
        return badge(event.get_outcome_display(), OUTCOME_KINDS.get(event.outcome, "plain"))

    @admin.display(description="Ticket")
    def ticket(self, event: AlertEvent) -> SafeString:
        return told(event.ticket_key or "No ticket", event.message)

    @admin.display(description="Body size")
    def size(self, event: AlertEvent) -> str:
        return f"{event.body_size} bytes"

    @admin.display(description="Again")
    def replay(self, event: AlertEvent) -> SafeString:
        return action_button("Replay", "replay_selected", event)

    @admin.display(description="Tickets touched")
    def tickets_touched(self, event: AlertEvent) -> SafeString:
        return ticket_links(event)

    @admin.display(description="Body")
    def body_shown(self, event: AlertEvent) -> SafeString:
        return as_block(PAYLOAD_REMOVED if event.is_payload_removed else pretty_body(bytes(event.body)))

    @admin.display(description="Headers kept")
    def headers_shown(self, event: AlertEvent) -> SafeString:
        return as_block("\n".join(f"{name}: {value}" for name, value in event.headers.items()) or "none")

    @admin.display(description="Failure trace")
    def trace_shown(self, event: AlertEvent) -> SafeString:
        return as_block(event.failure_trace or "none")

    @admin.display(description="Download")
    def downloads(self, event: AlertEvent) -> SafeString:
        raw, exported = (
            reverse(f"admin:ingestion_alertevent_{form}", args=[event.pk]) for form in ("body", "file")
        )
        return format_html(
            '<a class="link" href="{}">the body as received</a> · <a class="link" href="{}">a file to replay</a>',
            raw,
            exported,
        )

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        own = [
            path("<int:pk>/body/", guarded(self.download_body), name="ingestion_alertevent_body"),
            path("<int:pk>/export/", guarded(self.download_export), name="ingestion_alertevent_file"),
        ]
        return [*own, *super().get_urls()]

    def download_body(self, request: HttpRequest, pk: int) -> HttpResponse:
        return _as_file(bytes(self._taken(request, pk).body), f"event-{pk}-body.bin")

    def download_export(self, request: HttpRequest, pk: int) -> HttpResponse:
        return _as_file(export_event(self._taken(request, pk)).encode(), f"event-{pk}.json")

    def _taken(self, request: HttpRequest, pk: int) -> AlertEvent:
        """The event that somebody takes out with all that is in it, which is recorded."""
        event = AlertEvent.objects.filter(pk=pk).first() if has_role(request, Role.ANALYST) else None
        if event is None or event.is_payload_removed:
            raise Http404
        record_taken(event, person(signed_in(request)))
        return event


def _as_file(content: bytes, name: str) -> HttpResponse:
    """Always a download: a body that is a page must not run as one."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type="application/octet-stream", headers=headers)
