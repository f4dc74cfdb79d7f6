"""Too many bad credentials from one address, too many alerts from one key: 429, on both faces of the door."""

from __future__ import annotations

import base64
import json

import pytest
from django.test import Client
from prometheus_client import REGISTRY
from pytest_django.fixtures import Settings

from accounts.guessing import TokenBuckets
from ingestion.models import AlertEvent
from tests.conftest import API_KEY
from tests.support.clocks import Clock
from tests.support.faces import Face
from tests.support.posting import pipeline_failed

BODY = json.dumps(pipeline_failed("7d3c2a90-51f4-4e0d-8a6b-2f9d10c4e5a1")).encode()
GOOD, BAD = {"X-Api-Key": API_KEY}, {"X-Api-Key": "wrong"}


def throttled(what: str) -> float:
    return REGISTRY.get_sample_value("aiops_webhook_throttled_total", {"what": what}) or 0.0


def test_bad_credentials_are_refused_then_throttled_and_a_good_one_still_enters(
    face: Face, settings: Settings
) -> None:
    settings.WEBHOOK_FAILURE_LIMIT = (3, 60)
    before = throttled("failed credentials")
    told = [face.send("/azure-monitor", BODY, BAD) for _ in range(5)]
    assert [answer.status for answer in told] == [401, 401, 401, 429, 429]
    assert 1 <= int(told[-1].headers["retry-after"]) <= 20
    assert face.send("/azure-monitor", BODY, GOOD).status == 202
    assert AlertEvent.objects.count() == 1
    assert throttled("failed credentials") == before + 2


def test_sender_that_waits_to_be_asked_is_asked_for_basic_and_never_throttled(
    face: Face, settings: Settings
) -> None:
    settings.WEBHOOK_FAILURE_LIMIT = (1, 60)
    told = [face.send("/azure-monitor", BODY) for _ in range(3)]
    assert [answer.status for answer in told] == [401, 401, 401]
    assert {answer.headers["www-authenticate"] for answer in told} == {
        'Basic realm="AIOps Desk", charset="UTF-8"'
    }
    basic = base64.b64encode(f"any:{API_KEY}".encode()).decode()
    assert face.send("/azure-monitor", BODY, {"Authorization": f"Basic {basic}"}).status == 202


def test_one_key_over_its_rate_is_told_when_to_come_back(face: Face, settings: Settings) -> None:
    settings.WEBHOOK_RATE_LIMIT = (2, 60)
    before = throttled("alerts")
    told = [face.send("/azure-monitor", BODY, GOOD) for _ in range(3)]
    assert [answer.status for answer in told] == [202, 202, 429]
    assert 1 <= int(told[-1].headers["retry-after"]) <= 30
    assert AlertEvent.objects.count() == 2
    assert throttled("alerts") == before + 1


def test_questions_about_tickets_do_not_count_against_the_rate(door: Client, settings: Settings) -> None:
    settings.WEBHOOK_RATE_LIMIT = (1, 60)
    assert [door.get("/check-ticket/x").status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.django_db
def test_bad_credentials_at_check_ticket_are_throttled_too(client: Client, settings: Settings) -> None:
    settings.WEBHOOK_FAILURE_LIMIT = (1, 60)
    told = [client.get("/check-ticket/x", headers=BAD).status_code for _ in range(2)]
    assert told == [401, 429]


def test_bucket_fills_again_evenly() -> None:
    clock = Clock(0)
    buckets = TokenBuckets(clock)
    assert [buckets.take("a", 2, 60) for _ in range(3)] == [0, 0, 30]
    clock.now = 29
    assert buckets.take("a", 2, 60) == 1
    clock.now = 30
    assert [buckets.take("a", 2, 60), buckets.take("a", 2, 60)] == [0, 30]
    clock.now = 10_000
    assert [buckets.take("a", 2, 60) for _ in range(3)] == [0, 0, 30]


def test_names_have_buckets_of_their_own() -> None:
    buckets = TokenBuckets(Clock())
    assert [buckets.take(name, 1, 60) for name in ("a", "a", "b")] == [0, 60, 0]


def test_memory_is_bounded_and_the_oldest_name_is_forgotten() -> None:
    buckets = TokenBuckets(Clock(), most_names=3)
    for name in "abcd":
        buckets.take(name, 1, 60)
    assert len(buckets) == 3
    assert buckets.take("d", 1, 60) == 60
    assert buckets.take("a", 1, 60) == 0
