"""The made-up year is a record like any other: its seals verify, its rows fit their tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from audit import sealing
from audit.models import AuditEntry, AuditSeal
from audit.verification import verify
from bench.volume import entries, tickets
from tickets.models import Ticket

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_rows_of_tickets_have_a_value_for_each_column_and_keep_their_order() -> None:
    rows = [dict(zip(tickets.COLUMNS, row, strict=True)) for row in tickets.ticket_rows(300, NOW, [1, 2])]
    assert [row["id"] for row in rows] == list(range(1, 301))
    assert [row["opened_at"] for row in rows] == sorted(row["opened_at"] for row in rows)
    assert len({row["key"] for row in rows}) == len({row["dedup_key"] for row in rows}) == 300
    assert sum(tickets.RARE_WORD in row["error_message"] for row in rows) == 3
    assert {row["status"] for row in rows} == {"open", "in_progress", "acknowledged"}
    required = {str(field.column) for field in Ticket._meta.local_concrete_fields if not field.null}
    assert not [column for row in rows for column in required if row[column] is None]


def test_same_seed_makes_the_same_tickets() -> None:
    assert list(tickets.ticket_rows(50, NOW, [1])) == list(tickets.ticket_rows(50, NOW, [1]))


@pytest.mark.django_db
def test_entries_are_sealed_as_the_product_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "MAX_ENTRIES", 40)
    first = (AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0) + 1
    assert first == 1, "this record is not empty"
    trail = entries.Trail()
    subjects = [(f"ADF-{n}", "Load", f"{n:032x}", str(NOW + timedelta(minutes=n))[:19]) for n in range(20)]
    for row in trail.rows(subjects):
        values = dict(zip(entries.COLUMNS, row, strict=True))
        values |= {
            "created_at": datetime.fromisoformat(values["created_at"]).replace(tzinfo=UTC),
            "details": {},
        }
        AuditEntry.objects.create(**values)
    AuditSeal.objects.bulk_create(trail.seals)
    report = verify()
    assert (len(trail.seals), trail.totals.total()) == (3, 100)
    assert report.is_whole, report
