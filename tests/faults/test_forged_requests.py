"""What a browser or a thief may send in another's name: forms without their token, foreign pages, made-up tokens."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User
from aiops.asgi import application
from audit.models import AuditEntry
from tests.faults.test_hostile_ticket import addresses
from tests.support.factories import make_ticket
from tickets.models import Ticket

HOST = b"testserver"
OWN = "http://testserver"
FOREIGN = {
    "none": "",
    "another site": "https://evil.example",
    "opaque": "null",
    "ours as a prefix": f"{OWN}.evil.example",
    "ours as a user": "http://testserver@evil.example",
    "another port": f"{OWN}:8443",
}


@pytest.mark.django_db(transaction=True)
def test_no_address_acts_for_a_browser_whose_form_has_no_token(admin_person: User) -> None:
    ticket = make_ticket()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin_person)
    recorded = AuditEntry.objects.count()
    told: Counter[int] = Counter()
    for _, address in addresses(str(ticket.pk), ticket.key):
        for kind in ("application/x-www-form-urlencoded", "application/json"):
            body = (
                "action=acknowledge&confirmed=yes" if "form" in kind else '{"text": "x", "verdict": "right"}'
            )
            answer = browser.post(address, body, content_type=kind)
            # 401, 400 and 415 come from what knows nobody by cookie: doors, and signing in by the API.
            assert answer.status_code in {400, 401, 403, 404, 405, 415}, (address, answer.status_code)
            told[answer.status_code] += 1
    assert told[403] > 150, told
    assert AuditEntry.objects.count() == recorded
    assert Ticket.objects.get(pk=ticket.pk).version == ticket.version
    assert browser.get("/api/me").status_code == 200, "and nobody was signed out"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "origin", [text for text in FOREIGN.values() if text], ids=[n for n in FOREIGN if n != "none"]
)
def test_form_with_its_token_from_a_foreign_page_is_refused(viewer: User, origin: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(viewer)
    page = browser.get("/admin/password_change/")
    form = {"csrfmiddlewaretoken": page.cookies["csrftoken"].value}
    assert browser.post("/admin/password_change/", form, headers={"origin": OWN}).status_code == 200
    assert browser.post("/admin/password_change/", form, headers={"origin": origin}).status_code == 403


def is_let_in(cookie: str, origin: str) -> bool:
    headers = [(b"host", HOST), (b"cookie", cookie.encode())]
    if origin:
        headers.append((b"origin", origin.encode()))

    async def knock() -> bool:
        socket: Any = WebsocketCommunicator(application, "/ws", headers=headers)
        is_open, _ = await socket.connect(timeout=10)
        await socket.disconnect()
        return bool(is_open)

    return asyncio.run(knock())


@pytest.mark.django_db(transaction=True)
def test_live_events_are_for_no_foreign_page_that_borrows_a_cookie(viewer: User) -> None:
    browser = Client()
    browser.force_login(viewer)
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    assert is_let_in(cookie, OWN)
    assert not is_let_in("", OWN)
    assert {name: is_let_in(cookie, origin) for name, origin in FOREIGN.items()} == dict.fromkeys(
        FOREIGN, False
    )


def unsigned(claims: dict[str, Any], algorithm: str) -> str:
    parts = ({"alg": algorithm, "typ": "JWT"}, claims)
    return (
        ".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."
    )


Forger = Callable[[dict[str, Any], str], str]
KEY = settings.JWT_SECRET_KEY
FORGERIES: dict[str, Forger] = {
    "no algorithm": lambda claims, good: unsigned(claims, "none"),
    "no algorithm, in capitals": lambda claims, good: unsigned(claims, "NONE"),
    "the algorithm, no signature": lambda claims, good: unsigned(claims, "HS256"),
    "another key": lambda claims, good: jwt.encode(claims, "k" * 48, "HS256"),
    "the key of the cookies": lambda claims, good: jwt.encode(claims, settings.SECRET_KEY, "HS256"),
    "another algorithm with the key": lambda claims, good: jwt.encode(claims, KEY, "HS512"),
    "a signature of other claims": lambda claims, good: (
        unsigned({**claims, "user_id": "1"}, "HS256") + good.rpartition(".")[2]
    ),
    "run out": lambda claims, good: jwt.encode({**claims, "exp": int(time.time()) - 60}, KEY, "HS256"),
    "no end": lambda claims, good: jwt.encode({k: v for k, v in claims.items() if k != "exp"}, KEY, "HS256"),
    "no stamp": lambda claims, good: jwt.encode({k: v for k, v in claims.items() if k != "stamp"}, KEY, "HS256"),
    "meant for a renewal": lambda claims, good: jwt.encode({**claims, "token_type": "refresh"}, KEY, "HS256"),
    "a key by address": lambda claims, good: jwt.encode(
        claims, "k" * 48, "HS256", headers={"jku": "https://evil.example/keys", "kid": "../../dev/null"}
    ),
}  # fmt: skip


def status_with(token: str) -> int:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return int(client.get("/api/me").status_code)


@pytest.mark.django_db
@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_forged_token_opens_nothing(viewer: User, forge: Forger) -> None:
    good = tokens.tokens_for(viewer)["token"]
    claims = jwt.decode(good, options={"verify_signature": False})
    assert status_with(jwt.encode(claims, KEY, "HS256")) == 200, "made anew as it is, it opens"
    assert status_with(forge(claims, good)) == 401
