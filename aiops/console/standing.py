"""What is configured, and what is unsafe: read from the settings and the database, never from the network."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from accounts.console.integrity import integrity
from aiops.checks import GENERATED_SECRETS
from aiops.health import probes


@dataclass(frozen=True, slots=True)
class Integration:
    name: str
    is_on: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that should not stay as it is, and what to do about it."""

    text: str
    remedy: str


def integrations() -> list[Integration]:
    found = [_jira(), _slack(), _blob(), _databricks(), _azure(), _model()]
    remediation = settings.AUTO_REMEDIATION_ENABLED
    found.append(
        Integration("Auto-remediation", remediation, "policy decides" if remediation else "off: people act")
    )
    return found


def _missing(*names: str) -> str:
    absent = [name for name in names if not getattr(settings, name)]
    return f"not set: {', '.join(absent)}" if absent else ""


def _jira() -> Integration:
    if settings.ITSM_TOOL != "jira":
        return Integration("Jira", False, "ITSM_TOOL is none")
    missing = _missing("JIRA_DOMAIN", "JIRA_USER_EMAIL", "JIRA_API_TOKEN", "JIRA_PROJECT_KEY")
    back = "" if settings.JIRA_WEBHOOK_SECRET else "; one way: JIRA_WEBHOOK_SECRET is not set"
    return Integration("Jira", not missing, missing or f"project {settings.JIRA_PROJECT_KEY}{back}")


def _slack() -> Integration:
    missing = _missing("SLACK_BOT_TOKEN")
    back = "" if settings.SLACK_SIGNING_SECRET else "; no buttons: SLACK_SIGNING_SECRET is not set"
    return Integration("Slack", not missing, missing or f"#{settings.SLACK_ALERT_CHANNEL}{back}")


def _blob() -> Integration:
    if not settings.AZURE_BLOB_ENABLED:
        return Integration("Blob Storage", False, "AZURE_BLOB_ENABLED is off")
    missing = _missing("AZURE_STORAGE_CONN")
    return Integration(
        "Blob Storage", not missing, missing or f"container {settings.AZURE_BLOB_CONTAINER_NAME}"
    )


def _databricks() -> Integration:
    if settings.DATABRICKS_WORKSPACES_FILE:
        return Integration("Databricks", True, "several workspaces from a file")
    missing = _missing("DATABRICKS_HOST", "DATABRICKS_TOKEN")
    return Integration("Databricks", not missing, missing or settings.DATABRICKS_HOST)


def _azure() -> Integration:
    if settings.AZURE_MANAGEMENT_TOKEN:
        return Integration("Data Factory and Synapse", True, "with a ready token")
    missing = _missing("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
    return Integration("Data Factory and Synapse", not missing, missing or "with a service principal")


def _model() -> Integration:
    names = [name for name in settings.RCA_PROVIDERS if name != "rules"]
    if not names:
        return Integration("Model", False, "RCA_PROVIDERS names none; the rules answer")
    missing = _missing("GEMINI_API_KEY")
    return Integration("Model", not missing, f"{missing}; the rules answer" if missing else settings.MODEL_ID)


def alarms() -> list[Alarm]:
    """What an administrator should mend, each with what to do; empty when all is well."""
    found = [*_open_door(), *_weak_secrets(), *_record()]
    worker = probes.worker()
    if worker.state != probes.OK:
        found.append(
            Alarm(f"No worker at work: {worker.detail}.", "Alerts are kept but not analysed. Start a worker.")
        )
    waiting = probes.oldest_waiting()
    if waiting.state != probes.OK:
        found.append(
            Alarm(f"Work is piling up: {waiting.detail}.", "Look at Health and at the worker's log.")
        )
    return found


def _record() -> list[Alarm]:
    state = integrity().state
    found = []
    if state.verdict == "broken":
        found.append(
            Alarm(
                f"The audit trail does not verify. {state.message}",
                "Run verify_audit and keep a copy of all.",
            )
        )
    for publisher, problem in state.publishing_problems.items():
        found.append(Alarm(f"Seals are not published to {publisher}.", problem))
    return found


def _open_door() -> list[Alarm]:
    if settings.WEBHOOK_AUTH == "off":
        text = "WEBHOOK_AUTH is off: anybody who reaches this server can open tickets."
        return [Alarm(text, "Remove it and give each sender a key.")]
    return []


def _weak_secrets() -> list[Alarm]:
    found = []
    values = {"DJANGO_SECRET_KEY": settings.SECRET_KEY, "JWT_SECRET_KEY": settings.JWT_SECRET_KEY}
    generated = [name for name in GENERATED_SECRETS if values[name] == settings.LOCAL_SECRETS[name]]
    if settings.HTTPS and generated:
        text = (
            f"{' and '.join(generated)} came from this machine although it serves {settings.PUBLIC_BASE_URL}."
        )
        found.append(Alarm(text, "Set them: a second machine would not accept this one's sessions."))
    if settings.DEBUG:
        found.append(Alarm("DJANGO_DEBUG is on: error pages show code and settings.", "Turn it off."))
    return found
