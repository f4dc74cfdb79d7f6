"""A batch is a matter of speed only: the same alerts end the same, taken one by one or all in one transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit import actions
from audit.models import AuditEntry
from audit.services import SYSTEM
from ingestion import services
from ingestion.answers import Answer
from ingestion.batch import Batch, place
from ingestion.identity import Placement
from ingestion.models import AlertEvent, EventTicket
from ingestion.reading import Inbound, Reading, read
from ingestion.sources import registry
from tests.support.alerts import data_factory_alert, data_factory_forms, databricks_forms
from tickets import counter_store
from tickets.models import CounterDelta, CounterTotal, IdentityGuard, LiveEvent, Ticket

pytestmark = pytest.mark.django_db

RUN = "0a0b0c0d-2222-3333-4444-555555555555"


def metric_alert(condition: str = "Fired", origin: str = "o-1") -> dict[str, Any]:
    """An alert of a rule that names no run; its re-notification comes under another id."""
    alert = data_factory_alert()
    alert["data"]["essentials"] |= {
        "signalType": "Metric",
        "monitoringService": "Platform",
        "monitorCondition": condition,
        "alertId": f"/subscriptions/0f0e/providers/Microsoft.AlertsManagement/alerts/{origin}",
        "originAlertId": origin,
    }
    condition_of = {"windowSize": "PT5M", "allOf": [{"metricName": "PipelineFailedRuns", "dimensions": []}]}
    alert["data"]["alertContext"] = {
        "conditionType": "SingleResourceMultipleMetricCriteria",
        "condition": condition_of,
    }
    return alert


JOB, TASK, RELAYED = (body for _, body in databricks_forms(555))
ELSEWHERE = {**JOB, "workspace_id": 88}
SUCCESS = {**JOB, "event_type": "jobs.on_success", "run": {"run_id": 556}}
WARNING = {**JOB, "event_type": "jobs.on_duration_warning_threshold_exceeded"}
CASES: dict[str, tuple[str, list[Any]]] = {
    "forms of one run": ("/azure-monitor", [body for _, body in data_factory_forms(RUN)]),
    "two runs and a stranger": ("/azure-monitor", [data_factory_alert(), {"a": 1}, data_factory_alert()]),
    "workspace told later": ("/databricks-monitor", [RELAYED, TASK, JOB, RELAYED]),
    "repeated, then a run that succeeds": ("/databricks-monitor", [JOB, JOB, TASK, SUCCESS, JOB]),
    "warned of, repeated, failed": ("/databricks-monitor", [WARNING, WARNING, JOB, JOB, WARNING]),
    "two workspaces": ("/databricks-monitor", [JOB, ELSEWHERE, RELAYED, RELAYED, TASK]),
    "one of two workspaces": ("/databricks-monitor", [RELAYED, JOB, ELSEWHERE, RELAYED]),
    "told again under another id": ("/azure-monitor", [metric_alert(), metric_alert(origin="o-2")]),
    "resolved and fired anew": (
        "/azure-monitor",
        [metric_alert(), metric_alert("Resolved"), metric_alert(origin="o-2")],
    ),
    "malformed in between": ("/azure-monitor", [data_factory_alert(RUN), b"{", data_factory_alert(RUN)]),
}


def readings(path: str, bodies: Sequence[Any]) -> list[Reading]:
    spec = next(spec for spec in registry().values() if spec.path == path)
    raw = [body if isinstance(body, bytes) else json.dumps(body).encode() for body in bodies]
    return [read(spec, Inbound(body)) for body in raw]


def outcome(answers: Sequence[Answer]) -> list[tuple[Any, ...]]:
    """What was told and stored, with tickets by their order instead of their keys."""
    numbers: dict[str, int] = {}
    told = []
    for answer in answers:
        body = answer.body
        keys = [entry["ticket_id"] for entry in body.get("tickets", ())]
        tickets = [numbers.setdefault(key, len(numbers)) for key in keys]
        told.append((answer.http_status, body.get("status"), body.get("existing_status"), tickets))
    rows = Ticket.objects.values_list("occurrences", "version", "status", "run_scope", "dedup_key")
    acts = AuditEntry.objects.filter(ticket_key__in=numbers).order_by("id")
    recorded = [(entry.action, numbers[entry.ticket_key], entry.details.get("occurrences")) for entry in acts]
    assert not counter_store.reconcile(repair=False)
    return [*told, *sorted(rows), *recorded, (EventTicket.objects.count(), LiveEvent.objects.count())]


@pytest.mark.parametrize("auto_close", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_one_by_one_and_all_together_end_the_same(name: str, auto_close: bool, settings: Settings) -> None:
    settings.AUTO_CLOSE_ON_RESOLVED = auto_close
    path, bodies = CASES[name]
    found = readings(path, bodies)
    together = outcome(services.receive_together(found, 0))
    for model in (AlertEvent, Ticket, LiveEvent, IdentityGuard, CounterDelta, CounterTotal):
        model._default_manager.all().delete()
    alone = outcome([services.receive_together([reading], 0)[0] for reading in found])
    assert together == alone


def test_failure_that_came_by_another_way_is_placed_by_the_same_rules() -> None:
    """A run that the worker found by asking the vendor, after the alert for it had come in by the door."""
    (reading,) = readings("/azure-monitor", [data_factory_alert(RUN)])
    services.receive_together([reading], 0)
    known, new = reading.failures[0], readings("/azure-monitor", [data_factory_alert()])[0].failures[0]
    verdicts = [place(f, key_prefix="ADF-", now=timezone.now(), actor=SYSTEM).verdict for f in (known, new)]
    assert verdicts == ["duplicate", "created"]
    assert Ticket.objects.count() == 2


def test_a_storm_of_known_failures_is_stored_by_as_many_statements_as_one() -> None:
    bodies = [data_factory_alert() for _ in range(20)]
    services.receive_together(readings("/azure-monitor", bodies), 0)
    one, storm = readings("/azure-monitor", bodies[:1]), readings("/azure-monitor", bodies)
    with CaptureQueriesContext(connection) as for_one:
        services.receive_together(one, 0)
    with CaptureQueriesContext(connection) as for_all:
        services.receive_together(storm, 0)
    assert len(for_all) == len(for_one)
    assert sorted(Ticket.objects.values_list("occurrences", flat=True)) == [2] * 19 + [3]


def test_reports_of_one_batch_are_numbered_in_the_record() -> None:
    services.receive_together(readings("/databricks-monitor", [JOB] * 4), 0)
    told = AuditEntry.objects.filter(action=actions.DUPLICATE_DETECTED).order_by("id")
    assert [entry.details["occurrences"] for entry in told] == [2, 3, 4]
    ticket = Ticket.objects.get()
    assert (ticket.occurrences, ticket.version) == (4, 4)
    assert ticket.last_seen_at == ticket.changed_at > ticket.opened_at


def test_report_that_is_counted_when_another_fails_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch is taken back and each alert is tried alone: what was only kept in memory is gone with it."""
    services.receive_together(readings("/databricks-monitor", [JOB]), 0)
    real = Batch.touch

    def refuse(self: Batch, event: AlertEvent, placements: Sequence[Placement]) -> None:
        if placements and b"poison" in event.body:
            raise ValueError("a fault of ours")
        real(self, event, placements)

    monkeypatch.setattr(Batch, "touch", refuse)
    bodies = [JOB, {**JOB, "note": "poison"}, JOB]
    answers = services.receive_together(readings("/databricks-monitor", bodies), 0)
    assert [answer.body["status"] for answer in answers] == [
        "duplicate_ignored",
        "unsupported",
        "duplicate_ignored",
    ]
    assert Ticket.objects.get().occurrences == 3
    assert not counter_store.reconcile(repair=False)
