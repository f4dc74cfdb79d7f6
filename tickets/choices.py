"""The closed vocabularies of a ticket (contract, sections 3, 10 and 12).

Plain enumerations: no models, no settings, so parsers and policies may use them freely.
"""

from __future__ import annotations

from django.db import models


class Source(models.TextChoices):
    """Which sender reported the failure; also the names that `--source` takes."""

    ADF = "adf", "Data Factory"
    DATABRICKS = "databricks", "Databricks"
    DATABRICKS_CLUSTERS = "databricks_clusters", "Databricks clusters"
    AZURE_FUNCTIONS = "azure_functions", "Azure Functions"
    SYNAPSE = "synapse", "Synapse"


_ADDED_SOURCES: dict[str, str] = {}


def add_source(slug: str, label: str) -> None:
    """Make a source known that is not among those above; called at start for each source that is installed."""
    if slug not in Source.values:
        _ADDED_SOURCES[slug] = label


def source_choices() -> list[tuple[str, str]]:
    """Every source with its label. A callable, so that adding a source needs no migration."""
    return [*Source.choices, *sorted(_ADDED_SOURCES.items())]


_SOURCE_LABELS: dict[str, str] = {str(slug): str(label) for slug, label in Source.choices}


def source_label(slug: str) -> str:
    """`get_source_display` for the door: Django's own makes the list of choices anew for every ticket."""
    return _SOURCE_LABELS.get(slug) or _ADDED_SOURCES.get(slug, slug)


class ResourceType(models.TextChoices):
    PIPELINE = "pipeline", "Pipeline"
    ACTIVITY = "activity", "Activity"
    JOB = "job", "Job"
    TASK = "task", "Task"
    CLUSTER = "cluster", "Cluster"
    LIBRARY = "library", "Library"
    FUNCTION = "function", "Function"
    OTHER = "other", "Other"


class Severity(models.TextChoices):
    CRITICAL = "Critical", "Critical"
    HIGH = "High", "High"
    MEDIUM = "Medium", "Medium"
    LOW = "Low", "Low"


class Priority(models.TextChoices):
    P1 = "P1", "P1"
    P2 = "P2", "P2"
    P3 = "P3", "P3"
    P4 = "P4", "P4"


class Status(models.TextChoices):
    OPEN = "open", "Open"
    IN_PROGRESS = "in_progress", "In progress"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"


class SlaStatus(models.TextChoices):
    PENDING = "Pending", "Pending"
    MET = "Met", "Met"
    BREACHED = "Breached", "Breached"


class Confidence(models.TextChoices):
    VERY_HIGH = "Very High", "Very high"
    HIGH = "High", "High"
    MEDIUM = "Medium", "Medium"
    LOW = "Low", "Low"


class ProcessingMode(models.TextChoices):
    DIRECT_WEBHOOK = "direct_webhook", "Direct webhook"
    AZURE_MONITOR_ALERT = "azure_monitor_alert", "Azure Monitor alert"
    RECONCILED = "reconciled", "Reconciled"


class ProcessingState(models.TextChoices):
    RECEIVED = "received", "Received"
    ENRICHED = "enriched", "Enriched"
    ANALYSED = "analysed", "Analysed"
    NOTIFIED = "notified", "Notified"
    FAILED = "failed", "Failed"


class CauseClass(models.TextChoices):
    MISSING_SOURCE_DATA = "missing_source_data", "Missing source data"
    PERMISSION_DENIED = "permission_denied", "Permission denied"
    AUTHENTICATION_FAILURE = "authentication_failure", "Authentication failure"
    NETWORK_CONNECTIVITY = "network_connectivity", "Network connectivity"
    TIMEOUT = "timeout", "Time-out"
    THROTTLING = "throttling", "Throttling"
    CAPACITY_OR_QUOTA = "capacity_or_quota", "Capacity or quota"
    OUT_OF_MEMORY = "out_of_memory", "Out of memory"
    SCHEMA_OR_TYPE_MISMATCH = "schema_or_type_mismatch", "Schema or type mismatch"
    BAD_DATA = "bad_data", "Bad data"
    SYNTAX_OR_CODE_ERROR = "syntax_or_code_error", "Syntax or code error"
    MISSING_DEPENDENCY_OR_LIBRARY = "missing_dependency_or_library", "Missing dependency or library"
    CONFIGURATION_ERROR = "configuration_error", "Configuration error"
    CONCURRENCY_CONFLICT = "concurrency_conflict", "Concurrency conflict"
    RESOURCE_NOT_FOUND = "resource_not_found", "Resource not found"
    CLUSTER_INFRASTRUCTURE_FAILURE = "cluster_infrastructure_failure", "Cluster infrastructure failure"
    UPSTREAM_SERVICE_OUTAGE = "upstream_service_outage", "Upstream service outage"
    USER_CANCELLED = "user_cancelled", "User cancelled"
    UNKNOWN = "unknown", "Unknown"


RELATIONS = ("related", "caused_by", "cause_of", "repeats", "repeated_by")
"""What another ticket is to one, seen from either end of a link (`tickets.models.LinkKind`)."""

PRIORITY_OF_SEVERITY: dict[str, str] = {
    Severity.CRITICAL: Priority.P1,
    Severity.HIGH: Priority.P2,
    Severity.MEDIUM: Priority.P3,
    Severity.LOW: Priority.P4,
}
