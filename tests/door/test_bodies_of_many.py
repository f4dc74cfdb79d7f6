"""A body that names more failures than become tickets, and bodies that are JSON inside JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from ingestion.decoding import MalformedBodyError, decode_object
from ingestion.models import AlertEvent
from tests.sources.builders import row_alert
from tests.support.posting import ADF, CLUSTERS, pipeline_failed, post
from tickets.models import Ticket


def many_rows(count: int) -> dict[str, Any]:
    columns = ["ClusterId", "TerminationCode", "LastEvent"]
    rows = [[f"0302-{n:06}-abcd", "INIT_SCRIPT_FAILURE", "2026-04-01T03:00:00Z"] for n in range(count)]
    return row_alert(columns, *rows)


def test_failures_beyond_the_limit_are_counted_named_and_kept(door: Client, settings: Settings) -> None:
    settings.INGESTION_MAX_FAILURES_PER_BODY = 3
    answer = post(door, CLUSTERS, many_rows(15))
    assert (answer["total_failures"], answer["tickets_created"], answer["failures_left_out"]) == (15, 3, 12)
    assert "12 more failures" in answer["message"]
    assert "0302-000003-abcd" in answer["message"]
    assert "and 2 more" in answer["message"]
    event = AlertEvent.objects.get()
    assert event.message == answer["message"][:500]
    assert (
        len(json.loads(bytes(event.body))["data"]["alertContext"]["SearchResults"]["tables"][0]["rows"]) == 15
    )


def test_failures_at_the_limit_leave_nothing_out(door: Client, settings: Settings) -> None:
    settings.INGESTION_MAX_FAILURES_PER_BODY = 3
    answer = post(door, CLUSTERS, many_rows(3))
    assert "failures_left_out" not in answer
    assert Ticket.objects.count() == 3


def test_body_as_a_json_string_is_read_as_the_object_in_it(door: Client) -> None:
    run = "7d3c2a90-51f4-4e0d-8a6b-2f9d10c4e5a1"
    opened = post(door, ADF, json.dumps(pipeline_failed(run)))
    assert opened["status"] == "accepted"
    assert post(door, ADF, pipeline_failed(run))["ticket_id"] == opened["ticket_id"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([{"a": 1}], "a JSON array"),
        ("just text", "a JSON string"),
        (json.dumps([1]), "a JSON string"),
        (json.dumps(json.dumps({"a": 1})), "a JSON string"),
        ("{not json", "not JSON"),
        ('{"a": ' + "[" * 150 + "]" * 150 + "}", "deeper than 100"),
        ('{"a": NaN}', "NaN"),
        (7, "a JSON number"),
        (True, "a JSON boolean"),
        (None, "a JSON null"),
    ],
)
def test_anything_but_an_object_is_refused_with_what_it_is(value: Any, told: str) -> None:
    with pytest.raises(MalformedBodyError, match=told):
        decode_object(json.dumps(value).encode())
