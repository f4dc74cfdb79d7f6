"""How each team is told, in the console: channel, mention, digest, and the ladder of its escalation."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpRequest
from unfold.admin import TabularInline

from accounts.actors import person
from accounts.console.desk import DeskAdmin
from accounts.console.permissions import RolePermissions, signed_in
from accounts.roles import Role
from tickets.choices import Priority
from tickets.clock_models import EscalationStep, StepKind, TeamPolicy
from tickets.escalation import policy_record
from tickets.policies import mention_markup


def check_addresses(text: str) -> None:
    """Raises ValidationError that names the word that is no e-mail address."""
    for word in filter(None, (part.strip() for part in text.split(","))):
        try:
            validate_email(word)
        except ValidationError:
            raise ValidationError(f"{word} is no e-mail address.") from None


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = TeamPolicy
        fields = ("team", "slack_channel", "mention", "wants_digest", "digest_emails")

    def clean_team(self) -> str:
        return str(self.cleaned_data["team"]).strip()

    def clean_mention(self) -> str:
        mention: str = self.cleaned_data["mention"].strip()
        if mention and not mention_markup(mention):
            raise ValidationError("here, channel, a user's id (U…) or a user group's id (S…) is needed.")
        return mention

    def clean_digest_emails(self) -> str:
        text: str = self.cleaned_data["digest_emails"]
        check_addresses(text)
        return text


class StepForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = EscalationStep
        fields = ("delay_minutes", "kind", "target")

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        target = str(found.get("target") or "").strip()
        match found.get("kind"):
            case StepKind.SLACK if not target:
                self.add_error("target", "A channel or a user's id is needed.")
            case StepKind.EMAIL:
                try:
                    check_addresses(target)
                except ValidationError as error:
                    self.add_error("target", error)
                if not target:
                    self.add_error("target", "An e-mail address is needed.")
            case StepKind.JIRA_PRIORITY if target and target.upper() not in Priority.values:
                self.add_error("target", "P1, P2, P3 or nothing.")
            case StepKind.WEBHOOK if problem := _problem_of_address(target):
                self.add_error("target", problem)
        return found


def _problem_of_address(target: str) -> str:
    """Why a webhook may not be called there; "" when it may. What its host resolves to is looked at on each call."""
    try:
        parts = urlsplit(target)
        host = (parts.hostname or "").lower()
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"https", "http"}:
        return "A full https address is needed."
    if "@" in parts.netloc:
        return "An address with a name or password in it is not taken."
    if parts.scheme == "http" and host not in {name.lower() for name in settings.ESCALATION_WEBHOOK_HOSTS}:
        return "https is needed, or the host's name in ESCALATION_WEBHOOK_HOSTS."
    return ""


class StepInline(RolePermissions, TabularInline):
    model = EscalationStep
    form = StepForm
    add_role = change_role = delete_role = view_role = Role.ADMIN
    fields = ("delay_minutes", "kind", "target")
    extra = 0


@admin.register(TeamPolicy)
class TeamPolicyAdmin(DeskAdmin):
    """For administrators: a step may call an address outside."""

    view_role = add_role = change_role = Role.ADMIN
    form = PolicyForm
    inlines = (StepInline,)
    list_display = ("__str__", "slack_channel", "mention", "ladder", "updated_by")
    ordering = ("team",)
    fieldsets = (
        ("Team", {"fields": ("team",)}),
        ("In Slack", {"fields": ("slack_channel", "mention")}),
        ("Digest", {"fields": ("wants_digest", "digest_emails")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("steps")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The steps are part of the policy: one entry for the whole."""
        with transaction.atomic():
            super().save_related(request, form, formsets, change)
            policy_record.record_change(form.instance, actor=person(signed_in(request)))

    @admin.display(description="Escalation")
    def ladder(self, policy: TeamPolicy) -> str:
        return ", ".join(str(step) for step in policy.steps.all()) or "none"
