"""People: made with a role, given another, shut out, signed out. Nobody is deleted: the record names them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import BooleanRadioFilter, DropdownFilter
from unfold.forms import AdminPasswordChangeForm

from accounts.actors import person
from accounts.admin.people_forms import PersonChangeForm, PersonCreationForm
from accounts.console.desk import DeskAdmin
from accounts.console.display import badge, moment
from accounts.console.permissions import signed_in
from accounts.models import User
from accounts.roles import Role
from accounts.services import end_sessions, set_role


class RoleFilter(DropdownFilter):
    title = "role"
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role.group_name, role.group_name) for role in Role]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class UserAdmin(DeskAdmin, DjangoUserAdmin):  # type: ignore[type-arg, misc]
    view_role = add_role = change_role = act_role = Role.ADMIN
    form = PersonChangeForm
    add_form = PersonCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "full_name", "employee_id", "role_word", "state_word", "is_staff", "last_seen")
    list_filter = (RoleFilter, ("is_active", BooleanRadioFilter), ("is_staff", BooleanRadioFilter))
    search_fields = ("email", "full_name", "employee_id")
    search_help_text = "E-mail, name, employee id"
    ordering = ("email",)
    filter_horizontal = ()
    fieldsets = (
        ("Person", {"fields": ("email", "full_name", "employee_id", "password")}),
        ("Access", {"fields": ("role", "is_staff", "is_active")}),
        ("Seen", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        ("Person", {"fields": ("email", "full_name", "employee_id")}),
        ("Access", {"fields": ("role", "is_staff")}),
        ("Password", {"fields": ("password1", "password2")}),
    )
    readonly_fields = ("last_login", "date_joined")
    actions = ("deactivate", "activate", "end_all_sessions")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request)
        return people.prefetch_related("groups")

    @admin.display(description="Role")
    def role_word(self, user: User) -> SafeString:
        names = {group.name for group in user.groups.all()}  # prefetched; `user.role` would ask per row
        if user.is_superuser:
            return badge("admin (superuser)", "low")
        held = [role.group_name for role in Role if role.group_name in names]
        return badge(held[-1], "low") if held else badge("none", "plain")

    @admin.display(description="State", ordering="is_active")
    def state_word(self, user: User) -> SafeString:
        return badge("active", "met") if user.is_active else badge("shut out", "critical")

    @admin.display(description="Last sign-in (UTC)", ordering="last_login")
    def last_seen(self, user: User) -> SafeString:
        return moment(user.last_login)

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form knows who fills it in: nobody may change their own standing."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"acting": signed_in(request)})

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "role" in form.changed_data:
            name = form.cleaned_data["role"]
            set_role(form.instance, Role[name.upper()] if name else None)

    @admin.action(description="Shut out (deactivate)", permissions=["act"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            if user.pk == signed_in(request).pk:
                messages.error(request, f"{user.email}: nobody shuts themselves out.")
            else:
                self._set_active(request, user, is_active=False)

    @admin.action(description="Let in again (activate)", permissions=["act"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            self._set_active(request, user, is_active=True)

    @staticmethod
    def _set_active(request: HttpRequest, user: User, *, is_active: bool) -> None:
        word = "active" if is_active else "shut out, and signed out everywhere"
        if user.is_active == is_active:
            messages.info(request, f"{user.email}: nothing to do.")
            return
        user.is_active = is_active
        user.save(update_fields=["is_active"])  # `accounts.signals` ends the sessions and records it
        messages.success(request, f"{user.email}: {word}.")

    @admin.action(description="End all sessions", permissions=["act"])
    def end_all_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            end_sessions(user, actor=person(signed_in(request)), reason="by an administrator")
            messages.success(request, f"{user.email}: signed out everywhere.")
