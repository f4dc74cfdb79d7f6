"""All that hangs on a ticket, read in one statement and table by table: both ways give the same, value by value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Model
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from rca.models import Analysis, Evidence, Feedback
from remediation.models import Approval, Attempt, Decision
from tests.console.conftest import full_ticket
from tests.support.factories import make_ticket
from tests.support.people import client_of
from tickets import sections, services
from tickets.api import detail
from tickets.models import Escalation, Occurrence, Ticket, TicketComment
from tickets.together import Rows, read_together

pytestmark = pytest.mark.django_db

ODD = 'quote " back\\slash \n line \t tab \u2028 é 漢 🚒 \x01 </script> %s {} null'
AT = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=2)))
MOST_QUERIES = 8


def laden(number: int = 1) -> Ticket:
    """A ticket with something of every kind, `number` of each, full of what JSON must quote."""
    ticket = full_ticket(ODD.replace("\x00", ""))
    Ticket.objects.filter(pk=ticket.pk).update(
        reopened_count=1, recommendations=[ODD, "plain"], cause_class="timeout"
    )
    analysis = Analysis.objects.filter(ticket=ticket).latest("id")
    attempt = Attempt.objects.get(ticket=ticket)
    for count in range(number):
        TicketComment.objects.create(ticket=ticket, author=ODD[:200], text=ODD, created_at=AT)
        Occurrence.objects.create(
            ticket=ticket, dedup_key=f"{ticket.pk}-{count}", run_id=f"run-{count}", seen_at=AT
        )
        Escalation.objects.create(
            ticket=ticket,
            period=0,
            step_number=2**60 + count,
            kind="slack",
            target=ODD,
            due_at=AT,
            taken_at=AT,
        )
        Evidence.objects.create(
            ticket=ticket,
            number=100 + count,
            kind="note",
            title="t",
            text=ODD,
            identity=str(count),
            is_cut=count % 2 == 0,
        )
        made = Analysis.objects.create(
            ticket=ticket,
            provider="rules",
            citations=[{"é": ODD, "n": None}],
            reused_from=analysis,
            input_tokens=count,
        )
        Feedback.objects.create(ticket=ticket, analysis=made, author="a", verdict="right", root_cause=ODD)
        Approval.objects.create(attempt=attempt, email=f"{count}@example.com", answer="yes", note=ODD)
        services.link(ticket.pk, make_ticket().pk)
        services.link(make_ticket().pk, ticket.pk, kind="caused_by")
    Decision.objects.update_or_create(ticket=ticket, defaults={"decided_at": AT, "reasons": [ODD]})
    ticket.refresh_from_db()
    return ticket


def plain(rows: Rows) -> dict[str, list[dict[str, Any]]]:
    """Every loaded value with its type, annotations among them."""

    def values(row: Model) -> dict[str, Any]:
        return {name: (type(value), value) for name, value in vars(row).items() if name != "_state"}

    return {name: [values(row) for row in found] for name, found in rows.items()}


def test_one_statement_gives_what_each_table_gives() -> None:
    ticket = laden(3)
    queries = {**detail._hanging(ticket), **sections.queries(ticket)}
    with CaptureQueriesContext(connection) as seen:
        together = read_together(queries)
    assert len(seen) == 1
    apart = {name: list(rows) for name, rows in queries.items()}
    assert plain(together) == plain(apart)
    assert {name for name, rows in apart.items() if not rows} <= {"ticks"}
    assert all(row.pk and not row._state.adding for rows in together.values() for row in rows)


def test_where_the_database_has_no_such_arrays_each_table_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = laden()
    queries = {**detail._hanging(ticket), **sections.queries(ticket)}
    together = plain(read_together(queries))
    monkeypatch.setattr("tickets.together._ARRAY", {})
    with CaptureQueriesContext(connection) as seen:
        assert plain(read_together({name: rows.all() for name, rows in queries.items()})) == together
    assert len(seen) == len(queries)


def test_order_cut_and_emptiness_are_kept() -> None:
    tickets = [make_ticket(opened_at=datetime(2026, 1, day, tzinfo=UTC)) for day in (3, 1, 2)]
    found = read_together(
        {
            "newest": Ticket.objects.order_by("-opened_at")[:2],
            "oldest": Ticket.objects.order_by("opened_at").annotate(own=F("key")),
            "none": Ticket.objects.none(),
        }
    )
    assert [row.pk for row in found["newest"]] == [tickets[0].pk, tickets[2].pk]
    assert [row.own for row in found["oldest"]] == [tickets[1].key, tickets[2].key, tickets[0].key]
    assert found["none"] == []
    assert read_together({"none": Ticket.objects.none()}) == {"none": []}
    assert read_together({}) == {}


def test_deferred_column_is_read_when_it_is_asked_for() -> None:
    ticket = laden()
    attempt = read_together(sections.queries(ticket))["attempts"][0]
    assert attempt.get_deferred_fields() == {"target", "before"}
    assert attempt.target == Attempt.objects.get(pk=attempt.pk).target


@pytest.mark.parametrize("number", [1, 20])
def test_detail_costs_eight_queries_however_much_hangs_on_the_ticket(
    viewer: User, number: int, settings: Any
) -> None:
    settings.AUTO_REMEDIATION_ENABLED = True
    ticket = laden(number)
    client = client_of(viewer)
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(f"/api/tickets/{ticket.key}")
    found = answer.json()["ticket"]
    assert len(seen) <= MOST_QUERIES, "\n".join(query["sql"][:150] for query in seen.captured_queries)
    assert [len(found[name]) for name in ("runs", "escalations", "evidence")] >= [number, number, number]
    assert {len(row["feedback"]) for row in found["analyses"]} >= {1}
    assert len(found["remediation"][0]["approvals"]) == number
    assert len(found["related"]) == 2 * number + 1
