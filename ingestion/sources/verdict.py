"""Which Azure Monitor alerts become tickets (contract, "What becomes a ticket at /azure-monitor")."""

from __future__ import annotations

from audit import actions
from ingestion.sources.alerts import Alert
from ingestion.sources.base import Ignored
from ingestion.sources.fields import Fields

_UNHEALTHY = frozenset({"unavailable", "degraded"})


def why_ignored(alert: Alert, source: str, dedup_keys: tuple[str, ...] = ()) -> Ignored | None:
    """The sentence for an alert that is understood and needs nobody; None for one that does.

    `dedup_keys` are those of the runs that the alert names; the alert's own are added.
    """
    if alert.is_resolved:
        return _resolved(alert, source, f'The alert "{alert.rule}" is resolved.', dedup_keys)
    if alert.kind == "budget":
        return Ignored("A cost or budget alert is no failure.", event=alert.event)
    if alert.kind == "activity-log":
        action = Fields.of(alert.context.object("authorization")).scalar("action")
        what = alert.context.scalar("operationname") or action or alert.rule
        return Ignored(f'An activity log entry ("{what}") is no failure.', event=alert.event)
    if alert.kind == "resource-health":
        return _resource_health(alert, source)
    if alert.kind == "service-health":
        return _service_health(alert)
    return None


def _resolved(alert: Alert, source: str, reason: str, dedup_keys: tuple[str, ...] = ()) -> Ignored:
    return Ignored(
        reason,
        event=alert.event,
        audit_action=actions.ALERT_RESOLVED,
        dedup_keys=(*dedup_keys, alert.dedup_key(source)),
        family_key=alert.family_key(source),
    )


def _resource_health(alert: Alert, source: str) -> Ignored | None:
    status = Fields.of(alert.context.object("properties")).scalar("currenthealthstatus")
    if status.lower() in _UNHEALTHY:
        return None
    if status.lower() == "available":
        return _resolved(alert, source, "The resource is available again.")
    return Ignored(f'A resource health of "{status or "unknown"}" is no failure.', event=alert.event)


def _service_health(alert: Alert) -> Ignored | None:
    kind = Fields.of(alert.context.object("properties")).scalar("incidenttype")
    operation = alert.context.scalar("operationname").lower()
    if (kind or operation).lower() in ("incident", "microsoft.servicehealth/incident/action"):
        return None
    return Ignored(
        f'A service health notice of type "{kind or operation}" is no incident.', event=alert.event
    )
