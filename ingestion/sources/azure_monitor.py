"""From the schemas of Azure Monitor to one `Alert`. Dispatch is on shape; nothing is taken from a name alone.

The schemas are those of Microsoft's pages "Common alert schema" and "Non-common alert schema definitions";
the Alerts Management object is what the REST API and the Failure Anomalies page print for the same alert.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ingestion.sources.alerts import Alert, Condition, severity_of
from ingestion.sources.base import Json
from ingestion.sources.envelope import alert_data
from ingestion.sources.fields import Fields, as_list, as_object, compact, fold, fold_keys, scalar_text
from ingestion.sources.tables import read_rows
from ingestion.sources.times import parse_duration, parse_time

_RESOLVED = frozenset({"resolved", "deactivated"})
_LONG_WINDOW_SECONDS = 900
_LINKS = ("linktofilteredsearchresultsapi", "linktosearchresultsapi", "linktosearchresults")


def read_alert(body: Json) -> Alert | None:
    """The alert in an unwrapped body, or None when the body is none of Azure Monitor's."""
    data = alert_data(body)
    schema = scalar_text(body.get("schemaId") or as_object(body.get("data")).get("schemaId")).lower()
    properties = as_object(body.get("properties"))
    if isinstance(properties.get("essentials"), dict):
        return _common("alerts-management", body, properties, fold_keys(properties.get("context")))
    for holder in (data, body):
        if isinstance(holder.get("essentials"), dict) or isinstance(holder.get("alertContext"), dict):
            return _common("common", body, holder, fold_keys(holder.get("alertContext")))
    if schema == "aip budget notification":
        return _budget(data)
    if schema == "microsoft.insights/logalert" or _is_log_v1(data):
        return _log_v1(data, body)
    if _is_log_v1(body):
        return _log_v1(body, body)
    for holder in (data, body):
        context = as_object(holder.get("context"))
        if isinstance(context.get("activityLog"), dict):
            return _activity_log(holder, as_object(context["activityLog"]))
        if "conditionType" in context or isinstance(context.get("condition"), dict):
            return _metric("plain" if schema else "classic", body, holder, context)
    return None


def _is_log_v1(holder: Json) -> bool:
    """A log alert V1 by its query, or a custom JSON of one, which may carry nothing but the result."""
    if "AlertRuleName" in holder and "SearchQuery" in holder:
        return True
    return isinstance(holder.get("SearchResult") or holder.get("SearchResults"), dict)


def _common(shape: str, body: Json, holder: Json, context: Json) -> Alert:
    essentials = Fields.of(holder.get("essentials"))
    condition = fold_keys(context.get("condition"))
    conditions = _conditions(condition, context)
    rows, has_tables = read_rows(context.get("searchresults") or context.get("searchresult"))
    service = essentials.scalar("monitoringservice", "monitorservice")
    fired_at = parse_time(essentials.raw("fireddatetime", "startdatetime"))
    outer = {} if holder is body else body
    return Alert(
        shape=shape,
        kind=_kind(fold(service), fold(essentials.scalar("signaltype")), context, conditions),
        rule=_rule_name(essentials.scalar("alertrule", limit=1000)),
        is_resolved=essentials.scalar("monitorcondition").lower() in _RESOLVED,
        alert_id=essentials.identifier("alertid") or scalar_text(outer.get("id")),
        origin_id=_tracking_id(context) or essentials.scalar("originalertid", "sourcecreatedid", limit=1000),
        targets=_texts(essentials.raw("alerttargetids", "targetresource")),
        severity=severity_of(essentials.scalar("severity")),
        description=essentials.text("description"),
        service=service,
        fired_at=fired_at,
        **_window(condition, context, fired_at),
        conditions=conditions,
        rows=rows,
        has_tables=has_tables,
        fields=_simple_places(context, holder, outer),
        context=Fields((context,)),
        facts=compact(
            investigation_link=essentials.scalar("investigationlink", limit=2000),
            custom_properties=_plain(holder.get("customProperties") or context.get("properties")),
        ),
    )


def _simple_places(context: Json, holder: Json, outer: Json) -> Fields:
    """Where an alert may carry the simple form besides its own fields, the most specific place first."""
    return Fields.of(
        context.get("properties"),
        holder.get("customProperties"),
        holder.get("properties"),
        holder,
        holder.get("essentials"),
        outer.get("properties"),
        outer,
    )


def _metric(shape: str, body: Json, holder: Json, context: Json) -> Alert:
    """`AzureMonitorMetricAlert`, and the retired classic metric alert, whose numbers are strings."""
    outer, fields = Fields.of(holder), Fields.of(context)
    condition = fold_keys(context.get("condition"))
    conditions = _conditions(condition, {})
    fired_at = parse_time(fields.raw("timestamp"))
    return Alert(
        shape=shape,
        kind="availability" if _is_availability(fold_keys(context), conditions) else "metric",
        rule=fields.scalar("name") or _rule_name(fields.scalar("id", limit=1000)),
        is_resolved=outer.scalar("status").lower() in _RESOLVED,
        targets=_texts(fields.raw("resourceid")),
        severity=severity_of(fields.scalar("severity")),
        description=fields.text("description"),
        service="Platform",
        fired_at=fired_at,
        **_window(condition, {}, fired_at),
        conditions=conditions,
        fields=Fields.of(holder.get("properties"), holder, body.get("properties")),
        context=fields,
        facts=compact(
            portal_link=fields.scalar("portallink", limit=2000),
            custom_properties=_plain(holder.get("properties")),
        ),
    )


def _log_v1(holder: Json, body: Json) -> Alert:
    fields = Fields.of(holder)
    rows, has_tables = read_rows(holder.get("SearchResult") or holder.get("SearchResults"))
    sources = as_list(as_object(holder.get("SearchResult")).get("dataSources"))
    targets = _texts([as_object(item).get("resourceId") for item in sources])
    end = parse_time(fields.raw("searchintervalendtimeutc"))
    return Alert(
        shape="plain",
        kind="log-v1",
        rule=fields.scalar("alertrulename", "alertname"),
        targets=targets or _texts([fields.scalar("workspaceid", "applicationid")]),
        severity=severity_of(fields.scalar("severity")),
        description=fields.text("description", "text"),
        service="Application Insights" if "ApplicationId" in holder else "Log Analytics",
        fired_at=end,
        window_start=parse_time(fields.raw("searchintervalstarttimeutc")),
        window_end=end,
        conditions=_conditions({}, fold_keys(holder)),
        rows=rows,
        has_tables=has_tables,
        fields=Fields.of(holder.get("properties"), body.get("properties")),
        context=fields,
    )


def _activity_log(holder: Json, log: Json) -> Alert:
    fields = Fields.of(log)
    context = fields.layers[0] if fields.layers else {}
    properties = Fields.of(fields.object("properties"))
    return Alert(
        shape="plain",
        kind=_activity_kind(context),
        rule=properties.scalar("title") or fields.scalar("operationname"),
        alert_id=fields.identifier("eventdataid"),
        origin_id=_tracking_id(context),
        targets=_texts(fields.raw("resourceid") or fields.raw("subscriptionid")),
        description=fields.text("description") or properties.text("details", "title"),
        service=fields.scalar("eventsource"),
        fired_at=parse_time(fields.raw("eventtimestamp")),
        fields=Fields.of(holder.get("properties")),
        context=fields,
    )


def _budget(data: Json) -> Alert:
    fields = Fields.of(data)
    return Alert(
        shape="plain", kind="budget", rule=fields.scalar("budgetname"), service="CostAlerts", context=fields
    )


def _kind(service: str, signal: str, context: Json, conditions: tuple[Condition, ...]) -> str:
    """What fired. The monitoring service says it where it is named; the context's form where it is not."""
    if service == "costalerts" or "alertdata" in context:
        return "budget"
    if (
        signal == "activitylog"
        or service.startswith("activitylog")
        or service in ("servicehealth", "resourcehealth")
    ):
        return _activity_kind(context, service)
    if service in ("smartdetector", "prometheus"):
        return "smart-detector" if service == "smartdetector" else "prometheus"
    if "searchresults" in context or ("searchquery" in context and "condition" not in context):
        return "log-v1"
    if _is_availability(context, conditions):
        return "availability"
    if (
        service.startswith("logalertsv2")
        or fold(scalar_text(context.get("conditiontype"))) == "logquerycriteria"
    ):
        return "log-v2"
    if signal == "log":
        return "log-v1" if service in ("loganalytics", "applicationinsights") else "log-v2"
    if signal == "metric" or any(condition.metric for condition in conditions):
        return "metric"
    return "alert"


def _activity_kind(context: Json, service: str = "") -> str:
    source = fold(scalar_text(context.get("eventsource")))
    operation = scalar_text(context.get("operationname")).lower()
    for name, kind in (("servicehealth", "service-health"), ("resourcehealth", "resource-health")):
        if name in (service, source) or operation.startswith(f"microsoft.{name}/"):
            return kind
    return "activity-log"


def _is_availability(context: Json, conditions: tuple[Condition, ...]) -> bool:
    kind = scalar_text(context.get("conditiontype")).lower()
    return kind == "webtestlocationavailabilitycriteria" or any(
        c.metric == "FailedLocation" for c in conditions
    )


def _conditions(condition: Json, context: Json) -> tuple[Condition, ...]:
    """The criteria under `allOf`; a classic condition is its own only one; V1 keeps it in the context."""
    criteria = as_list(condition.get("allof")) or [source for source in (condition, context) if source][:1]
    found = tuple(_condition(Fields.of(item)) for item in criteria if isinstance(item, dict))
    return tuple(item for item in found if item != Condition())


def _condition(fields: Fields) -> Condition:
    dimensions = fields.raw("dimensions", "labels")
    if isinstance(dimensions, dict):
        pairs: Iterable[tuple[Any, Any]] = dimensions.items()
    else:
        named = [fold_keys(item) for item in as_list(dimensions)]
        pairs = [(item.get("name"), item.get("value")) for item in named]
    return Condition(
        metric=fields.scalar("metricname"),
        dimensions=tuple((scalar_text(n), scalar_text(v, 4000)) for n, v in pairs if scalar_text(n)),
        operator=fields.scalar("operator", "alertthresholdoperator"),
        threshold=fields.scalar("threshold", "alertthresholdvalue"),
        value=fields.scalar("metricvalue", "resultcount", "expressionvalue"),
        query=fields.scalar("searchquery", "expression", limit=2000),
        link=fields.scalar(*_LINKS, limit=4000),
        aggregation=fields.scalar("timeaggregation"),
    )


def _window(condition: Json, context: Json, fired_at: Any = None) -> dict[str, Any]:
    """The evaluated period; derived where only its length is given and that exceeds a quarter of an hour."""
    fields = Fields((condition, context))
    start = parse_time(fields.raw("windowstarttime", "searchintervalstarttimeutc"))
    end = parse_time(fields.raw("windowendtime", "searchintervalendtimeutc"))
    length = parse_duration(condition.get("windowsize"))
    if (
        start is None
        and end is None
        and fired_at
        and length
        and length.total_seconds() > _LONG_WINDOW_SECONDS
    ):
        start, end = fired_at - length, fired_at
    return {"window_start": start, "window_end": end}


def _tracking_id(context: Json) -> str:
    """All notices of one service incident carry its tracking id."""
    return Fields.of(as_object(context.get("properties"))).identifier("trackingid")


def _rule_name(rule: str) -> str:
    """Rules are named, except in Alerts Management objects, which give the rule's resource id."""
    return rule.rsplit("/", 1)[-1] if rule.lower().startswith("/subscriptions/") else rule[:255]


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(text for text in (scalar_text(item, 1000) for item in values) if text)


def _plain(value: Any) -> dict[str, str]:
    """At most twenty custom properties, as strings."""
    pairs = (
        (scalar_text(name), scalar_text(item, 500)) for name, item in list(as_object(value).items())[:20]
    )
    return {name: text for name, text in pairs if name and text}
