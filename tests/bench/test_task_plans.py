"""No task of the clock or of a worker reads a table of tickets, deliveries, events or audit entries in full.

The acts are those of `python -m bench.plans`; the plans are SQLite's, which has the same figures on every desk.
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client, override_settings
from django.utils import timezone

from audit.models import AuditEntry
from audit.services import SYSTEM
from bench.plans.acts import Act, periodic, settings_of_the_review
from bench.plans.hearing import BIG, heard, read_whole, sqlite_plan, tables_of
from ingestion import claims
from ingestion.models import AlertEvent
from ingestion.pipeline import process_ticket
from tests.sources.payloads import declared
from tickets import services
from tickets.models import Ticket

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plans"),
]


@pytest.fixture
def used_desk(door: Client) -> None:
    """Alerts of every source: a few tickets went their way, were closed and are old, the others have long been due."""
    for recorded in declared():
        door.post(recorded.spec.path, json.dumps(recorded.body), content_type="application/json")
    for ticket_id, token in claims.claim_waiting(timezone.now(), 5):
        process_ticket(ticket_id, token)
        services.acknowledge(ticket_id, actor=SYSTEM)
    Ticket.objects.filter(acknowledged_at=None).update(sla_due_at=timezone.now() - timedelta(days=3))
    long_ago = timezone.now() - timedelta(days=400)
    closed = Ticket.objects.exclude(acknowledged_at=None)
    AlertEvent.objects.filter(touched__ticket__in=closed).update(received_at=long_ago)
    closed.update(opened_at=long_ago, acknowledged_at=long_ago, last_seen_at=long_ago)


def statements_of(act: Act) -> dict[str, list[str]]:
    with transaction.atomic():
        act.before()
        with heard() as asked:
            act.run()
        transaction.set_rollback(True)
    return {sql: sqlite_plan(sql, values) for sql, values in asked.items() if tables_of(sql)}


def test_no_task_has_a_whole_table_read(used_desk: None) -> None:
    plans: dict[str, list[str]] = {}
    with override_settings(**settings_of_the_review()):
        for act in periodic():
            plans |= statements_of(act)
    assert len(plans) > 70
    of_each = {table: sum(table in tables_of(sql) for sql in plans) for table in BIG}
    assert [table for table, number in of_each.items() if not number] == []
    assert {sql: lines for sql, lines in plans.items() if read_whole(sql, lines)} == {}


def test_whole_table_read_is_noticed() -> None:
    with heard() as asked:
        list(Ticket.objects.filter(error_code="none"))
        list(Ticket.objects.filter(error_code="none").order_by("-pk")[:5])
        list(AuditEntry.objects.order_by().values_list("action").distinct())
    assert [read_whole(sql, sqlite_plan(sql, values)) for sql, values in asked.items()] == [
        {"tickets_ticket"},
        {"tickets_ticket"},
        {"audit_auditentry"},
    ]


def test_first_rows_in_an_order_are_no_whole_table_read() -> None:
    with heard() as asked:
        list(Ticket.objects.order_by("-pk")[:5])
        Ticket.objects.filter(needs_work=True).count()
    assert len(asked) == 2
    assert [read_whole(sql, sqlite_plan(sql, values)) for sql, values in asked.items()] == [set(), set()]
