"""Contract section 12, "Awkward bodies", through both faces of the door."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingestion.models import AlertEvent
from tests.conftest import API_KEY
from tests.support.faces import Face, Told
from tests.support.posting import ADF
from tickets.models import Ticket

RUN = "7d3c2a90-51f4-4e0d-8a6b-2f9d10c4e5a1"
GOOD = b'{"PipelineName": "pl_load", "PipelineRunId": "%s", "ErrorMessage": "Disk full."}' % RUN.encode()


def send(face: Face, body: bytes, **headers: str) -> Told:
    return face.send(ADF, body, {"X-Api-Key": API_KEY, **headers})


def with_message(message: bytes) -> bytes:
    return GOOD.replace(b"Disk full.", message)


def nested(levels: int) -> bytes:
    """A good alert whose deepest value lies `levels` deep."""
    return GOOD[:-1] + b', "x": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


TAKEN = {
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "spaces around": b" \r\n\t" + GOOD + b"\n",
    "100 levels": nested(100),
    "brackets in text": with_message(b"[" * 500),
    "NUL": with_message(b"before\\u0000after"),
    "lone surrogate": with_message(b"before\\ud800after"),
    "surrogates in the wrong order": with_message(b"\\udc00\\ud83d"),
    "lone surrogate in a name": GOOD[:-1] + b', "\\ud800": "\\udfff\\u0000"}',
    "megabyte of text": with_message(b"x" * 1_000_000),
    "huge escapes": with_message(b"\\u00e4" * 100_000),
    "body as a JSON string": json.dumps(GOOD.decode()).encode(),
}

REFUSED = {
    "empty": (b"", "empty"),
    "blank": (b" \n ", "empty"),
    "UTF-16 with its mark": (GOOD.decode().encode("utf-16"), "UTF-16"),
    "UTF-16 without its mark": (GOOD.decode().encode("utf-16-le"), "not JSON"),
    "invalid UTF-8": (with_message(b"\xff"), "not UTF-8"),
    "NaN": (GOOD[:-1] + b', "x": NaN}', "NaN"),
    "Infinity": (GOOD[:-1] + b', "x": Infinity}', "Infinity"),
    "minus Infinity": (GOOD[:-1] + b', "x": -Infinity}', "-Infinity"),
    "101 levels": (nested(101), "deeper than 100"),
    "200 levels": (nested(200), "deeper than 100"),
    "100,000 levels": (b"[" * 100_000, "deeper than 100"),
    "raw NUL": (with_message(b"\x00"), "not JSON"),
    "array": (b"[" + GOOD + b"]", "a JSON array"),
    "text": (b'"hello"', "a JSON string"),
    "number": (b"4" * 400, "a JSON number"),
    "null": (b"null", "a JSON null"),
    "two objects": (GOOD + GOOD, "not JSON"),
    "form": (b"payload=%7B%7D", "not JSON"),
    "cut": (GOOD[:40], "not JSON"),
}


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN)
def test_awkward_alert_becomes_its_ticket_and_its_bytes_are_kept(face: Face, body: bytes) -> None:
    told = send(face, body)
    assert told.status == 202, told.body
    ticket = Ticket.objects.get()
    assert (ticket.run_id, ticket.pipeline) == (RUN, "pl_load")
    assert not {"\0", "\ud800"} & set(ticket.error_message)
    assert bytes(AlertEvent.objects.get().body) == body


@pytest.mark.parametrize(("body", "why"), REFUSED.values(), ids=REFUSED)
def test_body_that_is_no_json_object_is_400_and_kept(face: Face, body: bytes, why: str) -> None:
    told = send(face, body)
    answer = json.loads(told.body)
    event = AlertEvent.objects.get()
    assert told.status == 400
    assert why in answer["detail"]
    assert answer["event_id"] == event.pk
    assert (event.outcome, event.message, bytes(event.body)) == ("malformed", answer["detail"], body)
    assert not Ticket.objects.exists()


def test_replaced_characters_are_seen_as_such(face: Face) -> None:
    send(face, with_message(b"a\\u0000b\\ud800c"))
    assert Ticket.objects.get().error_message == "a\ufffdb\ufffdc"


def test_of_duplicate_keys_the_last_counts(face: Face) -> None:
    send(face, GOOD[:-1] + b', "PipelineName": "pl_last"}')
    assert Ticket.objects.get().pipeline == "pl_last"


LONG = "7" * 400


@pytest.mark.parametrize(
    "number", [LONG, "-" + LONG, f"{LONG}.5", "9007199254740993", "9" * 5000, "1e400", "-0.0"]
)
def test_number_of_any_size_is_taken(face: Face, number: str) -> None:
    body = GOOD[:-1] + f', "x": {number}, "ErrorCode": {number}}}'.encode()
    assert send(face, body).status == 202
    assert Ticket.objects.get().error_message == "Disk full."


def test_run_number_beyond_two_to_the_53_stays_exact(face: Face) -> None:
    body = b'{"event_type": "jobs.on_failure", "workspace_id": 9007199254740995, "run": {"run_id": 9007199254740993}}'
    told = face.send("/databricks-monitor", body, {"X-Api-Key": API_KEY})
    assert json.loads(told.body)["run_id"] == "9007199254740993"
    assert Ticket.objects.get().run_scope == "9007199254740995"


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "ü"]
)
def test_content_type_does_not_matter(face: Face, content_type: str) -> None:
    assert send(face, GOOD, **{"Content-Type": content_type}).status == 202


WRONG_TYPES: tuple[Any, ...] = (None, [], {}, 0, True, "", [None], {"": None}, "\x00", "null")


@pytest.mark.parametrize("value", WRONG_TYPES, ids=repr)
def test_wrong_types_in_every_place_are_taken(face: Face, value: Any) -> None:
    names = (
        "schemaId",
        "data",
        "properties",
        "essentials",
        "event",
        "event_type",
        "run",
        "job",
        "body",
        "cluster",
    )
    for path in (
        "/azure-monitor",
        "/azure-monitor-alert",
        "/databricks-monitor",
        "/azure-functions-monitor",
        "/synapse-monitor",
    ):
        told = face.send(path, json.dumps(dict.fromkeys(names, value)).encode(), {"X-Api-Key": API_KEY})
        assert told.status == 202, told.body
    assert not AlertEvent.objects.filter(outcome="failed").exists()
