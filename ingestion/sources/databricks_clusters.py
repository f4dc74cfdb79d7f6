"""Databricks clusters by log alert, at `/azure-monitor-alert`: one failure per row of every table."""

from __future__ import annotations

from dataclasses import replace

from ingestion.sources import keys
from ingestion.sources.alerts import Alert
from ingestion.sources.azure_monitor import read_alert
from ingestion.sources.base import Failure, Failures, Ignored, Json, ParseResult, SourceSpec, Unsupported
from ingestion.sources.cluster_facts import USER_REQUEST, ClusterEnd
from ingestion.sources.cluster_rows import NOT_A_CLUSTER, read_cluster_row
from ingestion.sources.envelope import through_wrapper
from ingestion.sources.fields import Fields, body_as_message, key_list
from ingestion.sources.runs import simple_fields
from ingestion.sources.tables import read_rows
from ingestion.sources.verdict import why_ignored
from tickets.choices import ProcessingMode, ResourceType, Severity, Source

_SLUG = Source.DATABRICKS_CLUSTERS.value
_MODE = ProcessingMode.AZURE_MONITOR_ALERT.value


def parse(body: Json) -> ParseResult:
    """A body posted to `/azure-monitor-alert`. Never raises."""
    return through_wrapper(body, _parse_body)


def _parse_body(body: Json) -> ParseResult:
    alert = read_alert(body) or _bare_tables(body)
    result = _parse_alert(alert, body)
    return replace(result, alert_rule=alert.rule) if isinstance(result, Ignored) else result


def _bare_tables(body: Json) -> Alert:
    """Rows that a relay posts without an alert around them: tables, or a single row at the top."""
    fields = simple_fields(body)
    rows, has_tables = read_rows(fields.raw("searchresults", "searchresult") or body)
    top = {name: value for layer in reversed(fields.layers) for name, value in layer.items()}
    return Alert(
        shape="simple",
        kind="rows",
        rule=fields.scalar("alertrule", "alertrulename"),
        rows=rows if has_tables else (top,),
        has_tables=has_tables,
        fields=fields,
    )


def _parse_alert(alert: Alert, body: Json) -> ParseResult:
    read = [read_cluster_row(Fields((row,))) for row in alert.rows]
    read += [read_cluster_row(condition.fields()) for condition in alert.conditions]
    ends = [end for end in read if end is not NOT_A_CLUSTER]
    failed = [end for end in ends if _is_failure(end)]
    if alert.has_identity and (
        ignored := why_ignored(alert, _SLUG, tuple(_row_key(end, alert) for end in failed if end.at))
    ):
        return ignored
    if failed:
        items = tuple(
            {item.dedup_key: item for item in (_row_failure(end, alert) for end in failed)}.values()
        )
        return Failures(alert.event, items, alert_rule=alert.rule, total=len(items))
    if ends:
        codes = ", ".join(sorted({end.code or end.state for end in ends}))
        return Ignored(f"All clusters in the alert ended as they should ({codes}).", event="rows-ended-well")
    if alert.has_tables and not alert.rows:
        return Ignored("The alert's result tables are empty.", event="rows-empty")
    if alert.shape == "simple" or not alert.has_identity:
        return Unsupported(
            "Neither an Azure Monitor alert (schemaId, data.essentials) nor rows with a ClusterId were found;"
            f" the body's keys are: {key_list(body)}."
        )
    return Failures(alert.event, (_alert_failure(alert, body),), alert_rule=alert.rule, total=1)


def _is_failure(end: ClusterEnd) -> bool:
    if end.has_ordinary_code or end.is_alive:
        return False
    return not end.is_successful or end.code.upper() == USER_REQUEST


def _row_key(end: ClusterEnd, alert: Alert) -> str:
    """The composite; a row without a time borrows the alert's, else is told apart by the firing."""
    at = end.at or alert.fired_at
    composite = end.composite(at)
    if at:
        return keys.capped(f"{_SLUG}:{composite}")
    return keys.fingerprint(_SLUG, alert.rule, alert.targets, composite, alert.firing)


def _row_failure(end: ClusterEnd, alert: Alert) -> Failure:
    at = end.at or alert.fired_at
    return Failure(
        source=_SLUG,
        resource_type=ResourceType.CLUSTER,
        name=end.name,
        dedup_key=_row_key(end, alert),
        run_id=end.composite(at),
        run_scope=end.workspace_id,
        family_key="" if end.at else alert.family_key(_SLUG, end.composite(None)),
        error_message=end.sentence(),
        error_code=end.code,
        severity=end.severity,
        fired_at=at,
        has_firing=bool(at or alert.firing),
        processing_mode=_MODE,
        metadata={**alert.metadata(), **end.metadata()},
    )


def _alert_failure(alert: Alert, body: Json) -> Failure:
    """A fired alert that tells no rows (log alerts V2 never embed them) is one failure by fingerprint."""
    return Failure(
        source=_SLUG,
        resource_type=ResourceType.CLUSTER,
        name=alert.rule or "Databricks clusters",
        dedup_key=alert.dedup_key(_SLUG),
        family_key=alert.family_key(_SLUG),
        error_message=alert.message() or body_as_message(body),
        severity=alert.severity or Severity.HIGH,
        fired_at=alert.fired_at,
        has_firing=bool(alert.firing),
        processing_mode=_MODE,
        metadata=alert.metadata(),
    )


SOURCE = SourceSpec(
    slug=_SLUG,
    label="Databricks clusters",
    path="/azure-monitor-alert",
    key_prefix="DBX-ALERT-",
    parse=parse,
    counts_failures=True,
    events=(
        "common-log-v1-fired",
        "common-log-v1-resolved",
        "common-log-v2-fired",
        "common-log-v2-resolved",
        "plain-log-v1-fired",
        "rows-empty",
        "rows-ended-well",
        "simple-rows-fired",
    ),
)
