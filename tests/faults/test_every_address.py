"""Every address of the desk, asked by an administrator with everything that is not meant: never a fault of ours.

`FUZZ_REQUESTS` says how many requests; the seed is fixed. The doors have a test of their own (`door/test_fuzz.py`).
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.faults.test_hostile_ticket import HOSTILE, addresses, text_of
from tests.support.factories import make_ticket
from tests.support.people import client_of

pytestmark = [
    pytest.mark.proof,
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous:Warning"),
]

SEED = 20261121
REQUESTS = int(os.environ.get("FUZZ_REQUESTS") or 1_500)
METHODS = ("get", "get", "get", "post", "put", "patch", "delete", "head", "options")
ODD: tuple[Any, ...] = (
    "", "0", "-1", "1e999", "NaN", "null", "true", "9" * 400, "\x00", "\ud800", "a" * 5_000, "2026-02-30",
    "2026-11-20T25:61:00Z",
    "../../etc/passwd", "%00", "%ff", HOSTILE,
    "'; DROP TABLE tickets_ticket; --", "open,open", "٣", "😀" * 200, [], {}, None, 1.5,
    [[[[]]]], {"a": {"a": {}}}, True, 10**40, -(10**40),
)  # fmt: skip
NAMES = (
    "q", "search", "status", "severity", "page", "per_page", "page_size", "limit", "offset", "cursor", "after",
    "before", "from", "to", "days", "sort", "order", "o", "p", "e", "format", "source", "team", "ticket_id", "reason",
    "text", "comment", "owner", "email", "password", "token", "refresh", "full_name", "verdict", "action", "confirmed",
    "_selected_action", "next", "code", "state", "secret", "payload", "webhookEvent", "issue", "opened_at__gte",
    "status__exact", "id__in", "period", "zone",
)  # fmt: skip
TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=x",
    "nonsense",
    "",
)


def odd_path(address: str, dice: random.Random) -> str:
    """The address, at times with its last part exchanged."""
    if dice.random() < 0.3 and address.count("/") > 1:
        head, _, tail = address.rstrip("/").rpartition("/")
        odd = quote(str(dice.choice(ODD))[:200].encode("utf-8", "surrogatepass"), safe="")
        return f"{head}/{odd}{'/' if address.endswith('/') else ''}" if tail else address
    return address


def odd_query(dice: random.Random) -> str:
    pairs = (
        (dice.choice(NAMES), str(dice.choice(ODD)).encode("utf-8", "surrogatepass"))
        for _ in range(dice.randint(0, 3))
    )
    return "&".join(f"{name}={quote(value)}" for name, value in pairs)


def odd_body(dice: random.Random) -> bytes:
    named = {dice.choice(NAMES): dice.choice(ODD) for _ in range(dice.randint(0, 4))}
    body = json.dumps(dice.choice((named, named, named, [named], dice.choice(ODD)))).encode()
    if dice.random() < 0.2:
        at = dice.randrange(len(body) + 1)
        body = body[:at] + dice.choice((b"", b"\xff", b"{", b'"', b"[" * 200, b"\x00")) + body[at + 1 :]
    return body


def requests(places: list[str], dice: random.Random) -> Iterator[tuple[str, str, bytes, str]]:
    for number in range(REQUESTS):
        method = dice.choice(METHODS).upper()
        target = f"{odd_path(places[number % len(places)], dice)}?{odd_query(dice)}"
        has_body = method not in {"GET", "HEAD", "OPTIONS"}
        yield method, target, odd_body(dice) if has_body else b"", dice.choice(TYPES)


def test_no_address_answers_with_a_fault_of_ours(admin_person: User) -> None:
    ticket = make_ticket(error_message=HOSTILE)
    places = [place for _, place in addresses(str(ticket.pk), ticket.key)]
    assert len(places) > 80
    browser, api = Client(raise_request_exception=False), client_of(admin_person)
    api.raise_request_exception = False
    browser.force_login(admin_person)
    seen: Counter[int] = Counter()
    for method, target, body, kind in requests(places, random.Random(SEED)):
        client: Any = api if target.startswith("/api/") else browser
        answer = client.generic(method, target, body, content_type=kind)
        text_of(answer)
        assert answer.status_code < 500, (method, target[:300], kind, body[:600])
        seen[answer.status_code] += 1
        if target.startswith(reverse("logout")):
            browser.force_login(admin_person)
        cache.clear()  # nobody is to be locked out for too many tries
    assert seen[200] > REQUESTS / 20, seen
    assert seen[400] + seen[404] + seen[405] > REQUESTS / 10, seen
