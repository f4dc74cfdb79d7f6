"""Maintenance windows, mutes, and the summaries of quiet times that are over, in the console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.actors import person
from accounts.console.desk import DeskAdmin
from accounts.console.display import badge, moment, stacked
from accounts.console.permissions import signed_in
from accounts.roles import Role
from audit.times import utc
from tickets.admin.quiet_forms import MuteForm, WindowForm, when
from tickets.clock_models import MaintenanceWindow, Mute, QuietScope, QuietSummary
from tickets.quiet import services

SCOPE = "Which tickets"


class QuietAdmin(DeskAdmin):
    """Analysts set quiet times. Nothing is deleted: a quiet time is ended, and stays on record."""

    act_role = Role.ANALYST
    add_role = Role.ANALYST
    change_role = Role.ANALYST
    actions = ("end_now",)
    readonly_fields = ("created_by", "created_at")

    def save_model(self, request: HttpRequest, obj: QuietScope, form: Any, change: bool) -> None:
        actor = person(signed_in(request))
        if change:
            services.change_quiet(obj, actor=actor, now=timezone.now())
        else:
            services.set_quiet(obj, actor=actor)

    @admin.action(description="End now (a repeated window is switched off)", permissions=["act"])
    def end_now(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        now = timezone.now()
        for scope in queryset:
            services.lift_quiet(scope, actor=person(signed_in(request)), now=now)
            messages.success(request, f"{scope}: ended. What it kept quiet is summed up in Slack.")

    @admin.display(description="Which tickets")
    def meant(self, scope: QuietScope) -> str:
        return ", ".join(filter(None, [scope.resource_pattern, scope.source, scope.team])) or "all"

    @admin.display(description="Why, and who")
    def why(self, scope: QuietScope) -> SafeString:
        return stacked(scope.reason, scope.created_by)


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(QuietAdmin):
    form = WindowForm
    list_display = ("name", "state", "repeat", "meant", "why")
    ordering = ("-id",)
    fieldsets = (
        ("What and why", {"fields": ("name", "reason", "is_active")}),
        (SCOPE, {"fields": ("resource_pattern", "source", "team")}),
        (
            "When",
            {
                "fields": (
                    "repeat", "weekdays", "time_zone", "start_date", "start_time", "end_time", "end_date",
                ),
                "description": (
                    "Times are the wall clock's of the time zone. A repeated window whose end is not after its start "
                    "goes over midnight; its last date is the last day on which it begins."
                ),
            },
        ),
        ("Record", {"fields": ("created_by", "created_at")}),
    )  # fmt: skip

    @admin.display(description="State")
    def state(self, window: MaintenanceWindow) -> SafeString:
        said = when(window, timezone.now())
        kind = "progress" if said.startswith("open") else "low" if said.startswith("next") else "plain"
        return badge(said, kind)


@admin.register(Mute)
class MuteAdmin(QuietAdmin):
    form = MuteForm
    list_display = ("what", "state", "why")
    list_select_related = ("ticket",)
    ordering = ("-id",)
    fieldsets = (
        ("What", {"fields": ("ticket_id", "resource_pattern", "source", "team")}),
        ("Until when and why", {"fields": ("expires_at", "reason")}),
        ("Record", {"fields": ("created_by", "created_at")}),
    )

    @admin.display(description="What")
    def what(self, mute: Mute) -> str:
        return mute.ticket.key if mute.ticket else self.meant(mute)

    @admin.display(description="State", ordering="expires_at")
    def state(self, mute: Mute) -> SafeString:
        if mute.is_over(timezone.now()):
            return badge("over", "plain")
        return badge(f"until {utc(mute.expires_at)}", "progress")


@admin.register(QuietSummary)
class QuietSummaryAdmin(DeskAdmin):
    list_display = ("name", "ended", "born", "held_back")
    ordering = ("-id",)
    fields = ("name", "rule", "ended_at", "born", "held_back", "created_at")

    @admin.display(description="Ended (UTC)", ordering="ended_at")
    def ended(self, summary: QuietSummary) -> SafeString:
        return moment(summary.ended_at)
