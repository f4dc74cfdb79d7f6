"""Alert events in the console: found by any id, shown as text, replayed only by POST and only by those who may."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit.models import AuditEntry
from ingestion.models import AlertEvent
from tests.conftest import API_KEY
from tests.support.posting import ADF, DATABRICKS, job_failed, pipeline_failed, post
from tickets.models import Ticket

RUN = "7d3c2a90-51f4-4e0d-8a6b-2f9d10c4e5a1"
LIST = "/admin/ingestion/alertevent/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def event(door: Client) -> AlertEvent:
    post(door, f"{ADF}?api_key={API_KEY}", pipeline_failed(RUN))
    return AlertEvent.objects.get()


def change(event: AlertEvent) -> str:
    return reverse("admin:ingestion_alertevent_change", args=[event.pk])


@pytest.mark.parametrize("role", ["viewer", "analyst", "approver", "admin_person"])
def test_every_role_reads_events_and_the_outsider_does_not(
    event: AlertEvent, role: str, outsider: User, request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(role))
    assert [client.get(path).status_code for path in (LIST, change(event))] == [200, 200]
    assert client.post(change(event), {"message": "changed"}).status_code == 403
    outsider.is_staff = True
    outsider.save()
    assert [signed_in(outsider).get(path).status_code for path in (LIST, change(event))] == [403, 403]


@pytest.mark.parametrize(
    "find",
    [
        lambda event, ticket: str(event.pk),
        lambda event, ticket: ticket.key,
        lambda event, ticket: ticket.key.lower(),
        lambda event, ticket: RUN.upper(),
        lambda event, ticket: "rca_api_key",
        lambda event, ticket: "1 created",
    ],
    ids=["number", "ticket", "ticket in lower case", "run id", "key name", "words of the message"],
)
def test_event_is_found_by_what_people_hold(
    event: AlertEvent, door: Client, admin_person: User, find: Any
) -> None:
    door.post(DATABRICKS, b"{no json", content_type="application/json")
    other = AlertEvent.objects.order_by("-pk").first()
    assert other is not None
    AlertEvent.objects.filter(pk=other.pk).update(key_name="another")
    answer = signed_in(admin_person).get(LIST, {"q": find(event, Ticket.objects.get())})
    assert [found.pk for found in answer.context["cl"].result_list] == [event.pk]


def test_search_for_nothing_known_finds_nothing(event: AlertEvent, viewer: User) -> None:
    answer = signed_in(viewer).get(LIST, {"q": "9" * 30})
    assert list(answer.context["cl"].result_list) == []


def test_list_takes_as_many_queries_for_twenty_rows_as_for_one(
    event: AlertEvent, door: Client, admin_person: User
) -> None:
    client = signed_in(admin_person)

    def queries() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(LIST).status_code == 200
        return [query["sql"] for query in captured]

    queries()
    one = queries()
    for number in range(20):
        post(door, DATABRICKS, job_failed(number + 1))
    twenty = queries()
    assert len(twenty) == len(one)
    listing = [sql for sql in twenty if 'FROM "ingestion_alertevent"' in sql and "LIMIT" in sql]
    assert not any('"body"' in sql for sql in listing), "bodies are not read for a list"


def test_body_is_shown_as_escaped_text(door: Client, admin_person: User) -> None:
    post(door, ADF, pipeline_failed(RUN, ErrorMessage="<script>alert(1)</script>"))
    page = signed_in(admin_person).get(change(AlertEvent.objects.get())).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)</script>" not in page
    assert Ticket.objects.get().key in page


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"{no", b"[" * 5000, b'{"a": "\\ud800"}', b" " * 300_000])
def test_body_of_any_kind_is_shown(door: Client, admin_person: User, body: bytes) -> None:
    door.post(ADF, body, content_type="application/json")
    assert signed_in(admin_person).get(change(AlertEvent.objects.get())).status_code == 200


def test_credentials_are_nowhere_in_the_stored_event(door: Client) -> None:
    credentials = {
        "Authorization": f"Basic {API_KEY}",
        "Cookie": "sessionid=1",
        "User-Agent": "IcMBroadcaster/1.0",
    }
    path = f"{ADF}?api_key={API_KEY}"
    door.post(path, json.dumps(pipeline_failed(RUN)), content_type="application/json", headers=credentials)
    event = AlertEvent.objects.get()
    assert event.headers == {"User-Agent": "IcMBroadcaster/1.0"}
    stored = json.dumps([str(getattr(event, field.name)) for field in AlertEvent._meta.fields])
    assert API_KEY not in stored


def test_trace_is_shown_to_administrators_only(event: AlertEvent, admin_person: User, approver: User) -> None:
    AlertEvent.objects.update(failure_trace="Traceback: in our own code")
    shown = [signed_in(user).get(change(event)).content.decode() for user in (admin_person, approver)]
    assert ["in our own code" in page for page in shown] == [True, False]


def test_secret_in_a_body_is_masked_on_the_page(door: Client, admin_person: User) -> None:
    post(door, ADF, pipeline_failed(RUN, ErrorMessage="Login failed; Password=hunter2-and-more;"))
    page = signed_in(admin_person).get(change(AlertEvent.objects.get())).content.decode()
    assert "Login failed" in page
    assert "hunter2-and-more" not in page


def test_body_is_downloaded_as_the_bytes_that_came(
    event: AlertEvent, analyst: User, viewer: User, outsider: User
) -> None:
    address = reverse("admin:ingestion_alertevent_body", args=[event.pk])
    answer = signed_in(analyst).get(address)
    assert answer.content == json.dumps(pipeline_failed(RUN)).encode()
    assert answer["Content-Disposition"] == f'attachment; filename="event-{event.pk}-body.bin"'
    assert answer["Content-Type"] == "application/octet-stream"
    outsider.is_staff = True
    outsider.save()
    assert [signed_in(user).get(address).status_code for user in (viewer, outsider)] == [404, 404]
    assert address not in signed_in(viewer).get(change(event)).content.decode()
    assert Client().get(address).status_code == 302


def test_export_is_downloaded_in_the_form_for_replay(event: AlertEvent, analyst: User) -> None:
    answer = signed_in(analyst).get(reverse("admin:ingestion_alertevent_file", args=[event.pk]))
    assert json.loads(answer.content)["source"] == "adf"


def replay(client: Client, event: AlertEvent, **more: str) -> Any:
    return client.post(
        LIST, {"action": "replay_selected", ACTION_CHECKBOX_NAME: [event.pk], **more}, follow=True
    )


def test_replay_asks_first_and_then_is_done_and_audited(event: AlertEvent, analyst: User) -> None:
    client = signed_in(analyst)
    asked = replay(client, event)
    assert "Replay this alert event?" in asked.content.decode()
    event.refresh_from_db()
    assert event.replay_count == 0
    done = replay(client, event, confirmed="yes")
    assert "1 replayed: 0 created, 1 duplicate, 0 ignored, 0 failed." in done.content.decode()
    event.refresh_from_db()
    assert event.replay_count == 1
    entry = AuditEntry.objects.get(action="Event Replayed")
    assert (entry.actor, entry.actor_kind) == (analyst.email, "person")


def test_viewer_cannot_replay(event: AlertEvent, viewer: User) -> None:
    replay(signed_in(viewer), event, confirmed="yes")
    event.refresh_from_db()
    assert event.replay_count == 0


def test_more_events_than_at_once_are_refused(
    event: AlertEvent, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.admin_replay.MOST_AT_ONCE", 0)
    assert "At most 0 events" in replay(signed_in(analyst), event, confirmed="yes").content.decode()
    event.refresh_from_db()
    assert event.replay_count == 0


def test_get_changes_nothing(event: AlertEvent, admin_person: User) -> None:
    client = signed_in(admin_person)
    before = (AuditEntry.objects.count(), Ticket.objects.values().get(), AlertEvent.objects.values().get())
    query: dict[str, str | int] = {
        "action": "replay_selected",
        ACTION_CHECKBOX_NAME: event.pk,
        "confirmed": "yes",
        "index": 0,
    }
    for path in (LIST, change(event)):
        client.get(path, query)
    after = (AuditEntry.objects.count(), Ticket.objects.values().get(), AlertEvent.objects.values().get())
    assert after == before


def test_taking_an_event_out_is_recorded_and_changes_nothing_else(
    event: AlertEvent, analyst: User, viewer: User
) -> None:
    before = (Ticket.objects.values().get(), AlertEvent.objects.values().get())
    for path in (f"{LIST}{event.pk}/body/", f"{LIST}{event.pk}/export/"):
        assert signed_in(viewer).get(path).status_code in {403, 404}
        assert signed_in(analyst).get(path).status_code == 200
    assert (Ticket.objects.values().get(), AlertEvent.objects.values().get()) == before
    taken = AuditEntry.objects.filter(action="Data Exported")
    assert [(entry.actor, entry.details["event"]) for entry in taken] == [(analyst.email, event.pk)] * 2
