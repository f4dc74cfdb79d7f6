"""The settings in force, as this process read them. A value is shown only when it is named here as harmless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

GROUPS: dict[str, tuple[str, ...]] = {
    "Server": (
        "PUBLIC_BASE_URL", "ALLOWED_HOSTS", "DEBUG", "TRUST_PROXY", "SECRET_KEY", "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD", "DATA_DIR", "STATIC_ROOT", "REDIS_URL", "EMBEDDED",
        "CELERY_WORKER_CONCURRENCY", "WORKER_QUEUES",
    ),
    "Observing": (
        "LOG_LEVEL", "LOG_FORMAT", "METRICS_TOKEN", "WORKER_METRICS_PORT", "WORKER_METRICS_HOST", "OTEL_ENDPOINT",
    ),
    "People": (
        "JWT_SECRET_KEY", "JWT_EXPIRY_HOURS", "REGISTRATION", "REGISTRATION_DOMAINS", "PASSWORD_LOGIN",
    ),
    "Single sign-on": (
        "OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ROLE_CLAIM", "OIDC_ROLES", "OIDC_TRUST_EMAIL",
    ),
    "Webhooks": (
        "WEBHOOK_AUTH", "RCA_API_KEY", "WEBHOOK_RATE_LIMIT", "WEBHOOK_FAILURE_LIMIT", "INGESTION_MAX_BODY_BYTES",
        "INGESTION_MAX_FAILURES_PER_BODY", "INGESTION_QUEUE_LIMIT", "AZURE_WEBHOOK_AUDIENCE",
        "AZURE_WEBHOOK_TENANT_ID", "AZURE_WEBHOOK_JWKS_URL", "JIRA_WEBHOOK_SECRET", "SLACK_SIGNING_SECRET",
        "AUTO_CLOSE_ON_RESOLVED",
    ),
    "Root cause analysis": (
        "RCA_PROVIDERS", "GEMINI_API_KEY", "MODEL_ID", "GEMINI_API_ENDPOINT", "GEMINI_TIMEOUT_SECONDS",
        "RCA_FIRST_ANSWER_SECONDS", "RCA_REUSE_MINUTES", "RCA_CALLS_PER_MINUTE",
    ),
    "Deliveries": ("DELIVERY_CONCURRENCY",),
    "Jira": (
        "ITSM_TOOL", "JIRA_DOMAIN", "JIRA_USER_EMAIL", "JIRA_API_TOKEN", "JIRA_PROJECT_KEY", "JIRA_ISSUE_TYPE",
    ),
    "Slack": ("SLACK_BOT_TOKEN", "SLACK_ALERT_CHANNEL", "SLACK_API_URL"),
    "Blob Storage": ("AZURE_BLOB_ENABLED", "AZURE_STORAGE_CONN", "AZURE_BLOB_CONTAINER_NAME"),
    "Databricks": (
        "DATABRICKS_HOST", "DATABRICKS_TOKEN", "DATABRICKS_WORKSPACE_ID", "DATABRICKS_WORKSPACES_FILE",
    ),
    "Azure": (
        "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_MANAGEMENT_ENDPOINT",
        "AZURE_SYNAPSE_ENDPOINT", "AZURE_AUTHORITY_HOST", "AZURE_MANAGEMENT_TOKEN", "AZURE_SYNAPSE_TOKEN",
    ),
    "Reconciliation": ("RECONCILE_MINUTES", "RECONCILE_HOURS", "RECONCILE_FACTORIES"),
    "Remediation": (
        "AUTO_REMEDIATION_ENABLED", "PLAYBOOK_SIGNING_SECRET", "REMEDIATION_MODE", "REMEDIATION_DRY_RUN",
        "REMEDIATION_PER_RESOURCE_HOUR", "REMEDIATION_PER_HOUR", "REMEDIATION_BLAST_RADIUS",
        "REMEDIATION_COOLDOWN_MINUTES", "REMEDIATION_APPROVAL_MINUTES", "REMEDIATION_VERIFY_MINUTES",
        "REMEDIATION_FACTORIES", "REMEDIATION_NODE_FALLBACKS", "REMEDIATION_UPSTREAMS",
    ),
    "SLA": ("SLA_SECONDS", "FLAP_MINUTES", "FLAP_ACTION"),
    "Digests and escalation": (
        "DIGESTS", "DIGEST_HOUR", "DIGEST_TIME_ZONE", "DIGEST_EMAILS", "ESCALATION_SIGNING_SECRET",
        "ESCALATION_WEBHOOK_HOSTS", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD",
        "EMAIL_SECURITY", "DEFAULT_FROM_EMAIL",
    ),
    "Audit trail": (
        "AUDIT_SEAL_DIR", "AUDIT_SIGNING_KEY", "AUDIT_TRUSTED_KEYS", "AUDIT_RETENTION_DAYS",
    ),
    "Retention in days": (
        "TICKET_RETENTION_DAYS", "EVENT_RETENTION_DAYS", "RAW_PAYLOAD_RETENTION_DAYS", "EVIDENCE_RETENTION_DAYS",
    ),
    "Showback": ("SHOWBACK_COST_PER_FAILURE", "SHOWBACK_COST_PER_HOUR", "SHOWBACK_CURRENCY"),
}  # fmt: skip
SECRET = frozenset(
    {
        "SECRET_KEY", "REDIS_URL", "METRICS_TOKEN", "JWT_SECRET_KEY", "RCA_API_KEY", "JIRA_WEBHOOK_SECRET",
        "SLACK_SIGNING_SECRET", "GEMINI_API_KEY", "JIRA_API_TOKEN", "SLACK_BOT_TOKEN", "AZURE_STORAGE_CONN",
        "DATABRICKS_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_MANAGEMENT_TOKEN", "AZURE_SYNAPSE_TOKEN",
        "PLAYBOOK_SIGNING_SECRET", "ESCALATION_SIGNING_SECRET", "EMAIL_HOST_PASSWORD", "OIDC_CLIENT_SECRET",
        "AUDIT_SIGNING_KEY",
    }
)  # fmt: skip
RATES = frozenset({"WEBHOOK_RATE_LIMIT", "WEBHOOK_FAILURE_LIMIT"})
# The environment's name where the setting's is another.
ENVIRONMENT_NAMES = {
    "ALLOWED_HOSTS": "DJANGO_ALLOWED_HOSTS",
    "DEBUG": "DJANGO_DEBUG",
    "SECRET_KEY": "DJANGO_SECRET_KEY",
    "SECURE_HSTS_SECONDS": "DJANGO_HSTS_SECONDS",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": "DJANGO_HSTS_SUBDOMAINS",
    "SECURE_HSTS_PRELOAD": "DJANGO_HSTS_PRELOAD",
    "STATIC_ROOT": "DJANGO_STATIC_ROOT",
    "DATA_DIR": "AIOPS_DATA_DIR",
    "OTEL_ENDPOINT": "OTEL_EXPORTER_OTLP_ENDPOINT",
    "DEFAULT_FROM_EMAIL": "EMAIL_FROM",
    "CELERY_WORKER_CONCURRENCY": "WORKER_CONCURRENCY",
    "EMBEDDED": "embedded (REDIS_URL empty)",
    "SLA_SECONDS": "SLA_SECONDS_P1 … P4",
}


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    value: str
    is_secret: bool


def settings_in_force() -> list[tuple[str, list[Line]]]:
    found = [(group, [_line(name) for name in names]) for group, names in GROUPS.items()]
    found.insert(1, ("Database", _database()))
    playbooks = [Line(f"PLAYBOOK_{name}", _is_set(url), True) for name, url in settings.PLAYBOOK_URLS.items()]
    return [(group, lines + playbooks if group == "Remediation" else lines) for group, lines in found]


def _line(name: str) -> Line:
    value = getattr(settings, name)
    is_secret = name in SECRET
    if name in RATES and value:
        value = f"{value[0]} in {value[1]} s"
    return Line(ENVIRONMENT_NAMES.get(name, name), _is_set(value) if is_secret else _shown(value), is_secret)


def _is_set(value: object) -> str:
    return "set" if value else "not set"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in dict.fromkeys(value)) or "not set"
    return "not set" if value in ("", None) else str(value)


def _database() -> list[Line]:
    """Where the data is; never as whom."""
    database = settings.DATABASES["default"]
    names = (("ENGINE", "engine"), ("HOST", "host"), ("NAME", "name"))
    lines = [Line(label, str(database.get(name) or "–"), False) for name, label in names]
    return [*lines, Line("password", _is_set(database.get("PASSWORD")), True)]
