"""Broken alerts by the thousand through the door's HTTP view: only declared answers, never a fault of ours.

The seed is fixed. Half of the bodies are recorded payloads with members broken, half are such with bytes broken.
`FUZZ_BODIES` says how many in all: 100,000 at night; where nothing is said 5,000, and 2,000 on PostgreSQL.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from ingestion.models import AlertEvent
from ingestion.sources import registry
from tests.sources.payloads import Recorded, declared
from tests.sources.test_mutants import mutate

SEED = 20261120
BODIES = int(os.environ.get("FUZZ_BODIES") or (5_000 if connection.vendor == "sqlite" else 2_000))
BODIES_PER_SOURCE = BODIES // len(registry())
MOST_MEGABYTES_MORE = 96  # between the first fifth of the bodies and the last one
STATUSES = {"accepted", "duplicate_ignored", "ignored", "unsupported"}


@contextmanager
def printable_numbers() -> Iterator[None]:
    """Python prints no integer of more than 4,300 digits, and the mutants hold some of 5,000."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(limit)


def break_bytes(body: bytes, rng: random.Random) -> bytes:
    """One to four slices of the body cut out, doubled, overwritten or replaced by noise."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(body) + 1)
        end = min(len(body), start + rng.choice((1, 1, 2, 8, 64)))
        piece = body[start:end]
        noise = rng.choice(
            (
                b"",
                piece * 2,
                rng.randbytes(len(piece)),
                b'"',
                b"}",
                b"[" * 120,
                b"\\ud800",
                b"\\u0000",
                b"1e999",
            )
        )
        body = body[:start] + noise + body[end:]
    return body


def bodies(recorded: list[Recorded], rng: random.Random, count: int) -> Iterator[bytes]:
    with printable_numbers():
        for number in range(count):
            body = json.dumps(mutate(rng.choice(recorded).body, rng)).encode()
            yield break_bytes(body, rng) if number % 2 else body


def megabytes() -> float:
    """Resident, of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


@pytest.mark.parametrize("slug", sorted(registry()))
def test_broken_alert_gets_a_declared_answer(door: Client, slug: str) -> None:
    spec = registry()[slug]
    recorded = [each for each in declared() if each.spec.slug == slug]
    seen: Counter[str] = Counter()
    first = 0.0
    for number, body in enumerate(bodies(recorded, random.Random(f"{SEED} {slug}"), BODIES_PER_SOURCE)):
        if number == BODIES_PER_SOURCE // 5:
            first = megabytes()
        told = door.post(spec.path, body, content_type="application/json")
        answer = json.loads(told.content)
        assert told.status_code in {202, 400}, (told.status_code, body[:500])
        if told.status_code == 400:
            assert set(answer) == {"detail", "event_id"}
            seen["malformed"] += 1
        else:
            assert answer["status"] in STATUSES
            assert isinstance(answer["run_id"], str)
            assert answer["message"]
            seen[answer["status"]] += 1
    failed = AlertEvent.objects.filter(outcome="failed").values_list("failure_trace", flat=True)
    assert list(failed[:1]) == []
    assert AlertEvent.objects.count() == BODIES_PER_SOURCE
    assert megabytes() - first < MOST_MEGABYTES_MORE
    assert seen["malformed"] > 20, "bytes were to be broken"
    assert seen["accepted"] >= 5, "many members may be missing and it is still a failure"
