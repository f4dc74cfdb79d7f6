"""`/metrics` tells of every floor of the house, and the dashboard and the alert rules name only what it tells."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from ingestion import worker_pulse
from ingestion.models import WorkerPulse
from integrations.models import Channel, Delivery, Operation
from integrations.vendor_metrics import observe_call
from rca.models import Analysis
from tests.support.alerts import data_factory_alert
from tests.support.factories import TicketFactory
from tests.support.posting import ADF, post
from tickets.choices import Status
from tickets.models import Ticket
from tickets.tasks import watch_sla

OBSERVE = Path(__file__).resolve().parents[2] / "docker/observe"
NAME = re.compile(r"\baiops_[a-z_]+")

pytestmark = pytest.mark.django_db(transaction=True)


def scrape() -> dict[str, dict[frozenset[str], float]]:
    """Name of each sample → the values of its labels → its value."""
    text = Client().get("/metrics").content.decode()
    found: dict[str, dict[frozenset[str], float]] = defaultdict(dict)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name][frozenset(sample.labels.values())] = sample.value
    return found


def value(name: str, *labels: str) -> float:
    return scrape()[name].get(frozenset(labels), 0.0)


def declared() -> set[str]:
    """Names of the families, and of the samples that each kind of family has, used or not."""
    text = Client().get("/metrics").content.decode()
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    parts = [
        f"{name}{part}"
        for name, kind in kinds.items()
        if kind == "histogram"
        for part in ("_bucket", "_count", "_sum")
    ]
    return {*kinds, *parts}


def test_alert_is_counted_by_source_and_answer(door: Client) -> None:
    before = (
        value("aiops_alerts_total", "adf", "accepted"),
        value("aiops_alerts_total", "adf", "duplicate_ignored"),
    )
    body = data_factory_alert()
    post(door, ADF, body)
    post(door, ADF, body)
    after = (
        value("aiops_alerts_total", "adf", "accepted"),
        value("aiops_alerts_total", "adf", "duplicate_ignored"),
    )
    assert after == (before[0] + 1, before[1] + 1)


def test_waiting_work_and_missed_times_are_told_from_the_database() -> None:
    now = timezone.now()
    ticket = TicketFactory(needs_work=True, status=Status.OPEN)
    Ticket.objects.filter(pk=ticket.pk).update(
        opened_at=now - timedelta(seconds=90), sla_due_at=now - timedelta(seconds=1)
    )
    Delivery.objects.create(
        ticket=ticket,
        channel=Channel.JIRA,
        operation=Operation.CREATE,
        created_at=now - timedelta(seconds=60),
    )
    assert value("aiops_worker_seen_seconds") == float("inf")
    WorkerPulse.objects.update_or_create(
        name=worker_pulse.NAME, defaults={"seen_at": now - timedelta(seconds=30)}
    )
    assert value("aiops_database_up") == 1
    assert value("aiops_tickets_waiting") == 1
    assert 90 <= value("aiops_tickets_waiting_oldest_seconds") < 120
    assert 60 <= value("aiops_deliveries_oldest_seconds", "jira") < 90
    assert value("aiops_deliveries_open", "jira", "pending") == 1
    assert value("aiops_sla_overdue_tickets") == 1
    assert 30 <= value("aiops_worker_seen_seconds") < 60


def test_clock_that_nobody_looks_at_is_told() -> None:
    assert value("aiops_clock_seen_seconds") == float("inf")
    watch_sla()
    assert value("aiops_clock_seen_seconds") < 30


def test_analysis_is_counted_with_its_tokens_and_a_reused_one_without() -> None:
    ticket = TicketFactory()
    before = value("aiops_model_tokens_total", "gemini", "input")
    reused = value("aiops_analyses_total", "gemini", "reused")
    first = Analysis.objects.create(
        ticket=ticket, provider="gemini", input_tokens=700, output_tokens=90, duration_ms=800
    )
    Analysis.objects.create(ticket=ticket, provider="gemini", input_tokens=700, reused_from=first)
    assert value("aiops_model_tokens_total", "gemini", "input") == before + 700
    assert value("aiops_model_tokens_total", "gemini", "output") >= 90
    assert value("aiops_analyses_total", "gemini", "reused") == reused + 1
    assert value("aiops_analysis_seconds_count", "gemini") >= 1


def test_scrape_costs_the_same_at_any_number_of_tickets(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    TicketFactory.create_batch(20)
    with django_assert_max_num_queries(17):
        scrape()


def test_every_metric_of_the_alert_rules_exists() -> None:
    observe_call("jira", "2xx", 0.1)
    rules = yaml.safe_load((OBSERVE / "alerts.yml").read_text())
    told = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert len(told) >= 10
    assert {name for expression in told for name in NAME.findall(expression)} <= declared()


def test_every_metric_of_the_dashboard_exists_and_every_metric_is_on_it() -> None:
    dashboard = json.loads((OBSERVE / "grafana-dashboard.json").read_text())
    used = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in NAME.findall(target["expr"])
    }
    assert used <= declared()
    shown = {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in used}
    ours = {re.sub(r"_total$", "", name) for name in declared() if name.startswith("aiops_")}
    ours = {re.sub(r"_(bucket|count|sum)$", "", name) for name in ours if not name.endswith("_created")}
    assert ours - shown == set()


@pytest.mark.django_db
def test_metrics_without_a_token_are_for_callers_of_this_machine_only(settings: Settings) -> None:
    settings.METRICS_TOKEN, settings.TRUST_PROXY = "", True
    asked: tuple[dict[str, str], ...] = (
        {"REMOTE_ADDR": "127.0.0.1"},
        {"REMOTE_ADDR": "10.0.0.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"REMOTE_ADDR": "10.0.0.7", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    )
    answers = [Client().get("/metrics", **sent).status_code for sent in asked]  # type: ignore[arg-type]
    assert answers == [200, 401, 401, 401]
