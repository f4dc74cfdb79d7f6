"""Prometheus: how the work stands, read from the database at each scrape, so that every process tells the same.

Only what an index answers: a scrape may come every few seconds, at any number of tickets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from django.db import DatabaseError
from django.db.models import Min
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from aiops.health.probes import oldest_opening
from audit.integrity import integrity_state
from ingestion import worker_pulse
from integrations.models import ACTIVE, Delivery
from tickets.choices import Status
from tickets.models import NOT_ACKNOWLEDGED, ClockPulse, Ticket
from tickets.pulse import NAME
from tickets.summary import summary


def _counted() -> Iterator[GaugeMetricFamily]:
    """Out of the summary's counters, read once."""
    family = GaugeMetricFamily("aiops_tickets", "Tickets by status.", labels=["status"])
    told = summary()
    for status, name in (
        (Status.OPEN, "open_tickets"),
        (Status.IN_PROGRESS, "in_progress_tickets"),
        (Status.ACKNOWLEDGED, "acknowledged_tickets"),
    ):
        family.add_metric([status], told[name])
    yield family
    yield GaugeMetricFamily(
        "aiops_sla_breached_tickets", "Tickets, open or not, that missed their SLA.", told["sla_breached"]
    )


def _waiting() -> Iterator[GaugeMetricFamily]:
    waiting = Ticket.objects.filter(needs_work=True).order_by()
    yield GaugeMetricFamily("aiops_tickets_waiting", "Tickets that wait for a worker.", waiting.count())
    yield GaugeMetricFamily(
        "aiops_tickets_waiting_oldest_seconds",
        "Age of the oldest of them; 0 when none waits.",
        _age(oldest_opening()),
    )


def _deliveries() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "aiops_deliveries_oldest_seconds", "How long the oldest open delivery has waited.", labels=["channel"]
    )
    waiting = Delivery.objects.filter(state__in=ACTIVE).order_by()
    for row in waiting.values("channel").annotate(at=Min("created_at")):
        family.add_metric([row["channel"]], _age(row["at"]))
    return family


def _sla() -> GaugeMetricFamily:
    running = Ticket.objects.filter(NOT_ACKNOWLEDGED).order_by()
    overdue = running.filter(sla_due_at__lt=timezone.now()).count()
    return GaugeMetricFamily("aiops_sla_overdue_tickets", "Unacknowledged tickets past their time.", overdue)


def _worker() -> GaugeMetricFamily:
    seen = worker_pulse.last_seen()
    silent = _age(seen) if seen is not None else float("inf")
    return GaugeMetricFamily(
        "aiops_worker_seen_seconds", "Since a worker last took up work on tickets; infinite before.", silent
    )


def _clock() -> GaugeMetricFamily:
    seen = ClockPulse.objects.filter(name=NAME).values_list("seen_at", flat=True).first()
    silent = _age(seen) if seen is not None else float("inf")
    return GaugeMetricFamily(
        "aiops_clock_seen_seconds", "Since somebody last looked at the SLA clock; infinite before.", silent
    )


def _record() -> GaugeMetricFamily:
    verdict = integrity_state().verdict
    return GaugeMetricFamily(
        "aiops_audit_broken", "1 when the audit trail did not verify.", float(verdict == "broken")
    )


def _age(since: datetime | None) -> float:
    return max((timezone.now() - since).total_seconds(), 0.0) if since is not None else 0.0


READERS: tuple[Callable[[], GaugeMetricFamily | Iterator[GaugeMetricFamily]], ...] = (
    _counted, _waiting, _deliveries, _sla, _worker, _clock, _record,
)  # fmt: skip


class Standing(Collector):
    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        """What can be read; nothing where the database is away, which `aiops_database_up` tells."""
        try:
            found = [family for reader in READERS for family in _families(reader())]
        except DatabaseError:
            found = []
        yield GaugeMetricFamily("aiops_database_up", "1 when the database answers.", float(bool(found)))
        yield from found


def _families(read: GaugeMetricFamily | Iterator[GaugeMetricFamily]) -> Iterable[GaugeMetricFamily]:
    return [read] if isinstance(read, GaugeMetricFamily) else read


registry = CollectorRegistry()
registry.register(Standing())
