"""A task that finds nothing to do does not walk the tables to find that out, however its plan is worded.

Counted are the steps of SQLite's virtual machine: a walk takes some three for a row, and nothing here as many as rows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from aiops.health.probes import oldest_opening
from audit import counts
from audit.models import AuditCountMark, AuditEntry
from bench.plans.acts import settings_of_the_review
from bench.plans.hearing import hearing, tables_of
from bench.plans.plan import plan_of
from ingestion import retention
from ingestion.models import AlertEvent
from tests.support.factories import TicketFactory
from tickets import services
from tickets.models import Ticket

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="counts SQLite's steps"),
]

ROWS = 2_000


@pytest.fixture
def old_desk() -> None:
    """Closed tickets of an hour ago with an event and an audit entry each, all of which are counted."""
    then = timezone.now() - timedelta(hours=1)
    Ticket.objects.bulk_create(
        TicketFactory.build(status="acknowledged", opened_at=then, last_seen_at=then) for _ in range(ROWS)
    )
    AlertEvent.objects.bulk_create(
        AlertEvent(
            source="adf", received_at=then, body=b"{}", body_size=2, outcome="accepted", ticket_key="x"
        )
        for _ in range(ROWS)
    )
    AuditEntry.objects.bulk_create(AuditEntry(action="Ticket Created", created_at=then) for _ in range(ROWS))
    AuditCountMark.objects.update_or_create(pk=1, defaults={"last_entry": AuditEntry.objects.latest("pk").pk})


def steps_of(act: Callable[[], object]) -> list[int]:
    found: list[int] = []

    def note(sql: str, values: Any) -> None:
        if tables_of(sql):
            found.append(plan_of(sql, values)["steps"])

    with hearing(note):
        act()
    return found


def retain() -> None:
    assert list(retention.run(timezone.now(), kinds=retention.KINDS)) == []


@pytest.mark.parametrize(
    "act",
    [
        lambda: counts.settle(timezone.now()),
        retain,
        oldest_opening,
        lambda: services.mark_breaches(timezone.now()),
    ],
    ids=["audit counts", "retention", "oldest waiting ticket", "breaches"],
)
def test_idle_task_walks_no_table(old_desk: None, act: Callable[[], object]) -> None:
    with override_settings(**settings_of_the_review()):
        steps = steps_of(act)
    assert steps
    assert max(steps) < ROWS


def test_walk_is_counted(old_desk: None) -> None:
    [steps] = steps_of(lambda: Ticket.objects.filter(error_code="none").count())
    assert steps > 2 * ROWS
