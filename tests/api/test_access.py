"""Who may call what: every address × every method × the cast of people, from one table."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from accounts.roles import Role
from tests.support.factories import make_ticket
from tests.support.people import client_of

ANONYMOUS, OUTSIDER = "anonymous", "outsider"
PEOPLE = (ANONYMOUS, OUTSIDER, "viewer", "analyst", "approver", "admin")
READERS = frozenset({"viewer", "analyst", "approver", "admin"})
ACTORS = READERS - {"viewer"}
SIGNED_IN = READERS | {OUTSIDER}
EVERYBODY = frozenset(PEOPLE)
METHODS = ("get", "post", "put", "patch", "delete")

# Address: the one method it has, who may, and the status they get with an empty body.
TABLE: dict[str, tuple[str, frozenset[str], int]] = {
    "register": ("post", EVERYBODY, 403),  # REGISTRATION is closed
    "login": ("post", EVERYBODY, 400),
    "token/refresh": ("post", EVERYBODY, 400),
    "me": ("get", SIGNED_IN, 200),
    "open-tickets": ("get", READERS, 200),
    "in-progress-tickets": ("get", READERS, 200),
    "closed-tickets": ("get", READERS, 200),
    "tickets/{key}": ("get", READERS, 200),
    "tickets/{key}/acknowledge": ("post", ACTORS, 200),
    "tickets/{key}/start": ("post", ACTORS, 200),
    "tickets/{key}/reopen": ("post", ACTORS, 200),
    "tickets/{key}/comment": ("post", ACTORS, 400),
    "tickets/{key}/mute": ("post", ACTORS, 400),
    "tickets/{key}/reanalyse": ("post", ACTORS, 202),
    "tickets/{key}/steps": ("post", ACTORS, 400),
    "tickets/{key}/feedback": ("post", ACTORS, 400),
    "summary": ("get", READERS, 200),
    "showback": ("get", READERS, 200),
    "export/showback": ("get", READERS, 200),
    "audit-trail": ("get", READERS, 200),
    "audit-summary": ("get", READERS, 200),
    "config": ("get", EVERYBODY, 200),
    "schema": ("get", EVERYBODY, 200),
    "docs": ("get", EVERYBODY, 200),
    "export/open-tickets": ("get", READERS, 200),
    "export/in-progress-tickets": ("get", READERS, 200),
    "export/closed-tickets": ("get", READERS, 200),
    "export/audit-trail": ("get", READERS, 200),
    "export/audit-trail.zip": ("get", READERS, 200),
}
# Addresses of other layers, with a table of their own.
ELSEWHERE = ("board", "deliveries", "remediation")


def expected(address: str, method: str, who: str) -> int:
    the_method, allowed, success = TABLE[address]
    if who in allowed:
        return success if method == the_method else 405
    return 401 if who == ANONYMOUS else 403


def person(who: str, make_person: Callable[[Role | None], User]) -> User | None:
    if who == ANONYMOUS:
        return None
    return make_person(None if who == OUTSIDER else Role[who.upper()])


@pytest.mark.django_db
@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("address", TABLE)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators:Warning")
def test_each_person_gets_what_the_table_says(
    address: str, who: str, make_person: Callable[[Role | None], User]
) -> None:
    ticket = make_ticket()
    client = client_of(person(who, make_person))
    for method, slash in itertools.product(METHODS, ("", "/")):
        path = f"/api/{address.format(key=ticket.key)}{slash}"
        answer: Any = getattr(client, method)(path, **({"format": "json"} if method != "get" else {}))
        wanted = expected(address, method, who)
        assert answer.status_code == wanted, f"{method} {path} as {who}: {answer.status_code}"
        if wanted >= 400:
            assert set(answer.json()) >= {"detail", "code", "fields"}
        if wanted == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_every_address_of_the_api_is_in_the_table() -> None:
    found = {name for name in _api_patterns() if not name.startswith(ELSEWHERE)}
    missing = found - {address.replace("{key}", "<key>") for address in TABLE} - {".*"}
    assert not missing


def _api_patterns() -> set[str]:
    """Every pattern under api/, without its anchors; a captured key is written `<key>`."""
    found: set[str] = set()

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> None:
        for pattern in patterns:
            text = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, text)
            elif text.lstrip("^").startswith("api/"):
                bare = text.replace("^", "").removeprefix("api/").removesuffix("$").removesuffix("/?")
                bare = bare.replace("\\.", ".")
                found.add(bare.replace("(?P<key>[A-Za-z0-9-]{1,64})", "<key>"))

    walk(get_resolver().url_patterns, "")
    return found
