"""Lines that the database makes are, to the byte, those that Python makes; whatever the rows hold."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, models

from accounts.models import User
from audit.api import sql_lines
from audit.api.csv_stream import Lines, Page
from audit.api.views import read_entries
from audit.cells import STARTS_FORMULA
from audit.models import AuditEntry
from audit.selectors import AuditFilters
from audit.services import record
from tests.support.factories import make_ticket
from tickets.api.exports import read_tickets
from tickets.choices import Status
from tickets.export_columns import COLUMNS
from tickets.models import Ticket
from tickets.selectors import Position, TicketFilters

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 20, 14, 30, 22, tzinfo=UTC)
TEXTS = (
    "", " ", "plain", "a,b", 'say "hi"', '"', '""', "'", "'=1", "two\nlines", "two\r\nlines", "\r", "\n=1",
    "é,\U0001f600", "\\.", "\\N", "\\", "NULL", "%s", "100%", "%(a)s", "{}", "a\x1fb", "\x01", "\x7f", " =1", "ends\n",
    "x\ty", "\u2028", "\ufeff=1",
    *(f"{first}cmd|' /C calc'!A0" for first in sorted(STARTS_FORMULA)), *sorted(STARTS_FORMULA),
)  # fmt: skip
LISTS: tuple[Any, ...] = (
    [], [""], ["", ""], ["a"], ["a", "b; c"], ["=1", "b"], ['", "'], ["\\"], ["é", "\U0001f600"], ["a\nb", "\t"],
    [1, 2.50, 1e30], [None, True, "a"], [["x"], {"k": 1}], {}, {"=k": 1}, "text", "", 0, [-1],
)  # fmt: skip
OBJECTS: tuple[Any, ...] = (
    {}, {"a": 1}, {"b": 1.5, "a": [1, {"c": None}]}, {"n": 1e300, "m": 10**30, "s": 1.10}, {"t": "1.10, 2.5"},
    {"é": "\U0001f600\n\"'\\/\x7f\x01"}, {"k": "a, -1.5"}, [], [1.0], ["=1"], "=1", -5, 1.0, True, "", {"": ""},
)  # fmt: skip
MOMENTS = (
    AT,
    AT + timedelta(microseconds=1),
    AT + timedelta(microseconds=500_000),
    AT.replace(year=1970),
    AT.replace(year=9998),
)


@pytest.fixture(params=[4_000, 7], ids=["one page", "many pages"])
def count(request: pytest.FixtureRequest) -> int:
    return int(request.param)


Read = Callable[[Any, int], Page]


def whole(read: Read, count: int) -> bytes:
    data, position = b"", None
    while True:
        made, position = read(position, count)
        data += made.data
        if position is None:
            return data


def both_ways(read: Read, count: int, monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, bytes]:
    fast = whole(read, count)
    monkeypatch.setattr(sql_lines, "_WAYS", {})
    return fast, whole(read, count)


def hostile_tickets() -> None:
    chance = random.Random(20261121)
    fields = [
        field
        for field in Ticket._meta.local_concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and field.name not in {"key", "dedup_key", "status"}
    ]
    eve = User.objects.create_user('=eve,"x"@example.com', full_name="Eve")
    for number, text in enumerate(TEXTS * 2):
        ticket = make_ticket(
            status="acknowledged", acknowledged_at=chance.choice(MOMENTS) - timedelta(days=number // 3)
        )
        # Every column by turns: all of them hostile at first, then a few of many.
        chosen = fields if number < len(TEXTS) else chance.sample(fields, 3)
        values: dict[str, Any] = {field.name: text[: field.max_length] for field in chosen}
        values |= {
            "recommendations": LISTS[number % len(LISTS)],
            "assigned_to": eve if number % 3 else None,
            "can_auto_heal": bool(number % 2),
            "ack_seconds": None if number % 4 else number,
            "opened_at": chance.choice(MOMENTS),
        }
        # What reads it must be one of a closed list only at the door; here any column may hold anything.
        Ticket.objects.filter(pk=ticket.pk).update(**values)


def test_ticket_lines_of_the_database_are_those_of_python(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile_tickets()

    def read(after: Position | None, count: int) -> Page:
        return read_tickets(Status.ACKNOWLEDGED, TicketFilters(), after, count)

    fast, plain = both_ways(read, count, monkeypatch)
    assert fast == plain
    assert plain.count(b"cmd|") > len(STARTS_FORMULA)


def test_audit_lines_of_the_database_are_those_of_python(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in TEXTS:
        record("Ticket Created", summary=text, details={"text": text})
    made = [
        AuditEntry(created_at=moment, action=text, actor=text, pipeline=text, details=details)
        for moment, text, details in zip(MOMENTS * 4, TEXTS, OBJECTS + OBJECTS, strict=False)
    ]
    AuditEntry.objects.bulk_create(made)
    fast, plain = both_ways(
        lambda before, count: read_entries(AuditFilters(), before, count), count, monkeypatch
    )
    assert fast == plain
    assert plain.count(b"\r\n") >= len(TEXTS) + len(made)


@pytest.fixture
def plainly_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows the database could not write."""
    seen: list[int] = []
    line = sql_lines._line
    monkeypatch.setattr(sql_lines, "_line", lambda row: seen.append(1) or line(row))  # type: ignore[func-returns-value]
    return seen


@pytest.mark.skipif(connection.vendor == "microsoft", reason="SQL Server is read the plain way")
def test_usual_ticket_is_written_by_the_database_alone(plainly_read: list[int]) -> None:
    make_ticket(
        error_message='two\nlines, and "quotes"',
        root_cause="=1",
        recommendations=["a, b", 'say "hi"'],
        pipeline="=1",
    )
    made, _ = read_tickets(Status.OPEN, TicketFilters(), None, 10)
    assert made.count == 1
    assert not plainly_read
    Ticket.objects.update(recommendations=[1, None])
    assert read_tickets(Status.OPEN, TicketFilters(), None, 10)[0].count == 1
    assert len(plainly_read) == (1 if connection.vendor == "postgresql" else 0)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="elsewhere a time is no text")
def test_time_that_was_written_otherwise_is_read_all_the_same() -> None:
    make_ticket()
    for written in ("2026-11-20 14:30:22.000000", "2026-11-20 14:30:22.5", "2026-11-20 14:30:22"):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE tickets_ticket SET opened_at = %s, sla_due_at = %s", [written, written])
        made, _ = read_tickets(Status.OPEN, TicketFilters(), None, 10)
        fraction = ".500000" if written.endswith(".5") else ""
        assert made.last_row[1] == made.last_row[24] == f"2026-11-20T14:30:22{fraction}Z"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="elsewhere COPY puts quotes where they are needed")
def test_comma_in_a_short_column_leaves_its_neighbours_alone(plainly_read: list[int]) -> None:
    odd, usual = make_ticket(pipeline="a,b"), make_ticket(pipeline="c")
    made, _ = read_tickets(Status.OPEN, TicketFilters(), None, 10)
    assert made.data.count(b'"a,b"') == 1
    assert made.last_row[list(COLUMNS).index("pipeline")] == odd.pipeline
    assert made.first == usual.key
    assert len(plainly_read) == 1


def test_row_that_left_the_list_while_the_page_was_read_leaves_no_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The page is full all the same, so the export goes on behind it."""
    keys = [
        make_ticket(pipeline="a,b", recommendations=[1], opened_at=AT + timedelta(seconds=n)).key
        for n in range(4)
    ]
    mend = sql_lines._mend

    def mend_too_late(*arguments: Any) -> bool:
        Ticket.objects.filter(key=keys[-1]).update(status="in_progress")
        return mend(*arguments)

    monkeypatch.setattr(sql_lines, "_mend", mend_too_late)
    seen = whole(lambda after, count: read_tickets(Status.OPEN, TicketFilters(), after, count), 2)
    assert [line.split(b",")[0].decode() for line in seen.splitlines()] == keys[2::-1]


def test_no_rows_make_no_lines() -> None:
    assert read_tickets(Status.OPEN, TicketFilters(), None, 10) == (Lines(), None)
    assert read_tickets(Status.OPEN, TicketFilters(severity=("Low",), search="nowhere"), None, 10) == (
        Lines(),
        None,
    )
