"""Lists of what is unfinished or of one owner are walked along an index: nothing is sorted, however many there are.

The tables are empty and have no statistics, as in a new installation; PostgreSQL is kept from reading and sorting
whole tables where it can, which it would do with so few rows.
"""

from __future__ import annotations

import pytest
from django.contrib.admin import site
from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict
from django.test import RequestFactory

from accounts.models import User
from audit.services import SYSTEM
from tests.support.factories import make_ticket
from tickets import services
from tickets.choices import Status
from tickets.models import NOT_ACKNOWLEDGED, Ticket
from tickets.selectors import TicketFilters, newest_first

pytestmark = pytest.mark.django_db

PAGE = 50
# Autovacuum may have looked at the empty table of an earlier test: then every index is as good as any other.
FORGET_STATISTICS = (
    "UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE oid = 'tickets_ticket'::regclass OR oid IN"
    " (SELECT indexrelid FROM pg_index WHERE indrelid = 'tickets_ticket'::regclass)",
    "DELETE FROM pg_statistic WHERE starelid = 'tickets_ticket'::regclass",
)
NO_OTHER_WAY = tuple(f"SET LOCAL enable_{way} = off" for way in ("seqscan", "bitmapscan", "sort"))


def plan(tickets: QuerySet[Ticket]) -> str:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for statement in (*FORGET_STATISTICS, *NO_OTHER_WAY):
                cursor.execute(statement)
    return tickets[:PAGE].explain()


def is_sorted(told: str) -> bool:
    """Whether rows are put in order behind the index; those of one moment by their number are not meant."""
    return any(
        line.strip().removeprefix("->").strip().startswith(("Sort  (", "USE TEMP B-TREE FOR ORDER BY"))
        for line in told.splitlines()
    )


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("state=unfinished", "ticket_unfinished_opened"),
        ("state=unfinished&o=3", "ticket_unfinished_due"),
        ("sla=breached", "ticket_unfinished_due"),
        ("sla=risk", "ticket_unfinished_due"),
        ("sla=running", "ticket_unfinished_due"),
        ("owner=nobody", "ticket_nobody"),
        ("owner=me", "ticket_owner"),
        ("state=unfinished&owner=nobody", "ticket_unfinished_opened"),
    ],
)
def test_list_of_the_console_is_walked_in_order(
    rf: RequestFactory, analyst: User, query: str, index: str
) -> None:
    request = rf.get("/admin/tickets/ticket/", QueryDict(query).dict())
    request.user = analyst
    tickets = site._registry[Ticket].get_changelist_instance(request).queryset
    told = plan(tickets)
    assert index in told
    assert not is_sorted(told), told


def test_closed_list_is_walked_in_order_and_leaves_the_unfinished_out() -> None:
    told = plan(newest_first(Status.ACKNOWLEDGED, TicketFilters()))
    assert "ticket_closed" in told
    assert not is_sorted(told), told


def test_not_acknowledged_is_what_is_open_or_in_progress_after_every_change_of_state() -> None:
    ticket = make_ticket()
    for change in (services.start, services.acknowledge, services.reopen, services.acknowledge):
        change(ticket.pk, actor=SYSTEM)
        ticket.refresh_from_db()
        is_unfinished = Ticket.objects.filter(NOT_ACKNOWLEDGED, pk=ticket.pk).exists()
        assert is_unfinished == (ticket.status in {Status.OPEN, Status.IN_PROGRESS}), ticket.status
