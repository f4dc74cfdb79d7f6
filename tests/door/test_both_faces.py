"""Contract section 2, "Answers" and "Who may call", through Django's view and through the fast door alike."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django.fixtures import Settings

from accounts.service_keys import _ring as key_ring
from accounts.service_keys import create_key
from audit.models import AuditEntry
from ingestion.models import AlertEvent, Outcome
from tests.conftest import API_KEY
from tests.support.alerts import data_factory_alert, resolved_alert
from tests.support.faces import DjangoFace, Face, FastFace, Told
from tests.support.factories import make_ticket
from tickets.models import Ticket

KEY = {"X-Api-Key": API_KEY}


def post(face: Face, body: object, path: str = "/azure-monitor", **headers: str) -> tuple[int, Any]:
    told = face.send(path, json.dumps(body).encode(), {**KEY, **headers})
    return told.status, json.loads(told.body)


def test_new_failure_is_accepted_with_its_ticket(face: Face) -> None:
    status, answer = post(face, data_factory_alert("11111111-2222-3333-4444-555555555555"))
    ticket, event = Ticket.objects.get(), AlertEvent.objects.get()
    assert status == 202
    assert answer == {
        "status": "accepted",
        "event_id": event.pk,
        "ticket_id": ticket.key,
        "run_id": "11111111-2222-3333-4444-555555555555",
        "tickets": [
            {
                "status": "created",
                "ticket_id": ticket.key,
                "run_id": "11111111-2222-3333-4444-555555555555",
            }
        ],
        "message": "Tickets: 1 created.",
    }
    assert event.ticket_key == ticket.key
    assert [touched.ticket_id for touched in event.touched.all()] == [ticket.pk]
    entry = AuditEntry.objects.get(ticket_key=ticket.key)
    assert entry.action == "Ticket Created"
    assert entry.remote_address == "127.0.0.1"
    assert entry.request_id


def test_known_failure_is_a_duplicate_and_counted(face: Face) -> None:
    alert = data_factory_alert()
    _, first = post(face, alert)
    status, second = post(face, alert)
    assert (status, second["status"]) == (202, "duplicate_ignored")
    assert second["ticket_id"] == first["ticket_id"]
    assert second["existing_status"] == "open"
    assert Ticket.objects.get().occurrences == 2
    assert AlertEvent.objects.filter(outcome=Outcome.DUPLICATE).count() == 1


def test_two_failures_of_one_run_in_one_body_are_one_ticket(face: Face) -> None:
    alert = data_factory_alert("99999999-2222-3333-4444-555555555555")
    alert["data"]["alertContext"]["condition"] = {"allOf": []}
    post(face, alert)
    status, answer = post(
        face, {"PipelineName": "P", "PipelineRunId": "99999999-2222-3333-4444-555555555555"}
    )
    assert (status, answer["status"]) == (202, "duplicate_ignored")
    assert Ticket.objects.count() == 1


def test_resolved_alert_is_ignored_and_kept(face: Face) -> None:
    status, answer = post(face, resolved_alert())
    assert (status, answer["status"], answer["ticket_id"]) == (202, "ignored", None)
    assert AlertEvent.objects.get().pk == answer["event_id"]


def test_unknown_shape_is_unsupported_and_kept(face: Face) -> None:
    status, answer = post(face, {"colour": "blue"})
    assert (status, answer["status"]) == (202, "unsupported")
    assert AlertEvent.objects.get().outcome == Outcome.UNSUPPORTED


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff\xfe{\x00}\x00", b'{"a": NaN}'])
def test_malformed_body_is_400_and_kept(face: Face, body: bytes) -> None:
    told = face.send("/azure-monitor", body, KEY)
    answer = json.loads(told.body)
    assert told.status == 400
    assert set(answer) == {"detail", "event_id"}
    assert bytes(AlertEvent.objects.get(pk=answer["event_id"]).body) == body


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "nonsense"])
def test_odd_content_type_does_not_matter(face: Face, content_type: str) -> None:
    status, answer = post(face, data_factory_alert(), **{"Content-Type": content_type})
    assert (status, answer["status"]) == (202, "accepted")


@pytest.mark.parametrize(
    "path", ["/azure-monitor", "/azure-monitor/", "/synapse-monitor/", "/databricks-monitor/"]
)
def test_both_forms_of_an_address_answer(face: Face, path: str) -> None:
    assert post(face, {"colour": "blue"}, path)[0] == 202


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_405_by_django(face: Face, method: str) -> None:
    told = face.send("/azure-monitor", b"", KEY, method=method)
    assert told.status == 405
    assert told.headers["allow"] == "POST"
    if method != "HEAD":
        expected = f"{method} is not taken at this address; expected POST."
        assert json.loads(told.body) == {"detail": expected}


def test_run_of_the_logic_app_that_passed_the_alert_on_is_read_from_its_header(face: Face) -> None:
    headers = {"X-Ms-Workflow-Run-Id": "08585123456789012345678901234CU12"}
    _, answer = post(face, data_factory_alert(), **headers)
    assert Ticket.objects.get(key=answer["ticket_id"]).logic_app_run_id == headers["X-Ms-Workflow-Run-Id"]
    body = {"logicAppRunId": "told-in-the-body", "body": {"PipelineName": "p", "PipelineRunId": "r-1"}}
    _, answer = post(face, body, **headers)
    assert Ticket.objects.get(key=answer["ticket_id"]).logic_app_run_id == "told-in-the-body"


def test_unknown_address_is_404(face: Face) -> None:
    assert face.send("/azure-monitor/x", b"{}", KEY).status == 404


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Api-Key": "wrong"}, {"Authorization": "Basic !!"}, {"Authorization": f"Bearer {API_KEY}"}],
)
def test_no_good_credential_is_401_and_nothing_is_kept(face: Face, headers: dict[str, str]) -> None:
    told = face.send("/azure-monitor", json.dumps(data_factory_alert()).encode(), headers)
    assert told.status == 401
    assert "key" in json.loads(told.body)["detail"]
    assert not AlertEvent.objects.exists()


def test_key_is_taken_from_header_query_and_basic_password(face: Face) -> None:
    basic = base64.b64encode(f"anybody:{API_KEY}".encode()).decode()
    for path, headers in (
        ("/azure-monitor", KEY),
        (f"/azure-monitor?api_key={API_KEY}", {}),
        ("/azure-monitor", {"Authorization": f"Basic {basic}"}),
    ):
        assert face.send(path, b"{}", headers).status == 202, (path, headers)


def test_key_of_another_source_is_401_and_use_of_the_right_one_is_noted(face: Face) -> None:
    key, secret = create_key(name="factory only", sources=("adf",))
    assert face.send("/databricks-monitor", b"{}", {"X-Api-Key": secret}).status == 401
    assert face.send("/azure-monitor", b"{}", {"X-Api-Key": secret}).status == 202
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert AlertEvent.objects.get().key_name == "factory only"


def test_open_door_lets_everybody_in(face: Face, settings: Settings) -> None:
    settings.WEBHOOK_AUTH = "off"
    assert face.send("/azure-monitor", b"{}").status == 202


def test_too_large_body_is_413_and_nothing_is_kept(face: Face, settings: Settings) -> None:
    settings.INGESTION_MAX_BODY_BYTES = 2_000
    told = face.send("/azure-monitor", b"x" * 2_001, KEY)
    assert told.status == 413
    assert json.loads(told.body) == {"detail": "The body is larger than 2000 bytes."}
    assert face.send("/azure-monitor", b"x" * 2_000, KEY).status == 400
    assert AlertEvent.objects.count() == 1


def test_more_than_the_limit_waiting_is_503_with_retry_after(face: Face, settings: Settings) -> None:
    settings.INGESTION_QUEUE_LIMIT = 2
    make_ticket(needs_work=True)
    assert post(face, data_factory_alert())[0] == 202
    told = face.send("/azure-monitor", json.dumps(data_factory_alert()).encode(), KEY)
    assert told.status == 503
    assert int(told.headers["retry-after"]) > 0
    assert AlertEvent.objects.count() == 1
    Ticket.objects.update(needs_work=False)
    assert post(face, data_factory_alert())[0] == 202


@pytest.mark.parametrize("keys_are_known", [True, False])
def test_database_away_is_503_with_retry_after_and_then_well_again(
    face: Face, monkeypatch: pytest.MonkeyPatch, keys_are_known: bool
) -> None:
    if keys_are_known:
        face.send("/azure-monitor", b"{}", {"X-Api-Key": "nobody's"})  # reads the keys, writes nothing
    else:
        key_ring.forget()

    def refuse(self: BaseDatabaseWrapper) -> None:
        raise OperationalError("the server is not there")

    with monkeypatch.context() as away:
        away.setattr(BaseDatabaseWrapper, "cursor", refuse)
        told = face.send("/azure-monitor", json.dumps(data_factory_alert()).encode(), KEY)
    assert told.status == 503
    assert int(told.headers["retry-after"]) > 0
    assert "database" in json.loads(told.body)["detail"]
    assert post(face, data_factory_alert())[0] == 202


def test_fault_of_our_own_keeps_the_alert_for_replay(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(*args: object, **kwargs: object) -> None:
        raise KeyError("ours")

    with monkeypatch.context() as broken:
        broken.setattr("ingestion.batch.ticket_of", burst)
        status, answer = post(face, data_factory_alert())
    assert (status, answer["status"]) == (202, "unsupported")
    event = AlertEvent.objects.get(pk=answer["event_id"])
    assert event.outcome == Outcome.FAILED
    assert "KeyError" in event.failure_trace


def test_foreign_host_is_400_by_django(face: Face) -> None:
    assert face.send("/azure-monitor", b"{}", {**KEY, "Host": "evil.example"}).status == 400


def test_both_faces_answer_the_same_bytes(fast_face: FastFace) -> None:
    run = "12121212-2222-3333-4444-555555555555"
    bodies: list[bytes] = [
        json.dumps(data_factory_alert(run)).encode(),
        json.dumps(data_factory_alert(run)).encode(),
        json.dumps(resolved_alert()).encode(),
        json.dumps({"colour": "blau, grün"}).encode(),
        b"{",
        '{"PipelineName": "Übung", "runId": "1", "message": "\\ud800"}'.encode(),
    ]

    def told_by(face: Face) -> list[tuple[int, str | None, bytes]]:
        Ticket.objects.all().delete()
        AlertEvent.objects.all().delete()
        return [
            (told.status, told.headers.get("content-type"), _without_numbers(told))
            for told in (face.send("/azure-monitor", body, KEY) for body in bodies)
        ]

    assert told_by(fast_face) == told_by(DjangoFace())


def _without_numbers(told: Told) -> bytes:
    """Ticket keys and event numbers differ from alert to alert; nothing else may."""
    text = re.sub(rb"ADF-\d{8}T\d{6}-[0-9a-f]{6}", b"ADF-KEY", told.body)
    return re.sub(rb'"event_id": \d+', b'"event_id": 0', text)
