"""Prometheus: what the door answered, and how long its answers took, in this process."""

from __future__ import annotations

import collections
from collections.abc import Iterable

from prometheus_client import Counter, Histogram

from ingestion.answers import Answer
from ingestion.reading import Reading

ALERTS = Counter(
    "aiops_alerts_total", "Alerts that were answered, by source and answer.", ["source", "answer"]
)
ALERT_SECONDS = Histogram(
    "aiops_alert_answer_seconds",
    "From an alert's first byte to its answer, the commit included.",
    ["source"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


def count_answers(readings: Iterable[Reading], told: Iterable[Answer]) -> None:
    """After the commit. `answer` is the answer's status, or the HTTP status where it has none."""
    pairs = zip(readings, told, strict=True)
    kinds = ((reading.spec.slug, str(a.body.get("status", a.http_status))) for reading, a in pairs)
    for labels, number in collections.Counter(kinds).items():
        ALERTS.labels(*labels).inc(number)
