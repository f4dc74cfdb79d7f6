"""Prometheus: how deliveries ended in this process, and how many wait or stand still in the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import DatabaseError
from django.db.models import Count
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from audit.metrics import database_registry
from integrations.models import ACTIVE, Delivery, State

DELIVERIES = Counter(
    "aiops_deliveries_total", "Delivery attempts by how they ended.", ["channel", "operation", "outcome"]
)


def count(delivery: Delivery, outcome: str) -> None:
    DELIVERIES.labels(delivery.channel, delivery.operation, outcome).inc()


class OpenDeliveries(Collector):
    """Read at each scrape, so that every web process tells the same whichever worker did the sending."""

    def describe(self) -> Iterable[Metric]:
        return [_family()]

    def collect(self) -> Iterator[Metric]:
        family = _family()
        try:
            standing = Delivery.objects.filter(state__in=[*ACTIVE, State.PARKED]).order_by()
            for row in standing.values("channel", "state").annotate(number=Count("id")):
                family.add_metric([row["channel"], row["state"]], row["number"])
        except DatabaseError:
            return
        yield family


def _family() -> GaugeMetricFamily:
    return GaugeMetricFamily(
        "aiops_deliveries_open", "Deliveries that wait, retry or are parked.", labels=["channel", "state"]
    )


def register() -> None:
    database_registry.register(OpenDeliveries())
