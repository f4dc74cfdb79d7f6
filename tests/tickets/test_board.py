"""`GET /api/board`: the figures and charts of the live dashboard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.support.factories import make_ticket
from tickets import board, counter_store
from tickets.models import LiveEvent

NOW = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
MOST_QUERIES = 8

pytestmark = pytest.mark.django_db


def minutes(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def test_open_tickets_are_counted_by_their_deadline() -> None:
    for due in (-30, -1, 5, 14, 16):
        make_ticket(sla_due_at=minutes(due), opened_at=minutes(-20))
    make_ticket(sla_due_at=minutes(-3), status="in_progress", opened_at=minutes(-200))
    make_ticket(sla_due_at=minutes(3), status="in_progress", opened_at=minutes(-200))
    make_ticket(sla_due_at=minutes(900), opened_at=minutes(-61))
    found = board.figures(NOW)
    assert found["open"] == {"count": 6, "last_hour": 5}
    assert found["in_progress"] == {"count": 2}
    assert found["breached"] == {"count": 2, "in_progress": 1, "oldest_due_at": "2026-11-20T17:00:00Z"}
    assert found["at_risk"] == {"count": 2, "in_progress": 1, "next_due_at": "2026-11-20T17:35:00Z"}


def test_empty_desk_has_figures_and_charts_without_numbers() -> None:
    found = {**board.figures(NOW), **board.charts(NOW)}
    assert found["seq"] == 0
    assert found["last_event_at"] is None
    assert found["median_ack_seconds"] == {"value": None, "sample": 0, "hours": 24}
    assert found["breached"]["oldest_due_at"] is None
    assert (found["error_types"], found["teams"]) == ([], [])
    assert len(found["per_hour"]) == 24
    assert len(found["sla_by_day"]) == 14


def test_median_takes_the_acknowledgements_of_the_last_day_only() -> None:
    for seconds, ago in ((60, 1), (120, 2), (600, 3), (9999, 25 * 60)):
        make_ticket(status="acknowledged", acknowledged_at=minutes(-ago), ack_seconds=seconds)
    assert board.figures(NOW)["median_ack_seconds"] == {"value": 120, "sample": 3, "hours": 24}


def test_sequence_number_is_the_newest_live_event() -> None:
    event = LiveEvent.objects.create(event="new_ticket", ticket_key="ADF-1", created_at=minutes(-4))
    found = board.figures(NOW)
    assert found["seq"] == event.pk
    assert found["last_event_at"] == "2026-11-20T17:26:00Z"


def test_hours_hold_tickets_by_severity_and_ignore_a_clock_that_runs_ahead() -> None:
    make_ticket(opened_at=minutes(-1), severity="Critical")
    make_ticket(opened_at=minutes(-31), severity="Critical")
    make_ticket(opened_at=minutes(-32), severity="Low")
    make_ticket(opened_at=minutes(-60 * 24), severity="Low")
    make_ticket(opened_at=minutes(90), severity="Low")
    *_, before, last = board.charts(NOW)["per_hour"]
    assert last == {"hour": "2026-11-20T17:00:00Z", "Critical": 1, "High": 0, "Medium": 0, "Low": 0}
    assert before == {"hour": "2026-11-20T16:00:00Z", "Critical": 1, "High": 0, "Medium": 0, "Low": 1}


def test_days_hold_the_verdicts_of_the_day_of_acknowledgement() -> None:
    for verdict, ago in (("Met", 10), ("Met", 60), ("Breached", 60), ("Met", 20 * 60), ("Met", 15 * 24 * 60)):
        make_ticket(status="acknowledged", acknowledged_at=minutes(-ago), sla_status=verdict)
    *_, yesterday, today = board.charts(NOW)["sla_by_day"]
    assert today == {"day": "2026-11-20", "met": 2, "breached": 1}
    assert yesterday == {"day": "2026-11-19", "met": 1, "breached": 0}


def test_closed_tickets_are_counted_by_the_counters() -> None:
    for status in ("acknowledged", "acknowledged", "open"):
        make_ticket(status=status)
    counter_store.reconcile(repair=True)
    assert board.charts(NOW)["closed"] == {"count": 2}


def test_error_types_are_the_most_frequent_of_seven_days() -> None:
    for error_type, number in (("A", 1), ("B", 3), ("C", 2), ("D", 1), ("E", 1), ("F", 1), ("", 9)):
        for _ in range(number):
            make_ticket(opened_at=minutes(-60), error_type=error_type)
    make_ticket(opened_at=minutes(-60 * 24 * 8), error_type="Old")
    found = board.charts(NOW)["error_types"]
    assert [(row["error_type"], row["count"]) for row in found] == [
        ("B", 3),
        ("C", 2),
        ("A", 1),
        ("D", 1),
        ("E", 1),
    ]


def test_queries_do_not_grow_with_tickets(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(20):
        make_ticket(opened_at=minutes(-60))
    with django_assert_max_num_queries(MOST_QUERIES):
        board.figures(NOW)


@pytest.mark.parametrize(("took", "kept"), [(0.001, 2.0), (0.1, 10.0), (3.0, 60.0)])
def test_charts_are_kept_the_longer_the_slower_they_are(took: float, kept: float) -> None:
    assert board.seconds_to_keep(took) == kept


def test_second_reading_within_two_seconds_asks_the_database_nothing_about_tickets(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    board.board()
    with django_assert_num_queries(0):
        board.board()


def test_viewer_reads_the_board_and_a_stranger_does_not(client: Client, viewer: User) -> None:
    assert client.get("/api/board").status_code == 401
    client.force_login(viewer)
    answer = client.get("/api/board")
    assert answer.status_code == 200
    assert set(answer.json()) >= {"at", "seq", "open", "closed", "per_hour", "teams"}
