"""Every error in one form, whoever raises it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory
from rest_framework.test import APIClient

from accounts.models import User
from aiops import error_pages
from tests.support.people import client_of

FORM = {"detail", "code", "fields"}


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b'{"email":', "application/json", 400, "parse_error"),
        (b"\xff\xfe", "application/json", 400, "parse_error"),
        (b'{"email": NaN}', "application/json", 400, "parse_error"),
        (b"[" * 100_000, "application/json", 400, "parse_error"),
        (b"[1, 2]", "application/json", 400, "invalid"),
        (b'"text"', "application/json", 400, "invalid"),
        (b"email=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"<a/>", "text/xml", 415, "unsupported_media_type"),
    ],
)
@pytest.mark.django_db
def test_body_that_is_no_json_object_is_told_so(body: Any, content_type: str, status: int, code: str) -> None:
    answer = APIClient().generic("POST", "/api/login", body, content_type)
    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert set(answer.json()) == FORM


@pytest.mark.django_db
def test_lone_surrogates_are_refused_by_field() -> None:
    body: Any = b'{"email": "a@b.co", "password": "\\ud800"}'
    answer = APIClient().generic("POST", "/api/login", body, "application/json")
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["password"]


@pytest.mark.parametrize(
    "path", ["/api/", "/api/nothing", "/api/tickets/", "/api/tickets/a b", "/api/open-ticket"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.django_db
def test_unknown_address_under_api_is_a_json_404(path: str, method: str) -> None:
    answer = getattr(Client(), method)(path)
    assert answer.status_code == 404
    assert set(answer.json()) == FORM


@pytest.mark.django_db
def test_unknown_address_elsewhere_is_one_plain_sentence() -> None:
    answer = Client().get("/nothing")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert answer.content.count(b"\n") == 1


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (lambda r: error_pages.bad_request(r, ValueError()), 400),
        (lambda r: error_pages.forbidden(r, ValueError()), 403),
        (lambda r: error_pages.not_found(r, ValueError()), 404),
        (error_pages.server_error, 500),
        (error_pages.csrf_failure, 403),
    ],
)
def test_own_error_pages_are_json_under_api_and_text_elsewhere(handler: Any, status: int) -> None:
    under, elsewhere = handler(RequestFactory().get("/api/me")), handler(RequestFactory().get("/dashboard"))
    assert under.status_code == elsewhere.status_code == status
    assert under.headers["Content-Type"] == "application/json"
    assert elsewhere.headers["Content-Type"].startswith("text/plain")


def test_host_that_is_not_allowed_is_told_which_setting_to_look_at(db: None) -> None:
    answer = Client().post("/azure-monitor", {}, headers={"host": "desk.elsewhere.example"})
    assert answer.status_code == 400
    assert answer.content.decode() == "The host name of this request is not in DJANGO_ALLOWED_HOSTS.\n"


def test_accept_header_never_costs_an_answer(viewer: User) -> None:
    answer = client_of(viewer).get("/api/open-tickets", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


def test_database_away_is_503_with_a_time_to_come_back(viewer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(viewer)

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("no such host db.internal")

    monkeypatch.setattr("tickets.selectors.page", away)
    answer = client.get("/api/open-tickets")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "db.internal" not in answer.content.decode()
