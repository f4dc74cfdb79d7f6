"""Figures of tickets that retention removed: kept by month, added up exactly, and shown as what they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from ingestion import retention
from tests.support.factories import make_ticket
from tests.support.people import client_of
from tests.support.streaming import body_of
from tests.support.together import at_once
from tickets import counter_store
from tickets.kept_figures import kept
from tickets.models import KeptFigures, Ticket
from tickets.services import remove
from tickets.showback import showback

pytestmark = pytest.mark.django_db
LAST_YEAR = datetime(2025, 3, 31, 23, 30, tzinfo=UTC)


def closed(**fields: Any) -> Ticket:
    usual = {
        "status": "acknowledged", "sla_status": "Met", "ack_seconds": 60, "recovery_seconds": 600,
        "downtime_seconds": 600, "finops_team": "DataEng", "finops_cost_center": "IT-1", "opened_at": LAST_YEAR,
        "last_seen_at": LAST_YEAR, "acknowledged_at": LAST_YEAR, "priority": "P1",
    }  # fmt: skip
    ticket = make_ticket(**{**usual, **fields})
    counter_store.opened(ticket)
    return ticket


def test_retention_moves_the_figures_of_what_it_removes(settings: Settings) -> None:
    settings.TICKET_RETENTION_DAYS = 30
    closed()
    closed(sla_status="Breached", ack_seconds=180, recovery_seconds=None, downtime_seconds=3000)
    closed(priority="P2", ack_seconds=None)
    closed(opened_at=LAST_YEAR + timedelta(hours=1))  # in April
    there = closed(last_seen_at=timezone.now(), acknowledged_at=timezone.now())
    before = showback("2025-03")
    assert sum(count for _, count in retention.run(timezone.now())) == 4
    (march_p1,) = [row for row in kept("month", "team", "priority", month="2025-03") if row.priority == "P1"]
    assert (march_p1.tickets, march_p1.sla_met, march_p1.sla_breached) == (2, 1, 1)
    assert (march_p1.mtta_seconds, march_p1.mttr_seconds) == (120.0, 600.0)
    assert [(row.month, row.tickets) for row in kept("month")] == [("2025-04", 1), ("2025-03", 3)]
    (row,), (row_before,) = showback("2025-03").rows, before.rows
    assert (row.failures, row.downtime_seconds, row.cost) == (
        row_before.failures, row_before.downtime_seconds, row_before.cost,
    )  # fmt: skip
    assert (row_before.kept_failures, row.kept_failures) == (0, 3)
    assert counter_store.current() == counter_store.counted(), (
        "the counters are of the tickets that are there"
    )
    assert Ticket.objects.get() == there


def test_later_pass_adds_to_the_same_month_and_names_that_differ_in_case_stay_apart() -> None:
    for team in ("sales", "Sales", "sales"):
        remove([closed(finops_team=team).pk])
    assert sorted((row.team, row.tickets) for row in kept("team")) == [("Sales", 1), ("sales", 2)]


def test_pass_that_is_undone_keeps_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TICKET_RETENTION_DAYS = 30
    closed()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(retention, "record", fail)
    with pytest.raises(RuntimeError):
        list(retention.run(timezone.now()))
    assert (Ticket.objects.count(), KeptFigures.objects.count()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_lose_no_figure() -> None:
    tickets = [closed() for _ in range(4)]
    at_once(*(partial(remove, [ticket.pk]) for ticket in tickets))
    assert kept("month")[0].tickets == 4
    assert Ticket.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_kept_figures_are_in_the_api_the_page_and_the_file_and_marked(viewer: User) -> None:
    remove([closed().pk])
    closed()
    api = client_of(viewer)
    told = api.get("/api/showback?month=2025-03").json()
    assert (told["rows"][0]["failures"], told["rows"][0]["kept_failures"]) == (2, 1)
    assert told["kept"] == [
        {
            "month": "2025-03", "team": "DataEng", "priority": "P1", "tickets": 1, "sla_met": 1, "sla_breached": 0,
            "mtta_seconds": 60.0, "mttr_seconds": 600.0, "downtime_seconds": 600,
        }
    ]  # fmt: skip
    assert "2025-03" in api.get("/api/showback").json()["months"]
    lines = body_of(api.get("/api/export/showback?month=2025-03")).decode().splitlines()
    assert lines[0].endswith(",kept_failures")
    assert lines[1].endswith(",1")
    console = Client()
    console.force_login(viewer)
    page = console.get("/admin/showback/?month=2025-03").content.decode()
    assert "Kept figures" in page
    assert '2 <span class="muted">(1 kept)</span>' in page
    assert "Kept figures" not in console.get("/admin/showback/?month=2025-04").content.decode()
