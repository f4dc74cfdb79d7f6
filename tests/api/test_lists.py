"""The three lists: pages that stay right, filters that say what they expected, 304, a fixed number of queries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from tests.support.factories import make_ticket
from tests.support.people import client_of
from tickets import services
from tickets.api.detail_serializers import TicketDetailSerializer
from tickets.api.serializers import EXAMPLE, TicketSerializer
from tickets.models import Ticket

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def client(viewer: User) -> APIClient:
    return client_of(viewer)


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json()
    return [ticket["id"] for ticket in answer.json()["tickets"]]


def closed(at: datetime, **fields: Any) -> Ticket:
    return make_ticket(status="acknowledged", acknowledged_at=at, ack_seconds=60, **fields)


def test_pages_stay_right_while_tickets_arrive(client: APIClient) -> None:
    old = [make_ticket(opened_at=NOON + timedelta(seconds=n // 3)).key for n in range(10)]
    seen: list[str] = []
    path = "/api/open-tickets?limit=3"
    while path:
        answer = client.get(path)
        seen += ids(answer)
        make_ticket(opened_at=NOON + timedelta(hours=1))  # one more arrives between any two pages
        following = answer.json()["next"]
        path = following and f"{urlsplit(following).path}?{urlsplit(following).query}"
    assert seen == list(reversed(old))


def test_next_is_a_full_address_that_keeps_the_filters(client: APIClient) -> None:
    for _ in range(2):
        make_ticket(severity="High")
    answer = client.get("/api/open-tickets?limit=1&severity=high").json()
    assert answer["next"].startswith("http://testserver/api/open-tickets?")
    assert "severity=high" in answer["next"]
    assert client.get(answer["next"]).json()["next"] is None


def test_closed_list_is_ordered_and_filtered_by_acknowledgement(client: APIClient) -> None:
    late = closed(NOON + timedelta(hours=2), opened_at=NOON - timedelta(days=3))
    early = closed(NOON, opened_at=NOON - timedelta(hours=1))
    assert ids(client.get("/api/closed-tickets")) == [late.key, early.key]
    assert ids(client.get(f"/api/closed-tickets?since={quote((NOON + timedelta(hours=1)).isoformat())}")) == [
        late.key
    ]


def test_since_is_inclusive_and_until_exclusive(client: APIClient) -> None:
    ticket = make_ticket(opened_at=NOON)
    assert ids(client.get("/api/open-tickets?since=2026-11-20T12:00:00Z")) == [ticket.key]
    assert ids(client.get("/api/open-tickets?until=2026-11-20T12:00:00Z")) == []
    assert ids(client.get("/api/open-tickets?since=2026-11-20&until=2026-11-21")) == [ticket.key]


@pytest.mark.parametrize(
    "moment", ["2026-11-20T12:00:00", "2026-11-20T13:00:00%2B01:00", "2026-11-20T13:00:00+01:00"]
)
def test_moment_may_be_written_with_or_without_zone(client: APIClient, moment: str) -> None:
    ticket = make_ticket(opened_at=NOON)
    assert ids(client.get(f"/api/open-tickets?since={moment}")) == [ticket.key]
    assert ids(client.get(f"/api/open-tickets?until={moment}")) == []


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("severity=red", "severity", "expected one or more of Critical, High, Medium, Low, not text 'red'"),
        ("priority=P9", "priority", "P1, P2, P3, P4"),
        ("source=jira", "source", "databricks_clusters"),
        ("since=yesterday", "since", "expected a date (2025-11-29) or a date and time"),
        ("until=2026-02-30", "until", "not text '2026-02-30'"),
        ("since=0001-01-01T00:00:00%2B23:00", "since", "expected a date"),
        ("limit=0", "limit", "a whole number from 1 to 500, not text '0'"),
        ("limit=%C2%B2", "limit", "a whole number"),
        ("cursor=abc", "cursor", "of a `next` address"),
        ("cursor=OTk5OTk5OTk5OTk5OTk5OTk5OS4x", "cursor", "of a `next` address"),
        ("sla=late", "sla", "expected one of breached, risk, not text 'late'"),
        ("search=%00", "search", "Null characters"),
        ("serverity=High", "serverity", "no such parameter; expected search, severity"),
    ],
)
def test_bad_filter_is_refused_by_name(client: APIClient, query: str, field: str, said: str) -> None:
    for path in ("open-tickets", "closed-tickets"):
        answer = client.get(f"/api/{path}?{query}")
        assert answer.status_code == 400
        body = answer.json()
        assert body["code"] == "invalid"
        assert said in body["fields"][field][0]
        assert body["detail"].startswith(f"{field}: ")


def test_limit_above_five_hundred_is_cut(client: APIClient) -> None:
    Ticket.objects.bulk_create(_unsaved(n) for n in range(501))
    answer = client.get("/api/open-tickets?limit=100000")
    assert len(ids(answer)) == 500
    assert "limit=500" in answer.json()["next"]


def _unsaved(number: int) -> Ticket:
    now = timezone.now()
    return Ticket(
        key=f"ADF-{number}", dedup_key=str(number), source="adf", resource_type="pipeline", pipeline="p",
        severity="Low", priority="P4", sla_seconds=86400, sla_due_at=now, needs_work=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["ADF-FINDME", "orders%50", "run-Xyz", "OPS-77", "DRIVER_not", "blob_is", "ROOT cause é"]
)
def test_search_covers_each_promised_field_and_takes_wildcards_literally(
    client: APIClient, text: str
) -> None:
    make_ticket(pipeline="orders 50", error_message="blobXis", root_cause="another root")
    found = make_ticket(
        key="ADF-FindMe-1", pipeline="Orders%50 load", run_id="run-xYZ-1", itsm_ticket_id="OPS-771",
        error_type="Driver_Not_Responding", error_message="The blob_is gone", root_cause="The root cause é.",
    )  # fmt: skip
    assert ids(client.get("/api/open-tickets", {"search": text})) == [found.key]


def test_filters_narrow_together(client: APIClient) -> None:
    found = make_ticket(severity="Low", priority="P4", source="synapse", finops_team="Finance")
    make_ticket(severity="Low", priority="P4", source="adf", finops_team="Finance")
    query = "severity=low,critical&priority=P4&source=synapse&team=Finance"
    assert ids(client.get(f"/api/open-tickets?{query}")) == [found.key]


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("open-tickets", "owner=me", {"late"}),
        ("open-tickets", "owner=analyst@example.com", {"soon"}),
        ("open-tickets", "owner=none", {"free"}),
        ("open-tickets", "sla=breached", {"late"}),
        ("open-tickets", "sla=risk", {"soon"}),
        ("open-tickets", "sla=risk&owner=me", set()),
        ("closed-tickets", "owner=me", {"given", "taken"}),
        ("closed-tickets", "owner=none", {"by itself"}),
        ("closed-tickets", "sla=breached", {"taken"}),
        ("closed-tickets", "sla=risk", set()),
    ],
)
def test_owner_and_sla_narrow_as_the_dashboard_does(
    client: APIClient, viewer: User, analyst: User, *, path: str, query: str, expected: set[str]
) -> None:
    now = timezone.now()
    make_ticket(key="late", assigned_to=viewer, sla_due_at=now - timedelta(minutes=1))
    make_ticket(key="soon", assigned_to=analyst, sla_due_at=now + timedelta(minutes=9))
    make_ticket(key="free", sla_due_at=now + timedelta(hours=1))
    closed: dict[str, Any] = {"status": "acknowledged", "acknowledged_at": now, "sla_status": "Met"}
    make_ticket(key="given", assigned_to=viewer, ack_user=analyst.email, **closed)
    make_ticket(key="taken", ack_user=viewer.email, **closed | {"sla_status": "Breached"})
    make_ticket(key="by itself", **closed)
    assert set(ids(client.get(f"/api/{path}?{query}"))) == expected


def test_unchanged_list_answers_304_and_a_change_of_it_200(client: APIClient) -> None:
    ticket = make_ticket()
    first = client.get("/api/open-tickets")
    again = client.get("/api/open-tickets", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    services.set_fields(ticket.pk, itsm_ticket_id="OPS-1")
    changed = client.get("/api/open-tickets", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize(
    "name", ["in-progress-tickets", "closed-tickets", "audit-trail", "deliveries", "remediation", "showback"]
)
def test_every_list_may_be_asked_whether_it_has_changed_and_says_so_in_the_schema(
    client: APIClient, name: str
) -> None:
    make_ticket()
    first = client.get(f"/api/{name}")
    again = client.get(f"/api/{name}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "304" in client.get("/api/schema/").json()["paths"][f"/api/{name}"]["get"]["responses"]


@pytest.mark.parametrize("path", ["/api/open-tickets", "/api/tickets/{key}"])
def test_number_of_queries_is_the_same_for_one_row_and_for_twenty(client: APIClient, path: str) -> None:
    numbers = []
    for more in (1, 19):
        tickets = [make_ticket() for _ in range(more)]
        for ticket in tickets:
            services.link(ticket.pk, make_ticket(status="in_progress").pk)
            services.link(make_ticket(status="in_progress").pk, ticket.pk)
            services.link(tickets[0].pk, make_ticket(status="in_progress").pk)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path.format(key=tickets[0].key)).status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]
    assert numbers[0] <= 8  # two of them authentication


def test_rows_and_detail_have_the_fields_the_schema_promises(client: APIClient) -> None:
    ticket = make_ticket()
    row = client.get("/api/open-tickets").json()["tickets"][0]
    detail = client.get(f"/api/tickets/{ticket.key}").json()["ticket"]
    assert set(row) == set(TicketSerializer().fields) == set(EXAMPLE)
    assert set(detail) == set(TicketDetailSerializer().fields)


def test_related_tickets_are_named_in_both_directions(client: APIClient) -> None:
    child, parent = make_ticket(), make_ticket()
    services.link(child.pk, parent.pk, kind="caused_by")
    rows = {row["id"]: row for row in client.get("/api/open-tickets").json()["tickets"]}
    assert rows[child.key]["related"] == [parent.key]
    assert rows[parent.key]["related"] == [child.key]
    detail = client.get(f"/api/tickets/{parent.key}").json()["ticket"]
    assert detail["related_tickets"] == [{"id": child.key, "relation": "cause_of"}]


def test_unknown_ticket_is_404_in_the_common_form(client: APIClient) -> None:
    answer = client.get("/api/tickets/ADF-NONE")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is no ticket ADF-NONE.", "code": "not_found", "fields": {}}
