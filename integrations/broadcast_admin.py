"""Summaries and digests in the console: what was told, where, and how it went."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from accounts.actors import person
from accounts.console.desk import DeskAdmin
from accounts.console.display import badge, moment
from accounts.console.permissions import signed_in
from accounts.roles import Role
from integrations.broadcasts import send_again
from integrations.models import Broadcast, State

_KINDS = {
    State.SENT: "met",
    State.RETRYING: "high",
    State.PARKED: "critical",
    State.SENDING: "progress",
}


@admin.register(Broadcast)
class BroadcastAdmin(DeskAdmin):
    act_role = Role.ANALYST
    list_display = ("subject", "channel", "state_word", "attempts", "last_error", "advice", "made")
    list_filter = (("state", ChoicesDropdownFilter), ("channel", ChoicesDropdownFilter))
    ordering = ("-id",)
    actions = ("send_again_action",)
    fieldsets = (
        ("What", {"fields": ("subject", "text", "identity")}),
        ("Where", {"fields": ("channel", "target")}),
        (
            "How it went",
            {"fields": ("state", "attempts", "last_error", "advice", "due_at", "sent_at", "created_at")},
        ),
    )

    @admin.display(description="State", ordering="state")
    def state_word(self, broadcast: Broadcast) -> SafeString:
        return badge(broadcast.get_state_display(), _KINDS.get(State(broadcast.state), "plain"))

    @admin.display(description="Made (UTC)", ordering="id")
    def made(self, broadcast: Broadcast) -> SafeString:
        return moment(broadcast.created_at)

    @admin.action(description="Send again", permissions=["act"])
    def send_again_action(self, request: HttpRequest, queryset: QuerySet[Broadcast]) -> None:
        for broadcast in queryset:
            if send_again(broadcast.pk, actor=person(signed_in(request))):
                messages.success(request, f"{broadcast}: is tried again now.")
            else:
                messages.info(request, f"{broadcast}: is being sent at this moment, left alone.")
