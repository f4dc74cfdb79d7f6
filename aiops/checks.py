"""System checks of our own: what is unsafe or will not work, with an id that docs/operate.md explains."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

GENERATED_SECRETS = ("DJANGO_SECRET_KEY", "JWT_SECRET_KEY")


@register(Tags.security, deploy=True)
def check_generated_secrets(**_: Any) -> list[CheckMessage]:
    """Machine-made secrets differ from machine to machine; production sets its own."""
    values = {"DJANGO_SECRET_KEY": settings.SECRET_KEY, "JWT_SECRET_KEY": settings.JWT_SECRET_KEY}
    return [
        Warning(
            f"{name} was generated on this machine; several machines need the same one.",
            hint=f"Set {name} (or {name}_FILE).",
            id="aiops.W001",
        )
        for name in GENERATED_SECRETS
        if values[name] == settings.LOCAL_SECRETS[name]
    ]


@register(Tags.security)
def check_webhook_auth(**_: Any) -> list[CheckMessage]:
    if settings.WEBHOOK_AUTH == "off":
        return [
            Warning(
                "WEBHOOK_AUTH is off: anybody who reaches this server can open tickets.",
                hint="Remove WEBHOOK_AUTH and give each sender a key.",
                id="aiops.W002",
            )
        ]
    return []


@register(Tags.security)
def check_keys_differ(**_: Any) -> list[CheckMessage]:
    if settings.JWT_SECRET_KEY == settings.SECRET_KEY:
        return [
            Error(
                "JWT_SECRET_KEY is the same as DJANGO_SECRET_KEY.",
                hint="Use two different keys: one leak must not be two.",
                id="aiops.E001",
            )
        ]
    return []


@register(Tags.compatibility)
def check_remediation(**_: Any) -> list[CheckMessage]:
    """Remediation that is on and cannot do, or may do more than was meant."""
    if not settings.AUTO_REMEDIATION_ENABLED:
        return []
    found: list[CheckMessage] = []
    urls = sorted(f"PLAYBOOK_{name}" for name, url in settings.PLAYBOOK_URLS.items() if url)
    if urls and not settings.PLAYBOOK_SIGNING_SECRET:
        found.append(
            Error(
                f"{', '.join(urls)} would be called unsigned: PLAYBOOK_SIGNING_SECRET is not set.",
                hint="Set PLAYBOOK_SIGNING_SECRET; until then these playbooks are refused.",
                id="aiops.E003",
            )
        )
    has_azure = bool(settings.AZURE_CLIENT_ID or settings.AZURE_MANAGEMENT_TOKEN)
    has_databricks = bool(settings.DATABRICKS_HOST or settings.DATABRICKS_WORKSPACES_FILE)
    if not has_azure and not has_databricks:
        found.append(
            Warning(
                "AUTO_REMEDIATION_ENABLED is on, but neither Azure nor Databricks is configured.",
                hint="Nothing is repaired that the vendor has not confirmed: give the desk access, or switch it off.",
                id="aiops.W004",
            )
        )
    if has_azure and not (settings.REMEDIATION_FACTORIES or settings.RECONCILE_FACTORIES):
        found.append(
            Warning(
                "Remediation only observes pipelines: no factory is named in which it may start runs.",
                hint="Name factories and workspaces by ARM id in REMEDIATION_FACTORIES.",
                id="aiops.W008",
            )
        )
    return found


@register(Tags.database)
def check_several_processes_on_sqlite(**_: Any) -> list[CheckMessage]:
    engine = settings.DATABASES["default"]["ENGINE"]
    if settings.REDIS_URL and engine.endswith("sqlite3"):
        return [
            Warning(
                "Redis is configured but the database is SQLite: separate processes must share one machine.",
                hint="Set DATABASE_URL to PostgreSQL or SQL Server for production.",
                id="aiops.W003",
            )
        ]
    return []


PLACEHOLDERS = re.compile(
    r"^(?:change[-_ ]?me|example|password|secret|test|dummy|placeholder|your[-_ ].*|<.*>|x+)$", re.I
)
SHORTEST_KEY = 16
JIRA_NEEDS = ("JIRA_DOMAIN", "JIRA_USER_EMAIL", "JIRA_API_TOKEN", "JIRA_PROJECT_KEY")


@register(Tags.compatibility)
def check_integrations_are_complete(**_: Any) -> list[CheckMessage]:
    """What was asked for and cannot work; the desk starts all the same, because alerts must be taken."""
    found: list[CheckMessage] = []
    if settings.ITSM_TOOL == "jira":
        found += _incomplete("ITSM_TOOL is jira", JIRA_NEEDS, "no ticket reaches Jira", "aiops.W006")
    if settings.AZURE_BLOB_ENABLED:
        found += _incomplete(
            "AZURE_BLOB_ENABLED is on", ("AZURE_STORAGE_CONN",), "nothing is archived", "aiops.W007"
        )
    return found


def _incomplete(what: str, names: tuple[str, ...], so: str, identifier: str) -> list[CheckMessage]:
    missing = [name for name in names if not getattr(settings, name)]
    if not missing:
        return []
    are = "is" if len(missing) == 1 else "are"
    told = f"{what}, but {', '.join(missing)} {are} not set: {so}."
    return [Warning(told, hint="Set it, or turn it off.", id=identifier)]


@register(Tags.security)
def check_service_key(**_: Any) -> list[CheckMessage]:
    """Whoever knows the key can open tickets: it must not be guessed."""
    key = settings.RCA_API_KEY
    hint = "python3 -c 'import secrets; print(secrets.token_urlsafe(24))' makes a good one."
    if PLACEHOLDERS.match(key):
        kind = Error if settings.HTTPS else Warning
        return [kind("RCA_API_KEY is a placeholder that anybody would try.", hint=hint, id="aiops.E002")]
    if len(key) < SHORTEST_KEY:
        return [Warning(f"RCA_API_KEY has fewer than {SHORTEST_KEY} characters.", hint=hint, id="aiops.W005")]
    return []
