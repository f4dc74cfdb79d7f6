"""An Azure Monitor alert as plain data, whatever schema it arrived in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ingestion.sources import keys
from ingestion.sources.base import Json
from ingestion.sources.fields import Fields, compact
from tickets.choices import Severity

_SEVERITIES: dict[str, str] = {
    "sev0": Severity.CRITICAL,
    "sev1": Severity.HIGH,
    "sev2": Severity.MEDIUM,
    "sev3": Severity.LOW,
    "sev4": Severity.LOW,
    "0": Severity.CRITICAL,
    "1": Severity.HIGH,
    "2": Severity.MEDIUM,
    "3": Severity.LOW,
    "4": Severity.LOW,
    "p1": Severity.CRITICAL,
    "p2": Severity.HIGH,
    "p3": Severity.MEDIUM,
    "p4": Severity.LOW,
    "critical": Severity.CRITICAL,
    "error": Severity.HIGH,
    "high": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "informational": Severity.LOW,
    "verbose": Severity.LOW,
    "low": Severity.LOW,
}

# Rules split by a handful of dimensions; a body made of thousands must not fill the ticket with them.
_KEPT_DIMENSIONS = 30
_SERIES_ID = re.compile(r"_microsoft\.insights_metricalerts_", re.IGNORECASE)


def severity_of(text: str) -> str:
    """Sev0–Sev4, 0–4 or a word to Critical, High, Medium or Low; "" for anything else."""
    return _SEVERITIES.get(text.strip().lower(), "")


@dataclass(frozen=True, slots=True)
class Condition:
    """One criterion of a rule, with the dimensions of the series that crossed it."""

    metric: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()
    operator: str = ""
    threshold: str = ""
    value: str = ""
    query: str = ""
    link: str = ""
    aggregation: str = field(default="", compare=False)

    def fields(self) -> Fields:
        """The dimensions, to be searched by name."""
        return Fields.of(dict(self.dimensions))


@dataclass(frozen=True, slots=True)
class Alert:
    """`shape` is the schema, `kind` what fired; together with the state they name the event."""

    shape: str
    kind: str
    rule: str
    is_resolved: bool = False
    alert_id: str = ""
    origin_id: str = ""
    targets: tuple[str, ...] = ()
    severity: str = ""
    description: str = ""
    service: str = ""
    fired_at: datetime | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    rows: tuple[Json, ...] = ()
    has_tables: bool = False
    fields: Fields = field(default_factory=Fields.of)
    context: Fields = field(default_factory=Fields.of)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def event(self) -> str:
        """The declared event type, e.g. `common-metric-fired`."""
        return f"{self.shape}-{self.kind}-{'resolved' if self.is_resolved else 'fired'}"

    @property
    def has_identity(self) -> bool:
        """Whether anything tells this alert from another one: a rule, a target or an id."""
        return bool(self.rule or self.targets or self.alert_id or self.origin_id)

    @property
    def firing(self) -> str:
        """What this firing has and the next one has not; "" when the body does not tell.

        A metric alert's originAlertId (`…_microsoft.insights_metricAlerts_<rule>_<hash>`) names the rule's
        series and returns with every firing, so the alert id is added to it.
        """
        own = self.alert_id or (self.fired_at.isoformat() if self.fired_at else "")
        if self.origin_id and not _SERIES_ID.search(self.origin_id):
            return self.origin_id
        return f"{self.origin_id} {own}" if self.origin_id and own else own

    @property
    def dimensions(self) -> dict[str, str]:
        """All dimensions of all conditions; of two of one name, the first."""
        merged: dict[str, str] = {}
        for condition in self.conditions:
            for name, value in condition.dimensions:
                merged.setdefault(name, value)
        return merged

    def dedup_key(self, source: str) -> str:
        """Rule, targets, dimensions and firing."""
        return keys.fingerprint(source, self.rule, self.targets, self._series(), self.firing)

    def family_key(self, source: str, *more: str) -> str:
        """Rule, targets and dimensions: the same for each firing. `more` tells rows of one alert apart."""
        return keys.family(source, self.rule, self.targets, self._series(), *more)

    def _series(self) -> list[str]:
        return [f"{name}={value}" for name, value in self.dimensions.items()]

    def message(self) -> str:
        """The description, else the most telling sentence the alert allows, else ""."""
        return (
            self.description
            or self.context.text("detectionsummary", "activitylogeventdescription")
            or (self.condition_sentence())
        )

    def condition_sentence(self) -> str:
        """`PipelineFailedRuns 3 GreaterThan 0 (Name=load_sales)`, for rules without a description."""
        for condition in self.conditions:
            if what := condition.metric or condition.query:
                where = ", ".join(f"{name}={value}" for name, value in condition.dimensions)
                measured = f"{what} {condition.value} {condition.operator} {condition.threshold}".strip()
                return f"{measured} ({where})" if where else measured
        return ""

    def metadata(self) -> Mapping[str, Any]:
        """The facts worth keeping with a ticket, as plain strings."""
        first = self.conditions[0] if self.conditions else Condition()
        return {
            **compact(
                alert_rule=self.rule,
                alert_id=self.alert_id,
                monitoring_service=self.service,
                target=self.targets[0] if self.targets else "",
                metric_name=first.metric,
                metric_value=first.value,
                metric_operator=first.operator,
                metric_threshold=first.threshold,
                search_query=first.query,
                link_to_results=first.link,
                dimensions=dict(list(self.dimensions.items())[:_KEPT_DIMENSIONS]),
            ),
            **self.facts,
        }
