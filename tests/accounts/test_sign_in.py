"""Signing in, by page and by API: one throttle, one sentence for every failure, all of it recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import throttle
from accounts.models import LoginAttempt, User
from audit.models import AuditEntry
from tests.conftest import PASSWORD


def api_login(email: str, password: str, address: str = "192.0.2.1") -> Any:
    body = {"email": email, "password": password}
    return APIClient().post("/api/login", body, format="json", REMOTE_ADDR=address)


def page_login(email: str, password: str) -> Any:
    return Client().post("/login", {"username": email, "password": password}, REMOTE_ADDR="192.0.2.1")


def said(action: str) -> list[str]:
    return list(AuditEntry.objects.filter(action=action).values_list("actor", flat=True))


def test_login_answers_tokens_and_person(analyst: User) -> None:
    answer = api_login(" Analyst@Example.com", PASSWORD)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"message", "token", "refresh", "user"}
    assert body["user"] == {
        "id": analyst.pk,
        "email": "analyst@example.com",
        "full_name": "Analyst Person",
        "employee_id": "",
        "roles": ["analyst"],
    }
    assert said("Login Succeeded") == ["analyst@example.com"]


def test_unknown_wrong_and_inactive_are_answered_alike(analyst: User, viewer: User) -> None:
    viewer.is_active = False
    viewer.save()
    answers = [
        api_login("nobody@example.com", PASSWORD),
        api_login(analyst.email, "wrong"),
        api_login(viewer.email, PASSWORD),
    ]
    assert {(a.status_code, a.content, a.headers["WWW-Authenticate"]) for a in answers} == {
        (401, answers[0].content, 'Bearer realm="api"')
    }
    assert said("Login Failed") == [viewer.email, analyst.email, "nobody@example.com"]


def test_unknown_person_costs_a_hash_like_a_known_one(analyst: User, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    real = MD5PasswordHasher.encode

    def counting(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    api_login(analyst.email, "wrong")
    known = len(hashed)
    api_login("nobody@example.com", "wrong")
    assert known == len(hashed) - known == 1


def test_eleventh_failure_of_one_person_from_one_address_is_429_on_both_ways(analyst: User) -> None:
    for _ in range(10):
        assert api_login(analyst.email, "wrong").status_code == 401
    refused = api_login(analyst.email, PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 300
    assert refused.json()["code"] == "throttled"
    page = page_login(analyst.email, PASSWORD)
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) > 0
    assert b"Too many attempts" in page.content
    assert len(said("Login Throttled")) == 2


def test_somebody_elses_failures_do_not_lock_a_person_out(analyst: User) -> None:
    for _ in range(12):
        api_login(analyst.email, "wrong", "198.51.100.9")
    assert api_login(analyst.email, PASSWORD).status_code == 200


def test_success_forgives_what_was_mistyped(analyst: User) -> None:
    for _ in range(3):
        for _ in range(9):
            api_login(analyst.email, "wrong")
        assert api_login(analyst.email, PASSWORD).status_code == 200


def test_refused_tries_do_not_prolong_the_wait(analyst: User) -> None:
    for _ in range(30):
        api_login(analyst.email, "wrong")
    assert LoginAttempt.objects.count() == 10
    LoginAttempt.objects.update(created_at=timezone.now() - timedelta(minutes=5, seconds=1))
    assert api_login(analyst.email, PASSWORD).status_code == 200


def test_one_address_may_not_try_everybody(db: None) -> None:
    now = timezone.now()
    LoginAttempt.objects.bulk_create(
        LoginAttempt(kind="login", account=str(n), address="2001:db8::/64", created_at=now)
        for n in range(100)
    )
    with pytest.raises(throttle.TooManyAttemptsError):
        throttle.begin(throttle.LOGIN, "new@example.com", "2001:db8::1:2")
    throttle.begin(throttle.LOGIN, "new@example.com", "2001:db8:0:1::2")


def test_page_signs_in_and_leads_on_to_own_addresses_only(analyst: User) -> None:
    answer = Client().post(
        "/login?next=//evil.example", {"username": "ANALYST@example.com", "password": PASSWORD}
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/dashboard")
    assert said("Login Succeeded") == ["analyst@example.com"]


def test_failed_page_login_stays_on_the_page_and_is_recorded(analyst: User) -> None:
    answer = page_login(analyst.email, "wrong")
    assert answer.status_code == 200
    assert b"do not belong together" in answer.content
    assert said("Login Failed") == [analyst.email]


def test_console_has_no_sign_in_of_its_own(client: Client, viewer: User) -> None:
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.headers["Location"] == "/login?next=%2Fadmin%2F"
    User.objects.filter(pk=viewer.pk).update(is_staff=False)
    client.force_login(viewer)
    assert client.get("/admin/login/?next=/admin/").status_code == 403


def test_sign_out_is_recorded(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    client.post("/logout")
    assert said("Logged Out") == [viewer.email]
