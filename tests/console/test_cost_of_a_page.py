"""No page of the console costs more than ten queries (a ticket's: eight), nor more with fifty rows than with one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.console.paging import MOST_PAGED, BoundedPaginator
from accounts.models import User
from accounts.service_keys import create_key
from audit import actions
from audit.models import AuditEntry
from audit.services import record
from tests.console.conftest import Cast, full_ticket
from tests.support.factories import make_ticket
from tickets.admin import panels
from tickets.models import Ticket

MOST_QUERIES = 10
MOST_QUERIES_OF_A_TICKET = 8
LISTS = (
    "tickets_ticket", "audit_auditentry", "ingestion_alertevent", "integrations_delivery", "rca_analysis",
    "accounts_servicekey", "accounts_user", "audit_auditseal", "remediation_attempt",
)  # fmt: skip


def queries_of(cast: Cast, page: str) -> list[str]:
    """The queries of a page as it costs once a page before it has filled the kept figures."""
    cast.clients["admin"].get(page)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert cast.clients["admin"].get(page).status_code == 200
    return [query["sql"] for query in seen.captured_queries]


def test_a_list_of_fifty_costs_as_many_queries_as_a_list_of_one(cast: Cast) -> None:
    pages = [reverse(f"admin:{name}_changelist") for name in LISTS]
    full_ticket()
    create_key(name="first")
    with_one = {page: len(queries_of(cast, page)) for page in pages}
    role = Group.objects.get(name="viewer")
    for number in range(49):
        full_ticket()
        create_key(name=f"sender {number}")
        User.objects.create(email=f"person{number}@example.com").groups.add(role)
    cache.clear()
    with_fifty = {page: len(queries_of(cast, page)) for page in pages}
    assert with_fifty == with_one
    assert max(with_fifty.values()) <= MOST_QUERIES, with_fifty


def test_a_list_that_is_filtered_and_searched_stays_within_the_bound(cast: Cast) -> None:
    for _ in range(5):
        full_ticket()
    page = reverse("admin:tickets_ticket_changelist")
    query = "?state=open&severity__exact=High&team=Unknown&error_type=UnknownError&q=plain&opened_at_from=2020-01-01"
    assert len(queries_of(cast, page + query)) <= MOST_QUERIES


@pytest.mark.parametrize("tab", [name for name, _ in panels.tabs()])
def test_a_tickets_page_costs_the_same_however_much_hangs_on_it(cast: Cast, tab: str) -> None:
    ticket = full_ticket()
    page = reverse("admin:tickets_ticket_change", args=[ticket.pk]) + f"?tab={tab}"
    few = len(queries_of(cast, page))
    for _ in range(5):
        other = full_ticket()
        for rows in (other.evidence, other.analyses, other.deliveries, other.comments, other.events):
            for number, row in enumerate(rows.all(), start=50 + other.pk * 10):
                values: dict[str, object] = {"ticket": ticket}
                if hasattr(row, "number"):
                    values |= {"number": number, "identity": f"{number}"}
                if hasattr(row, "part"):
                    values |= {"part": str(number)}
                type(row)._base_manager.filter(pk=row.pk).update(**values)
    many = len(queries_of(cast, page))
    assert many == few
    assert many <= MOST_QUERIES_OF_A_TICKET


def test_the_front_page_reads_only_once_in_a_while(cast: Cast) -> None:
    full_ticket()
    assert len(queries_of(cast, reverse("admin:index"))) <= MOST_QUERIES


def test_no_list_counts_a_whole_table(cast: Cast) -> None:
    make_ticket()
    for name in sorted(LISTS):
        for sql in queries_of(cast, reverse(f"admin:{name}_changelist")):
            assert "COUNT(" not in sql or "LIMIT" in sql, sql


def test_the_paginator_says_more_than_it_pages_through(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.console.paging.MOST_PAGED", 3)
    for _ in range(5):
        make_ticket()
    paginator = BoundedPaginator(Ticket.objects.order_by("-opened_at", "-id"), 2)
    assert (paginator.count, paginator.is_cut, paginator.num_pages) == (3, True, 2)
    assert BoundedPaginator(AuditEntry.objects.none(), 2).is_cut is False
    assert MOST_PAGED == 5_000


def numbers_shown(cast: Cast, address: str) -> tuple[list[int], str]:
    """The entries of a page of the record and the address behind its "Older", empty where there is none."""
    answer = cast.clients["viewer"].get(address)
    assert answer.status_code == 200
    changes = answer.context["cl"]
    return [entry.pk for entry in changes.result_list], changes.older_address


@pytest.mark.parametrize("name", ["audit_auditentry", "tickets_ticket"])
def test_pages_go_on_behind_the_last_one_with_a_number(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("accounts.console.paging.MOST_PAGED", 50)
    same = timezone.now()
    for number in range(130):
        make_ticket(opened_at=same - timedelta(minutes=number // 3))  # three of a moment: the key decides
        record(actions.COMMENT_ADDED)
    model: Any = {"audit_auditentry": AuditEntry, "tickets_ticket": Ticket}[name]
    page = reverse(f"admin:{name}_changelist")
    seen, older = numbers_shown(cast, page)
    while older:
        more, older = numbers_shown(cast, f"{page}{older}")
        seen += more
    assert seen == list(model.objects.values_list("pk", flat=True))
    assert len(seen) >= 130


def test_a_window_that_begins_nowhere_shows_the_newest(cast: Cast) -> None:
    make_ticket()
    page = reverse("admin:tickets_ticket_changelist")
    for key in ("7777", "x", "9" * 40):
        answer = cast.clients["viewer"].get(f"{page}?older={key}")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{page}?e=1")


def test_the_paginator_looks_only_a_little_further_than_the_page(db: None) -> None:
    for _ in range(12):
        make_ticket()
    paginator = BoundedPaginator(Ticket.objects.order_by("-opened_at", "-id"), 2)
    assert (paginator.count, paginator.is_cut, paginator.is_at_its_end) == (6, True, False)
    paginator = BoundedPaginator(Ticket.objects.order_by("-opened_at", "-id"), 2)
    paginator.shown_page = 5
    assert (paginator.count, paginator.is_cut) == (12, False)
