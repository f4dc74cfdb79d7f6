"""CSV exports: what a spreadsheet would run is made harmless, pages join seamlessly, each export is recorded."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import connection, models
from rest_framework.test import APIClient

from accounts.models import User
from accounts.roles import Role
from audit import actions, threads
from audit.api import csv_stream
from audit.api.csv_stream import cell, lines
from audit.models import AuditEntry
from audit.services import record
from tests.support.factories import make_ticket
from tests.support.people import client_of
from tests.support.streaming import body_of
from tickets.api.export_rows import CONVERSIONS, moment_of
from tickets.api.serializers import TicketSerializer
from tickets.export_columns import COLUMNS

pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous:Warning")
in_real_transactions = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(transactional_db: None, make_person: Callable[[Role | None], User]) -> APIClient:
    return client_of(make_person(Role.VIEWER))


def table(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body_of(answer).decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_cell_that_a_spreadsheet_would_run_is_made_harmless(first: str) -> None:
    assert cell(f"{first}cmd|' /C calc'!A0") == f"'{first}cmd|' /C calc'!A0"
    assert cell([f"{first}1", "b"]) == f"'{first}1; b"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain = text", "plain = text"),
        ("", ""),
        (-5, -5),
        (None, None),
        (True, True),
        (["a", "b"], "a; b"),
        (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "2026-01-02T03:04:05.000006Z"),
    ],
)
def test_harmless_cell_stays_as_it_is(value: object, written: object) -> None:
    assert cell(value) == written


def test_text_with_quotes_and_line_ends_comes_back_as_it_was() -> None:
    row = ['say "hi"', "two\nlines", "a,b", "é \U0001f600"]
    assert list(csv.reader(io.StringIO(lines([row]), newline=""))) == [row]


def test_columns_are_fields_of_the_ticket_in_the_contract() -> None:
    assert set(COLUMNS) <= set(TicketSerializer().fields)


@in_real_transactions
@pytest.mark.parametrize(
    ("address", "status", "name"),
    [
        ("open-tickets", "open", "open_tickets"),
        ("in-progress-tickets", "in_progress", "in_progress_tickets"),
        ("closed-tickets", "acknowledged", "closed_tickets"),
    ],
)
def test_each_list_is_exported_whole_across_pages(
    client: APIClient, monkeypatch: pytest.MonkeyPatch, address: str, status: str, name: str
) -> None:
    for name_of_bound in ("FIRST_ROWS", "FEWEST_ROWS", "MOST_ROWS"):
        monkeypatch.setattr(csv_stream, name_of_bound, 2)
    at = datetime(2026, 11, 20, tzinfo=UTC)
    made = [
        make_ticket(status=status, opened_at=at, acknowledged_at=at + timedelta(seconds=n // 2)).key
        for n in range(5)
    ]
    make_ticket(status="open" if status != "open" else "in_progress")
    answer = client.get(f"/api/export/{address}")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(
        rf'attachment; filename="{name}_\d{{8}}_\d{{6}}\.csv"', answer.headers["Content-Disposition"]
    )
    assert [row["id"] for row in table(answer)] == list(reversed(made))


@in_real_transactions
def test_export_takes_the_filters_of_the_list(client: APIClient) -> None:
    found = make_ticket(severity="Low", pipeline="=HYPERLINK(1)")
    make_ticket(severity="High")
    rows = table(client.get("/api/export/open-tickets?severity=low&search=hyper"))
    assert [(row["id"], row["pipeline"]) for row in rows] == [(found.key, "'=HYPERLINK(1)")]
    assert table(client.get("/api/export/open-tickets?search=nowhere")) == []
    assert table(client.get("/api/export/open-tickets?sla=breached&owner=me")) == []
    assert client.get("/api/export/open-tickets?severity=red").status_code == 400
    assert client.get("/api/export/open-tickets?limit=5").status_code == 400


@in_real_transactions
@pytest.mark.parametrize(
    ("query", "start"), [("?bom=1", b"\xef\xbb\xbfid,"), ("?bom=0", b"id,"), ("", b"id,")]
)
def test_byte_order_mark_only_when_asked_for(client: APIClient, query: str, start: bytes) -> None:
    assert b"".join(client.get(f"/api/export/open-tickets{query}")).startswith(start)


@in_real_transactions
def test_export_is_recorded_before_the_first_byte_and_after_the_last(client: APIClient) -> None:
    ticket = make_ticket(severity="Low")
    answer = client.get("/api/export/open-tickets?severity=Low")
    begun = AuditEntry.objects.get(action=actions.DATA_EXPORT_STARTED)
    assert begun.actor == "viewer@example.com"
    sent = b"".join(answer)
    ended = AuditEntry.objects.get(action=actions.DATA_EXPORTED)
    assert ended.actor == "viewer@example.com"
    assert ended.details == {
        "export": "open_tickets",
        "filters": {"severity": ["Low"]},
        "rows": 1,
        "is_complete": True,
        "first": ticket.key,
        "last": ticket.key,
        "sha256": hashlib.sha256(sent).hexdigest(),
    }


@in_real_transactions
def test_audit_trail_is_exported_with_its_filters(client: APIClient) -> None:
    record("Ticket Created", summary="@first", details={"a": 1})
    record("Ticket Closed")
    rows = table(client.get("/api/export/audit-trail?action=Ticket%20Created"))
    assert [(row["action"], row["summary"], row["details"]) for row in rows] == [
        ("Ticket Created", "'@first", '{"a": 1}')
    ]


@in_real_transactions
def test_client_that_takes_gzip_gets_the_whole_export(client: APIClient) -> None:
    """A stream would be one gzip member per chunk, and many clients read only the first."""
    made = [make_ticket().key for _ in range(30)]
    answer = client.get("/api/export/open-tickets", HTTP_ACCEPT_ENCODING="gzip")
    assert "Content-Encoding" not in answer.headers
    assert [row["id"] for row in table(answer)] == made[::-1]
    listed = client.get("/api/open-tickets", HTTP_ACCEPT_ENCODING="gzip")
    assert listed.headers["Content-Encoding"] == "gzip"


def test_time_is_the_same_with_and_without_its_zone() -> None:
    written = "2026-01-02T03:04:05.000006Z"
    moment = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=5)))
    for value in (moment, elsewhere, moment.replace(tzinfo=None)):
        convert = CONVERSIONS[models.DateTimeField]
        assert convert(value) == written
    assert moment_of(written) == moment


@in_real_transactions
def test_connection_of_an_export_is_kept_from_page_to_page_and_given_back_by_a_slow_reader(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "IDLE_SECONDS", 0.05)

    def opened() -> Any:
        connection.ensure_connection()
        return connection.connection

    async def read() -> list[Any]:
        reader = threads.OwnThread()
        pages = [await reader.run(opened), await reader.run(opened)]
        await asyncio.sleep(0.5)
        # In the reader's own thread, behind what it was told to do.
        pages.append(await asyncio.wrap_future(reader._pool.submit(lambda: connection.connection)))
        reader.close()
        return pages

    first, second, when_idle = asyncio.run(read())
    assert first is second
    assert when_idle is None
