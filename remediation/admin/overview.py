"""One page of everything that governs remediation: the kill switch, the teams, the playbooks' record, the policy."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.actors import person
from accounts.console.permissions import has_role, signed_in
from accounts.roles import Role
from audit.times import duration
from remediation import policy, services
from remediation.models import KillSwitch, TeamMode
from remediation.playbooks import url_of
from remediation.selectors import records
from remediation.states import Mode, PlaybookName, Risk

RISK_KINDS = {Risk.LOW: "met", Risk.MEDIUM: "high", Risk.HIGH: "critical"}


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    if not has_role(request, Role.VIEWER):
        raise PermissionDenied
    content = {
        **admin.site.each_context(request),
        "title": "Remediation",
        "is_enabled": settings.AUTO_REMEDIATION_ENABLED,
        "is_dry_run": settings.REMEDIATION_DRY_RUN,
        "switch": KillSwitch.objects.first(),
        "teams": TeamMode.objects.all()[:200],
        "default_mode": Mode(settings.REMEDIATION_MODE),
        "modes": Mode.choices,
        "records": [
            (
                record,
                "" if record.mttr_seconds is None else duration(record.mttr_seconds),
                duration(record.saved_seconds),
            )
            for record in records()
        ],
        "rows": [_row(rule, step) for rule in policy.RULES for step in rule.steps],
        "never": [*policy.NEVER.items(), ("data loss", "codes that tell of lost or damaged data")],
        "guards": _guards(),
        "may_stop": has_role(request, Role.ANALYST),
        "may_change": has_role(request, Role.ADMIN),
    }
    return TemplateResponse(request, "admin/remediation/overview.html", content)


def _row(rule: policy.Rule, step: policy.Step) -> dict[str, Any]:
    names = dict.fromkeys(step.playbooks.values())
    return {
        "title": rule.title,
        "error_types": ", ".join(rule.error_types),
        "causes": ", ".join(sorted(rule.causes)),
        "playbooks": [(PlaybookName(name).label, bool(url_of(name))) for name in names],
        "waits": ", ".join(str(wait) for wait in step.waits),
        "tries": len(step.waits),
        "risk": step.risk.label,
        "risk_kind": RISK_KINDS[step.risk],
        "needs_approval": step.needs_approval,
        "condition": step.condition,
    }


def _guards() -> list[tuple[str, str]]:
    return [
        ("Attempts per resource and hour", str(settings.REMEDIATION_PER_RESOURCE_HOUR)),
        ("Attempts per hour in all", str(settings.REMEDIATION_PER_HOUR)),
        (
            "Blast radius",
            f"more than {settings.REMEDIATION_BLAST_RADIUS} resources failing in 15 minutes: propose only",
        ),
        ("Cool-down", f"{settings.REMEDIATION_COOLDOWN_MINUTES} min after an attempt: propose only"),
        ("A proposal expires after", f"{settings.REMEDIATION_APPROVAL_MINUTES} min"),
        ("A run is watched for", f"{settings.REMEDIATION_VERIFY_MINUTES} min at most"),
    ]


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Stop (analyst) or go on, a team's mode, a playbook on or off (administrator)."""
    what = request.POST.get("what", "")
    if not has_role(request, Role.ANALYST if what == "stop" else Role.ADMIN):
        raise PermissionDenied
    actor, reason = person(signed_in(request)), request.POST.get("reason", "").strip()
    name = request.POST.get("name", "").strip()
    done = ""
    if what in {"stop", "go"}:
        services.set_kill_switch(what == "stop", reason=reason, actor=actor)
        done = "The kill switch is on: nothing more is begun." if what == "stop" else "Remediation goes on."
    elif what == "mode" and name and (mode := request.POST.get("mode", "")) in {"", *Mode.values}:
        services.set_mode(name, mode, actor=actor)
        done = f"The mode of {name} is changed."
    elif what in {"disable", "enable"} and name in PlaybookName.values:
        services.set_playbook(name, is_disabled=what == "disable", reason=reason, actor=actor)
        done = f"{PlaybookName(name).label}: {what}d."
    if done:
        messages.success(request, done)
    else:
        messages.error(request, "That cannot be switched.")
    return HttpResponseRedirect(reverse("admin:remediation_overview"))
