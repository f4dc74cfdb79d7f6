"""The door asks nothing of Daphne: behind uvicorn, on a real socket, it answers as Django's view does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from ingestion.models import AlertEvent
from tests.conftest import API_KEY
from tests.support.alerts import data_factory_alert, resolved_alert
from tests.support.faces import DjangoFace, Face, Told
from tests.support.uvicorn_face import UvicornFace, on_uvicorn
from tickets.models import Ticket

KEY = {"X-Api-Key": API_KEY}
RUN = "11111111-2222-3333-4444-555555555555"
SAME_ON_BOTH = ("content-type", "x-content-type-options", "allow", "www-authenticate", "retry-after")


@pytest.fixture
def uvicorn_face(transactional_db: None) -> Iterator[UvicornFace]:
    with on_uvicorn() as face:
        yield face


def asked(face: Face) -> list[tuple[int, dict[str, str], str]]:
    """What a face tells a sender, call by call, on an empty desk; numbers and keys taken out."""
    AlertEvent.objects.all().delete()
    Ticket.objects.all().delete()
    new, other = json.dumps(data_factory_alert(RUN)).encode(), json.dumps({"colour": "blue"}).encode()
    calls: list[tuple[str, bytes, dict[str, str], str]] = [
        ("/azure-monitor", new, KEY, "POST"),
        ("/azure-monitor/", new, KEY, "POST"),
        ("/azure-monitor", json.dumps(resolved_alert()).encode(), KEY, "POST"),
        ("/azure-monitor", other, KEY, "POST"),
        ("/azure-monitor", b"", KEY, "POST"),
        ("/azure-monitor", b"{", KEY, "POST"),
        ("/azure-monitor", b"\xff\xfe{\x00}\x00", KEY, "POST"),
        ("/azure-monitor", b"x" * 5_001, KEY, "POST"),
        ("/azure-monitor", new, {}, "POST"),
        ("/azure-monitor", new, {"X-Api-Key": "wrong"}, "POST"),
        (f"/azure-monitor?api_key={API_KEY}", other, {"Content-Type": "text/plain"}, "POST"),
        ("/azure-monitor", b"", KEY, "GET"),
        ("/azure-monitor/x", b"{}", KEY, "POST"),
        ("/azure-monitor", new, {**KEY, "Host": "elsewhere.example.com"}, "POST"),
    ]
    return [
        _comparable(face.send(path, body, dict(headers), method)) for path, body, headers, method in calls
    ]


def _comparable(told: Told) -> tuple[int, dict[str, str], str]:
    text = told.body.decode()
    text = re.sub(r"ADF-\d{8}T\d{6}-[0-9a-f]{6}", "ADF-KEY", text)
    text = re.sub(r'"event_id": \d+', '"event_id": 0', text)
    text = re.sub(r"\b[0-9a-f]{32}\b", "REQUEST", text)
    return told.status, {name: told.headers[name] for name in SAME_ON_BOTH if name in told.headers}, text


def test_sender_is_told_the_same_as_by_the_view(uvicorn_face: UvicornFace, settings: Settings) -> None:
    settings.INGESTION_MAX_BODY_BYTES = 5_000
    told = asked(uvicorn_face)
    assert [status for status, _, _ in told] == [
        202, 202, 202, 202, 400, 400, 400, 413, 401, 401, 202, 405, 404, 400,
    ]  # fmt: skip
    assert Ticket.objects.get().occurrences == 2
    assert told == asked(DjangoFace())


def test_body_in_chunks_is_one_body_and_kept_as_sent(uvicorn_face: UvicornFace) -> None:
    body = json.dumps(data_factory_alert(RUN)).encode()
    told = uvicorn_face.ask("/azure-monitor", [body[:7], body[7:400], body[400:]], dict(KEY))
    answer: dict[str, Any] = json.loads(told.body)
    assert (told.status, answer["status"], told.headers["server"]) == (202, "accepted", "uvicorn")
    assert bytes(AlertEvent.objects.get().body) == body


def test_chunks_beyond_the_limit_are_refused_and_not_kept(
    uvicorn_face: UvicornFace, settings: Settings
) -> None:
    settings.INGESTION_MAX_BODY_BYTES = 100
    told = uvicorn_face.ask("/azure-monitor", [b"x" * 60, b"x" * 60], dict(KEY))
    assert told.status == 413
    assert not AlertEvent.objects.exists()
