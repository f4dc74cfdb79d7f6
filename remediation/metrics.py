"""Prometheus: attempts by playbook and state, read from the database at each scrape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import DatabaseError
from django.db.models import Count
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from audit.metrics import database_registry
from remediation.models import Attempt, KillSwitch


class Attempts(Collector):
    def describe(self) -> Iterable[Metric]:
        return [_attempts(), _stopped()]

    def collect(self) -> Iterator[Metric]:
        attempts, stopped = _attempts(), _stopped()
        try:
            for row in Attempt.objects.order_by().values("playbook", "state").annotate(number=Count("id")):
                attempts.add_metric([row["playbook"], row["state"]], row["number"])
            stopped.add_metric([], int(KillSwitch.objects.filter(is_on=True).exists()))
        except DatabaseError:
            return
        yield attempts
        yield stopped


def _attempts() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "aiops_remediation_attempts",
        "Attempts at repairing, by playbook and state.",
        labels=["playbook", "state"],
    )


def _stopped() -> GaugeMetricFamily:
    return GaugeMetricFamily("aiops_remediation_stopped", "1 while the kill switch is on.")


def register() -> None:
    database_registry.register(Attempts())
