"""SQLite's search index is behind, and no search notices; on PostgreSQL the same searches find the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.support.factories import make_ticket
from tickets import search_index, services, tasks
from tickets.models import LiveEvent, Ticket
from tickets.search import search

pytestmark = pytest.mark.django_db
only_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has an index of its own")
assert connection  # read by the condition above


def found(text: str) -> list[str]:
    return sorted(search(Ticket.objects.all(), text).values_list("key", flat=True))


def test_ticket_is_found_before_the_index_knows_it_and_after() -> None:
    make_ticket(key="ADF-1", error_message="the quick brown fox")
    make_ticket(key="ADF-2", error_message="nothing of the kind")
    assert found("BROWN fo") == ["ADF-1"]
    tasks.fill_search_index()
    assert found("BROWN fo") == ["ADF-1"]
    assert found("of the kin") == ["ADF-2"]
    assert found("no such words") == []


def test_changed_text_is_found_at_once_and_the_old_one_no_more() -> None:
    ticket = make_ticket(itsm_ticket_id="OPS-100")
    tasks.fill_search_index()
    services.set_fields(ticket.pk, itsm_ticket_id="OPS-777")
    for _ in range(2):
        assert (found("OPS-777"), found("OPS-100")) == ([ticket.key], [])
        tasks.fill_search_index()


@pytest.mark.parametrize(
    "text", ["100%", "a_b", "'; DROP", '"quoted" OR x*', "back\\slash", "(NEAR", "50% of_it"]
)
def test_signs_with_a_meaning_elsewhere_stand_for_themselves(text: str) -> None:
    make_ticket(key="with", error_message=f"before {text} behind")
    make_ticket(key="without", error_message="before 100x axb behind, 50 of it")
    for _ in range(2):
        assert found(text) == ["with"]
        tasks.fill_search_index()


@pytest.mark.parametrize("text", ["zq", "z", "%", "__"])
def test_text_too_short_for_the_index_is_looked_for_without_it(text: str) -> None:
    make_ticket(key="ADF-1", error_message=f"x{text}y")
    tasks.fill_search_index()
    assert found(text) == ["ADF-1"]


def test_word_of_very_many_tickets_is_looked_for_without_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        make_ticket(error_message="the same words")
    tasks.fill_search_index()
    monkeypatch.setattr(search_index, "MOST_CANDIDATES", 3)
    assert search_index.candidates("the same") is None
    assert len(found("the same")) == 4


@only_sqlite
def test_index_that_lies_far_behind_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        make_ticket(error_message="the same words")
    monkeypatch.setattr(search_index, "MOST_WAITING", 3)
    assert search_index.candidates("other words") is None
    tasks.fill_search_index()
    assert search_index.candidates("other words") == []


@only_sqlite
def test_index_is_taken_in_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "TAKEN_AT_ONCE", 2)
    tickets = [make_ticket(error_message="the same words") for _ in range(5)]
    services.set_fields(tickets[0].pk, itsm_ticket_id="OPS-1")
    assert tasks.fill_search_index() == 5 + LiveEvent.objects.count()
    assert search_index.candidates("the same words") == [ticket.pk for ticket in tickets]


@only_sqlite
def test_deleted_tickets_text_leaves_the_index() -> None:
    ticket = make_ticket(error_message="a name that is to be forgotten")
    tasks.fill_search_index()
    Ticket.objects.filter(pk=ticket.pk).delete()
    assert search_index.candidates("to be forgotten") == []


@only_sqlite
def test_live_event_that_the_index_has_not_seen_is_not_trimmed() -> None:
    ticket = make_ticket()
    services.set_fields(ticket.pk, itsm_ticket_id="OPS-1")
    LiveEvent.objects.update(created_at=timezone.now() - timedelta(days=3))
    assert tasks.trim_live_events() == 0
    tasks.fill_search_index()
    assert tasks.trim_live_events() == 1
