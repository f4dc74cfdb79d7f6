"""The summary's counters: always equal to the tickets, whatever happened to them and however often they were folded."""

from __future__ import annotations

from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audit.services import Actor
from tests.support.factories import make_ticket
from tests.support.together import at_once
from tickets import counter_store, counters, services
from tickets.counters import Key
from tickets.models import CounterDelta, CounterTotal, Ticket
from tickets.services import AnalysisResult, NewTicket
from tickets.summary import summary

ANA = Actor("person", "ana@example.com")
keys = st.builds(Key, st.sampled_from(["status", "team"]), st.text(max_size=5))
counts = st.dictionaries(keys, st.integers(-50, 50), max_size=6)


def open_one(number: int, **fields: Any) -> Ticket:
    new = NewTicket(
        dedup_key=f"k{number}",
        key_prefix="ADF-",
        source="adf",
        resource_type="pipeline",
        pipeline="DataEng_Load",
        **fields,
    )
    with transaction.atomic():
        ticket = services.open_ticket(new, now=timezone.now())
    assert ticket is not None
    return ticket


def live_a_little() -> None:
    """Three tickets through openings, analysis, closing, reopening and a team's change."""
    first = open_one(1, severity="High", error_code="E1")
    second = open_one(2, severity="Low")
    open_one(3, severity="Low")
    services.acknowledge(first.pk, actor=ANA)
    services.start(second.pk, actor=ANA)
    result = AnalysisResult("rules", "Because.", "E2", "unknown", "High", severity="Critical")
    services.apply_analysis(second.pk, result, now=timezone.now())
    services.acknowledge(second.pk, actor=ANA)
    services.reopen(first.pk, actor=ANA)
    services.set_fields(first.pk, finops_team="Finance", sla_status="Breached")


@pytest.mark.django_db
def test_every_kind_of_change_keeps_the_counters_equal_to_the_tickets() -> None:
    live_a_little()
    assert counter_store.current() == counter_store.counted()
    figures = summary()
    assert figures["total_tickets"] == 3
    assert (figures["open_tickets"], figures["in_progress_tickets"], figures["acknowledged_tickets"]) == (
        2,
        0,
        1,
    )
    assert figures["by_severity"] == {"Critical": 1, "High": 1, "Medium": 0, "Low": 1}
    assert figures["by_error_type"] == {"E1": 1, "E2": 1, "Unknown": 1}
    assert figures["by_team"] == {"DataEng": 2, "Finance": 1}
    assert figures["sla_breached"] == 1


@pytest.mark.django_db
def test_folded_in_pieces_gives_the_same_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    live_a_little()
    before = counter_store.current()
    monkeypatch.setattr(counter_store, "FOLDED_AT_ONCE", 3)
    pieces = 0
    while counter_store.fold():
        pieces += 1
        assert counter_store.current() == before
    assert pieces > 1
    assert not CounterDelta.objects.exists()


@pytest.mark.django_db
def test_names_that_differ_in_case_only_are_counted_apart() -> None:
    open_one(1, error_code="timeout")
    open_one(2, error_code="Timeout")
    counter_store.fold()
    assert CounterTotal.objects.filter(dimension="error_type").count() == 2


@pytest.mark.django_db
def test_change_that_counts_for_nothing_writes_no_row() -> None:
    ticket = open_one(1)
    CounterDelta.objects.all().delete()
    services.set_fields(ticket.pk, slack_ts="1.2")
    assert not CounterDelta.objects.exists()


@pytest.mark.django_db
def test_opening_a_ticket_costs_one_insert_for_the_counters() -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        open_one(1)
    about_counters = [q["sql"] for q in queries if "counter" in q["sql"].lower()]
    assert len(about_counters) == 1
    assert about_counters[0].startswith("INSERT")


@pytest.mark.django_db
def test_check_says_what_differs_and_repair_puts_it_right() -> None:
    live_a_little()
    make_ticket(severity="High")  # written past the services
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("rebuild_counters", "--check", stdout=said)
    assert ended.value.code == 1
    assert "severity High: off by -1" in said.getvalue()
    call_command("rebuild_counters", stdout=StringIO())
    call_command("rebuild_counters", "--check", stdout=said)
    assert counter_store.current() == counter_store.counted()


@given(counts, counts)
def test_difference_added_to_the_past_gives_the_present(
    before: counters.Counts, after: counters.Counts
) -> None:
    change = counters.difference(after, before)
    total = counters.total([counters.encode(before), counters.encode(change)])
    assert all(total[key] == after.get(key, 0) for key in {*before, *after})


@pytest.mark.django_db(transaction=True)
def test_several_folders_and_writers_at_once_lose_and_double_nothing() -> None:
    tickets = [open_one(n, severity="Low").pk for n in range(30)]

    def close_some(start: int) -> None:
        for ticket_id in tickets[start::2]:
            services.acknowledge(ticket_id, actor=ANA)

    def fold_often() -> None:
        for _ in range(15):
            counter_store.fold()
            assert counter_store.current()[Key("severity", "Low")] == 30

    at_once(partial(close_some, 0), partial(close_some, 1), fold_often, fold_often)
    assert counter_store.current() == counter_store.counted()
