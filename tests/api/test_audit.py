"""The audit trail by pages and filters, and its summary out of settled counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from audit import counts, sealing
from audit.api.serializers import AuditEntrySerializer
from audit.entry_json import entry_rows
from audit.models import AuditEntry, AuditTotal, AuditVerification
from audit.services import Subject, record
from tests.support.factories import make_ticket
from tests.support.people import client_of


@pytest.fixture
def client(viewer: User) -> APIClient:
    """Making the person has left an entry or two of its own: nobody can delete them."""
    return client_of(viewer)


def read(client: APIClient, query: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/audit-trail?{query}")
    assert answer.status_code == 200
    audits: list[dict[str, Any]] = answer.json()["audits"]
    return audits


def test_pages_are_newest_first_and_do_not_shift(client: APIClient) -> None:
    made = [record("Act").pk for _ in range(5)]
    first = client.get("/api/audit-trail?limit=2&action=Act").json()
    record("Act")
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    assert [e["id"] for page in (first, second, third) for e in page["audits"]] == made[::-1]
    assert third["next"] is None


def test_filters_narrow_by_action_ticket_and_time(client: APIClient) -> None:
    wanted = record("Ticket Closed", subject=Subject("ADF-1"))
    record("Ticket Closed", subject=Subject("ADF-2"))
    record("Ticket Created", subject=Subject("ADF-1"))
    assert [e["id"] for e in read(client, "action=Ticket%20Closed&ticket=ADF-1")] == [wanted.pk]
    moment = wanted.created_at.isoformat().replace("+00:00", "Z")
    assert wanted.pk in [e["id"] for e in read(client, f"since={moment}")]
    assert wanted.pk not in [e["id"] for e in read(client, f"until={moment}")]


def test_entry_has_the_fields_the_schema_promises(client: APIClient) -> None:
    record("Ticket Closed")
    assert set(read(client, "")[0]) == set(AuditEntrySerializer().fields)


def test_summary_counts_settled_and_new_entries_together(client: APIClient) -> None:
    earlier = AuditEntry.objects.count()
    for action in ("Ticket Created", "Ticket Created", "Jira Ticket Created", "Duplicate Run Detected"):
        record(action)
    now = timezone.now()
    before = client.get("/api/audit-summary").json()
    counts.settle(now)
    assert not AuditTotal.objects.exists()  # all too young
    assert counts.settle(now + timedelta(hours=1)) > 0
    record("Slack Notification Sent")
    after = client.get("/api/audit-summary").json()
    assert (before["total_entries"], after["total_entries"]) == (earlier + 4, earlier + 5)
    assert (after["ticket_created"], after["jira_created"]) == (2, 1)
    assert (after["slack_sent"], after["duplicates_prevented"]) == (1, 1)
    assert next(iter(after["by_action"].items())) == ("Ticket Created", 2)
    assert after["recent"][0]["action"] == "Slack Notification Sent"


def test_settling_in_steps_counts_each_entry_once(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "COUNTED_AT_ONCE", 2)
    for _ in range(5):
        record("Ticket Created")
    later = timezone.now() + timedelta(hours=1)
    while counts.settle(later):
        assert counts.by_action()["Ticket Created"] == 5


def test_summary_after_settling_reads_no_old_entry(client: APIClient) -> None:
    record("Ticket Created")
    counts.settle(timezone.now() + timedelta(hours=1))
    with CaptureQueriesContext(connection) as queries:
        counts.by_action()
    about_entries = [q["sql"] for q in queries if "audit_auditentry" in q["sql"]]
    assert len(about_entries) == 1
    assert '"id" >' in about_entries[0]


def test_time_filters_find_entries_whose_numbers_do_not_follow_their_times(client: APIClient) -> None:
    """Transactions that overlap are numbered in one order and timed in another."""
    noon = timezone.now()
    times = [noon, noon - timedelta(minutes=3), noon + timedelta(minutes=3), noon - timedelta(seconds=1)]
    made = [AuditEntry.objects.create(action="Act", created_at=at).pk for at in times]
    moment = noon.isoformat().replace("+00:00", "Z")
    assert [e["id"] for e in read(client, f"action=Act&since={moment}")] == [made[2], made[0]]
    assert [e["id"] for e in read(client, f"action=Act&until={moment}")] == [made[3], made[1]]


def test_moments_at_the_ends_of_the_calendar_mean_for_ever(client: APIClient) -> None:
    entry = record("Ticket Closed")
    whole = "action=Ticket%20Closed&since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z"
    assert [e["id"] for e in read(client, whole)] == [entry.pk]


def test_each_entry_tells_its_integrity_by_the_last_seal_and_verification(client: APIClient) -> None:
    ticket = make_ticket()
    entries = [record("Act", subject=ticket.subject)]
    sealing.seal_entries(settle=timedelta(0))
    entries.append(record("Act", subject=ticket.subject))

    def told() -> list[list[str]]:
        detail = client.get(f"/api/tickets/{ticket.key}").json()["ticket"]
        return [[e["integrity"] for e in rows] for rows in (detail["timeline"], read(client, "action=Act"))]

    assert told() == [["unsealed", "sealed"]] * 2
    with CaptureQueriesContext(connection) as queries:
        entry_rows(entries)
    assert len(queries) == 1
    AuditVerification.objects.create(is_whole=False, message="Entry 1 is missing")
    assert told() == [["broken", "broken"]] * 2
    AuditVerification.objects.create(is_whole=True)
    assert told() == [["unsealed", "sealed"]] * 2
