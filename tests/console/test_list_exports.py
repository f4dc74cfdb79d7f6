"""What leaves the console's lists as files: every record can be taken out, whole, harmless and recorded."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from aiops.console.audit_trail import bundle_address
from audit import actions
from audit.models import AuditEntry
from audit.services import record
from ingestion.models import AlertEvent
from tests.console.conftest import HOSTILE, Cast, full_ticket
from tests.support.factories import make_ticket
from tickets.models import Ticket

CSV, XLSX, JSON = ({"format": str(place), "resource": ""} for place in range(3))
LISTS = (
    "audit/auditentry",
    "ingestion/alertevent",
    "integrations/delivery",
    "rca/analysis",
    "tickets/ticket",
)
in_real_transactions = pytest.mark.django_db(transaction=True)
streamed = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous:Warning")


@pytest.fixture
def viewer_client(transactional_db: None, make_person: Callable[[Role | None], User]) -> Client:
    viewer = make_person(Role.VIEWER)
    User.objects.filter(pk=viewer.pk).update(is_staff=True)
    client = Client()
    client.force_login(viewer)
    return client


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@pytest.mark.parametrize("name", LISTS)
def test_each_record_is_taken_out_in_three_forms(cast: Cast, name: str) -> None:
    full_ticket("=1+1")
    address = f"/admin/{name}/export/"
    client = cast.clients["viewer"]
    rows = table(client.post(address, CSV).content)
    assert rows
    assert not [value for row in rows for value in row.values() if value.startswith("=")]
    told = json.loads(client.post(address, JSON).content)
    assert {str(row["id"]) for row in told} >= {row["id"] for row in rows[1:]}
    assert client.post(address, XLSX).content.startswith(b"PK")
    taken = AuditEntry.objects.filter(action=actions.DATA_EXPORTED, actor="viewer@example.com")
    assert taken.count() == 3
    assert cast.clients["outsider"].post(address, CSV).status_code == 403


def test_events_are_exported_as_filtered_and_without_their_bodies(cast: Cast) -> None:
    full_ticket(HOSTILE)
    wanted = AlertEvent.objects.create(source="synapse", body=b"secret", body_size=6, outcome="failed")
    query = "?outcome__exact=failed&source=synapse&received_at_from=2020-01-01"
    content = cast.clients["viewer"].post(f"/admin/ingestion/alertevent/export/{query}", CSV).content
    assert [row["id"] for row in table(content)] == [str(wanted.pk)]
    assert b"secret" not in content


def test_an_older_window_of_the_list_exports_all_that_the_filter_lets_through(cast: Cast) -> None:
    first, second = make_ticket(), make_ticket()
    content = cast.clients["viewer"].post(f"/admin/tickets/ticket/export/?older={second.pk}", CSV).content
    assert {row["id"] for row in table(content)} == {first.key, second.key}


@in_real_transactions
@streamed
@pytest.mark.parametrize("name", LISTS)
def test_a_csv_beyond_the_bound_is_streamed_whole_with_the_filter_in_effect(
    viewer_client: Client, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for _ in range(5):
        full_ticket("=1+1")
    address = f"/admin/{name}/export/"
    small = table(viewer_client.post(address, CSV).content)
    monkeypatch.setattr("accounts.console.exports.MOST_EXPORTED", 2)
    monkeypatch.setattr("audit.api.csv_stream.FIRST_ROWS", 2)
    answer: Any = viewer_client.post(address, CSV)
    content = b"".join(answer)
    big = table(content)
    assert list(big[0]) == list(small[0])
    # The record has grown by the exports themselves; whatever was there before is in both files alike.
    known = {tuple(row.values()) for row in big}
    assert {tuple(row.values()) for row in small} <= known
    assert len(known) == len(big)
    ended = AuditEntry.objects.filter(action=actions.DATA_EXPORTED).order_by("-pk")[0]
    assert ended.details["sha256"] == hashlib.sha256(content).hexdigest()
    assert ended.details["is_complete"] is True


@in_real_transactions
@streamed
def test_a_streamed_csv_takes_the_filters_of_the_console(
    viewer_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.console.exports.MOST_EXPORTED", 1)
    wanted = [make_ticket(error_type="GatewayTimeout", cause_class="timeout") for _ in range(3)]
    make_ticket(error_type="Other")
    answer: Any = viewer_client.post("/admin/tickets/ticket/export/?error_type=GatewayTimeout", CSV)
    assert [row["id"] for row in table(b"".join(answer))] == [each.key for each in reversed(wanted)]
    begun = AuditEntry.objects.get(action=actions.DATA_EXPORT_STARTED)
    assert begun.details["filters"] == {"error_type": "GatewayTimeout"}


@pytest.mark.parametrize("wanted", [XLSX, JSON], ids=["sheet", "json"])
def test_a_file_that_is_built_in_memory_is_refused_beyond_the_bound(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, str]
) -> None:
    monkeypatch.setattr("accounts.console.exports.MOST_EXPORTED", 1)
    make_ticket(), make_ticket()
    answer = cast.clients["viewer"].post("/admin/tickets/ticket/export/", wanted, follow=True)
    assert "More than 1 rows match. Take them as CSV, or narrow the filter." in answer.content.decode()
    assert not AuditEntry.objects.filter(action=actions.DATA_EXPORTED).exists()
    assert Ticket.objects.count() == 2


@in_real_transactions
@streamed
def test_the_trail_offers_the_file_with_its_manifest_for_the_chosen_days(viewer_client: Client) -> None:
    ticket = make_ticket()
    entry = record(actions.COMMENT_ADDED, subject=ticket.subject)
    record(actions.STEP_DONE, subject=ticket.subject)
    day = f"{entry.created_at:%Y-%m-%d}"
    query = f"?created_at_from={day}&created_at_to={day}&action=Comment+Added"
    page = viewer_client.get(f"/admin/audit/auditentry/{query}").content.decode()
    found = re.search(r'href="(/api/export/audit-trail\.zip[^"]*)"', page)
    assert found is not None
    answer: Any = viewer_client.get(html.unescape(found[1]))
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as bundle:
        names = sorted(bundle.namelist())
        rows = table(bundle.read(names[0]))
        manifest = json.loads(bundle.read(names[1]))
    assert [row["id"] for row in rows] == [str(entry.pk)]
    assert manifest["count"] == 1


@pytest.mark.parametrize("query", ["created_at_to=2026-13-01", "action=Jira:", "created_at_from=x"])
def test_what_is_no_day_and_no_single_action_narrows_no_file(query: str) -> None:
    assert bundle_address(QueryDict(query)) == "/api/export/audit-trail.zip"
