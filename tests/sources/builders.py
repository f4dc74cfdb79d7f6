"""Small alert bodies for the tables of these tests."""

from __future__ import annotations

from typing import Any

from ingestion.sources import registry
from ingestion.sources.base import Failure, Failures, Ignored

SUBSCRIPTION = "/subscriptions/2b1d7a40-0c3e-4f5a-9b6c-7d8e9f0a1b2c"
FACTORY = f"{SUBSCRIPTION}/resourceGroups/rg-harbour/providers/Microsoft.DataFactory/factories/adf-harbour"
WORKSPACE = f"{SUBSCRIPTION}/resourceGroups/rg-harbour/providers/Microsoft.Synapse/workspaces/syn-harbour"
LOGS = (
    f"{SUBSCRIPTION}/resourcegroups/rg-harbour/providers/microsoft.operationalinsights/workspaces/law-harbour"
)
SERIES_ORIGIN = "2b1d7a40_rg-harbour_microsoft.insights_metricAlerts_late-ships_-99"


def dimension_list(dimensions: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in dimensions.items()]


def metric_alert(metric: str, dimensions: dict[str, Any] | None = None, **essentials: Any) -> dict[str, Any]:
    """A fired metric alert in the common schema on the factory."""
    criterion = {
        "metricName": metric,
        "operator": "GreaterThan",
        "threshold": "0",
        "metricValue": 1,
        "dimensions": dimension_list(dimensions or {}),
    }
    return common(
        {"condition": {"windowSize": "PT5M", "allOf": [criterion]}},
        signalType="Metric",
        monitoringService="Platform",
        **essentials,
    )


def log_alert(query: str, *dimension_sets: dict[str, Any], **essentials: Any) -> dict[str, Any]:
    """A fired log alert V2, one criterion for each set of dimensions."""
    criteria = [{"searchQuery": query, "dimensions": dimension_list(items)} for items in dimension_sets]
    return common(
        {"conditionType": "LogQueryCriteria", "condition": {"allOf": criteria}},
        monitoringService="Log Alerts V2",
        **{"alertTargetIDs": [LOGS], **essentials},
    )


def row_alert(columns: list[Any], *rows: Any, **essentials: Any) -> dict[str, Any]:
    """A fired log alert V1 with one table."""
    return common(
        {"SearchQuery": "T", "SearchResults": {"tables": [{"columns": columns, "rows": list(rows)}]}},
        monitoringService="Log Analytics",
        **{"alertTargetIDs": [LOGS], **essentials},
    )


def common(context: dict[str, Any], **essentials: Any) -> dict[str, Any]:
    known = {
        "alertId": f"{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/a1",
        "alertRule": "late-ships",
        "monitorCondition": "Fired",
        "alertTargetIDs": [FACTORY],
        "firedDateTime": "2026-04-01T03:00:00Z",
    }
    data = {"essentials": {**known, **essentials}, "alertContext": context}
    return {"schemaId": "azureMonitorCommonAlertSchema", "data": data}


def failures(slug: str, body: dict[str, Any]) -> tuple[Failure, ...]:
    """The failures in a body; fails the test when there are none."""
    result = registry()[slug].parse(body)
    assert isinstance(result, Failures), result
    return result.items


def failure(slug: str, body: dict[str, Any]) -> Failure:
    """The only failure in a body."""
    items = failures(slug, body)
    assert len(items) == 1
    return items[0]


def ignored(slug: str, body: dict[str, Any]) -> Ignored:
    result = registry()[slug].parse(body)
    assert isinstance(result, Ignored), result
    return result
