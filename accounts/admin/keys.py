"""Service keys: made, rotated and revoked. A key is on one answer only: no message, cookie or session holds it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_variables

from accounts.actors import person
from accounts.admin.keys_forms import KeyForm, RevokeForm, RotateForm, alert_sources
from accounts.console.desk import DeskAdmin
from accounts.console.display import badge, moment
from accounts.console.permissions import signed_in
from accounts.models import ServiceKey
from accounts.roles import Role
from accounts.service_keys import create_key, revoke_key
from audit.times import utc


@admin.register(ServiceKey)
class ServiceKeyAdmin(DeskAdmin):
    view_role = add_role = act_role = Role.ADMIN
    list_display = ("name", "hint_text", "state_word", "opens", "created", "expires", "used", "verbs")
    search_fields = ("name", "hint")
    search_help_text = "Name, or how the key begins"
    ordering = ("name",)
    list_select_related = ("created_by",)
    fields = ("name", "hint_text", "state_word", "opens", "created", "created_by", "expires", "used", "verbs")
    actions = None

    @admin.display(description="Begins with")
    def hint_text(self, key: ServiceKey) -> SafeString:
        return format_html("<code>{}…</code>", key.hint)

    @admin.display(description="State")
    def state_word(self, key: ServiceKey) -> SafeString:
        if key.revoked_at:
            return badge("revoked", "critical", utc(key.revoked_at))
        if key.expires_at and key.expires_at <= timezone.now():
            return badge("expired", "high")
        return badge("in force", "met")

    @admin.display(description="Opens")
    def opens(self, key: ServiceKey) -> str:
        labels = dict(alert_sources())
        return ", ".join(labels.get(source, source) for source in key.sources) or "all alert sources"

    @admin.display(description="Made (UTC)", ordering="created_at")
    def created(self, key: ServiceKey) -> SafeString:
        return moment(key.created_at)

    @admin.display(description="Expires (UTC)", ordering="expires_at")
    def expires(self, key: ServiceKey) -> SafeString | str:
        return moment(key.expires_at) if key.expires_at else "never"

    @admin.display(description="Last used (UTC)", ordering="last_used_at")
    def used(self, key: ServiceKey) -> SafeString | str:
        return moment(key.last_used_at) if key.last_used_at else "never"

    @admin.display(description="")
    def verbs(self, key: ServiceKey) -> SafeString | str:
        if key.revoked_at:
            return ""
        rotate, revoke = (reverse(f"admin:accounts_servicekey_{verb}", args=[key.pk]) for verb in VERBS)
        return format_html(
            '<a class="link" href="{}">Rotate</a> · <a class="link" href="{}">Revoke</a>', rotate, revoke
        )

    def get_readonly_fields(self, request: HttpRequest, obj: ServiceKey | None = None) -> Any:
        return self.fields

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        own = [
            path("<int:pk>/rotate/", guarded(self.rotate), name="accounts_servicekey_rotate"),
            path("<int:pk>/revoke/", guarded(self.revoke), name="accounts_servicekey_revoke"),
        ]
        return [*own, *super().get_urls()]

    @sensitive_variables("secret")
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = KeyForm(request.POST if request.method == "POST" else None)
        if request.method != "POST" or not form.is_valid():
            return self._ask(request, form, "New service key", "Make the key")
        key, secret = create_key(
            name=form.cleaned_data["name"],
            actor=person(signed_in(request)),
            created_by=signed_in(request),
            sources=tuple(form.cleaned_data["sources"]),
            expires_at=form.cleaned_data["expires_at"],
        )
        return self._show_once(request, key, secret)

    @sensitive_variables("secret")
    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A second key with the same reach; the first goes at once or when its senders have changed over."""
        old = self._key_to_change(request, pk)
        form = RotateForm(
            request.POST if request.method == "POST" else None, initial={"name": _next_name(old.name)}
        )
        if request.method != "POST" or not form.is_valid():
            return self._ask(request, form, f"Rotate {old.name}", "Make the new key")
        actor = person(signed_in(request))
        key, secret = create_key(
            name=form.cleaned_data["name"],
            actor=actor,
            created_by=signed_in(request),
            sources=tuple(old.sources),
            expires_at=old.expires_at,
        )
        if form.cleaned_data["revoke_old"]:
            revoke_key(old, actor=actor)
        return self._show_once(request, key, secret, None if form.cleaned_data["revoke_old"] else old)

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        key = self._key_to_change(request, pk)
        if request.method != "POST":
            return self._ask(request, RevokeForm(), f"Revoke {key.name}", "Revoke", is_grave=True)
        revoke_key(key, actor=person(signed_in(request)))
        messages.success(request, f"{key.name}: revoked. Every process refuses it within a few seconds.")
        return HttpResponseRedirect(reverse("admin:accounts_servicekey_changelist"))

    def _key_to_change(self, request: HttpRequest, pk: int) -> ServiceKey:
        if not self.has_act_permission(request):
            raise PermissionDenied
        key = ServiceKey.objects.filter(pk=pk, revoked_at=None).first()
        if key is None:
            raise Http404
        return key

    def _ask(
        self, request: HttpRequest, form: Any, title: str, button: str, *, is_grave: bool = False
    ) -> HttpResponse:
        context = {"title": title, "form": form, "button": button, "is_grave": is_grave, "opts": self.opts}
        return self._render(request, "admin/accounts/key_form.html", context)

    @sensitive_variables("secret")
    def _show_once(
        self, request: HttpRequest, key: ServiceKey, secret: str, still_valid: ServiceKey | None = None
    ) -> HttpResponse:
        context = {"title": f"Key {key.name}", "key": key, "secret": secret, "still_valid": still_valid}
        response = self._render(request, "admin/accounts/key_shown.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _render(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(request, template, {**self.admin_site.each_context(request), **context})


VERBS = ("rotate", "revoke")


def _next_name(name: str) -> str:
    """`payments` → `payments 2026-11-20`; a date at the end is replaced."""
    words = name.split(" ")
    if len(words) > 1 and words[-1].count("-") == 2:
        words.pop()
    return f"{' '.join(words)[:80]} {timezone.now():%Y-%m-%d}"
