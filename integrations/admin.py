"""Deliveries in the console: every attempt to be seen, and one action that tries again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from import_export.resources import ModelResource
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.actors import person
from accounts.console.desk import DeskAdmin
from accounts.console.display import action_button, badge, moment, unbroken
from accounts.console.exports import BoundedExport
from accounts.console.filters import DayRangeFilter
from accounts.console.permissions import RolePermissions, signed_in
from accounts.roles import Role
from integrations.broadcast_admin import BroadcastAdmin
from integrations.models import Delivery, DeliveryAttempt, State
from integrations.services import send_again, send_failed_again
from tickets.admin import bulk
from tickets.admin.panels import Panel, register
from tickets.admin.verbs import Order, RefusedError, Verb
from tickets.choices import ProcessingState
from tickets.models import Ticket

__all__ = ["AttemptInline", "BroadcastAdmin", "DeliveryAdmin", "DeliveryResource"]

MOST_SHOWN = 50
STATE_KINDS = {
    State.PENDING: "plain",
    State.SENDING: "progress",
    State.SENT: "met",
    State.RETRYING: "high",
    State.PARKED: "critical",
    State.SKIPPED: "plain",
}
RESULT_KINDS = {
    DeliveryAttempt.Result.SENT: "met",
    DeliveryAttempt.Result.FAILED: "critical",
    DeliveryAttempt.Result.LOST: "high",
}


def state_badge(delivery: Delivery) -> SafeString:
    return badge(delivery.get_state_display(), STATE_KINDS[State(delivery.state)], delivery.last_error)


class AttemptInline(RolePermissions, TabularInline):
    model = DeliveryAttempt
    fields = ("number", "created_at", "result", "status", "duration_ms", "response")


class DeliveryResource(ModelResource):
    class Meta:
        model = Delivery
        name = "Deliveries"
        fields = (
            "id", "ticket__key", "channel", "operation", "state", "attempts", "remote_id", "last_error",
            "advice", "created_at", "updated_at",
        )  # fmt: skip


@admin.register(Delivery)
class DeliveryAdmin(BoundedExport, DeskAdmin):
    act_role = Role.ANALYST
    resource_classes = (DeliveryResource,)
    list_display = (
        "ticket_key",
        "channel",
        "operation",
        "state_word",
        "attempts",
        "last_error",
        "advice",
        "changed",
    )
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("operation", ChoicesDropdownFilter),
        ("created_at", DayRangeFilter),
    )
    list_select_related = ("ticket",)
    search_fields = ("ticket__key__istartswith", "remote_id__iexact")
    search_help_text = "Ticket, Jira key or message id"
    ordering = ("-id",)
    inlines = (AttemptInline,)
    actions = ("send_again_action",)

    def get_fieldsets(self, request: HttpRequest, obj: Delivery | None = None) -> Any:
        went = ["state_word", "attempts", "last_error", "advice", "failing_since", "due_at"]
        if self.has_act_permission(request):
            went.append("again")
        return (
            ("What", {"fields": ("ticket", "channel", "operation", "part", "remote_id")}),
            ("How it went", {"fields": went}),
            ("When", {"fields": ("created_at", "updated_at")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Delivery | None = None) -> list[str]:
        return [name for _, options in self.get_fieldsets(request, obj) for name in options["fields"]]

    @admin.display(description="Again")
    def again(self, delivery: Delivery) -> SafeString:
        return action_button("Send again", "send_again_action", delivery)

    @admin.display(description="Ticket")
    def ticket_key(self, delivery: Delivery) -> SafeString:
        return unbroken(delivery.ticket.key)

    @admin.display(description="State")
    def state_word(self, delivery: Delivery) -> SafeString:
        return state_badge(delivery)

    @admin.display(description="Changed (UTC)")
    def changed(self, delivery: Delivery) -> SafeString:
        return moment(delivery.updated_at)

    @admin.action(description="Send again", permissions=["act"])
    def send_again_action(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        actor = person(signed_in(request))
        for delivery in queryset.select_related("ticket"):
            after = send_again(delivery.pk, actor=actor)
            name = (
                f"{delivery.ticket.key}: {delivery.get_channel_display()}, {delivery.get_operation_display()}"
            )
            if after.state == State.PENDING:
                messages.success(request, f"{name}: is tried again now.")
            else:
                messages.info(request, f"{name}: is being sent at this moment, left alone.")


def send_ticket_again(ticket_id: int, order: Order) -> int:
    number = send_failed_again(ticket_id, actor=person(order.user))
    if not number:
        raise RefusedError("no delivery of it has failed; a single one is sent again from its own page.")
    return number


def _was_to_be_told(ticket: Ticket) -> bool:
    return ticket.processing_state not in {ProcessingState.RECEIVED, ProcessingState.ENRICHED}


def deliveries_panel(request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
    tries = Prefetch("tries", DeliveryAttempt.objects.order_by("-id"), to_attr="attempts_made")
    found = Delivery.objects.filter(ticket=ticket).order_by("-id").prefetch_related(tries)[:MOST_SHOWN]
    return {
        "deliveries": [
            {
                "delivery": delivery,
                "state": state_badge(delivery),
                "tries": [
                    (attempt, badge(attempt.get_result_display(), RESULT_KINDS[DeliveryAttempt.Result(attempt.result)]))
                    for attempt in getattr(delivery, "attempts_made")[:MOST_SHOWN]  # noqa: B009  (to_attr)
                ],
            }
            for delivery in found
        ]
    }  # fmt: skip


register(
    Panel("deliveries", "Deliveries", "admin/tickets/panels/deliveries.html", deliveries_panel, place=50)
)
bulk.register(
    Verb(
        "send_again", "Send again", "what failed to be told is tried again now", send_ticket_again, "send",
        fits=_was_to_be_told,
    )
)  # fmt: skip
