"""Registration: closed unless opened, the same refusal whether the address is taken or not welcome."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import LoginAttempt, User
from audit.models import AuditEntry

GOOD = {"email": "New.Person@Example.com", "password": "a Long sentence 7", "full_name": "New Person"}

pytestmark = pytest.mark.django_db


def register(**changes: Any) -> Any:
    return APIClient().post("/api/register", {**GOOD, **changes}, format="json")


@pytest.fixture
def opened(settings: Any) -> None:
    settings.REGISTRATION = "open"


def test_closed_registration_is_403_on_both_ways() -> None:
    assert register().status_code == 403
    assert register().json()["code"] == "registration_closed"
    assert Client().get("/register").status_code == 403
    assert b'href="/register"' not in Client().get("/login").content


def test_registered_person_is_a_viewer_and_signed_in(opened: None) -> None:
    answer = register()
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"message", "token", "refresh", "user"}
    assert (body["user"]["email"], body["user"]["roles"]) == ("new.person@example.com", ["viewer"])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {body['token']}")
    assert client.get("/api/open-tickets").status_code == 200
    assert AuditEntry.objects.filter(action="User Registered", actor="new.person@example.com").exists()
    assert not AuditEntry.objects.filter(action="User Created").exists()


def test_taken_address_and_unwelcome_domain_are_refused_alike(settings: Any) -> None:
    settings.REGISTRATION, settings.REGISTRATION_DOMAINS = "domain", ("Example.com",)
    assert register().status_code == 201
    taken, unwelcome = register(email="NEW.person@example.com"), register(email="a@example.com.evil.net")
    assert taken.status_code == unwelcome.status_code == 400
    assert taken.content == unwelcome.content
    assert b"exist" not in taken.content
    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["short", "12345678901", "new.person@example.com", "password123"])
def test_weak_password_is_refused_whether_the_address_is_taken_or_not(opened: None, password: str) -> None:
    free = register(password=password)
    User.objects.create_user("new.person@example.com", "x")
    assert free.status_code == 400
    assert list(free.json()["fields"]) == ["password"]
    assert register(password=password).content == free.content


@pytest.mark.parametrize("field", ["email", "password", "full_name"])
def test_missing_field_is_named(opened: None, field: str) -> None:
    body = {name: value for name, value in GOOD.items() if name != field}
    answer = APIClient().post("/api/register", body, format="json")
    assert answer.status_code == 400
    assert answer.json()["fields"] == {field: ["This field is required."]}


def test_too_many_registrations_from_one_address_are_throttled(opened: None) -> None:
    for number in range(60):
        register(email=f"a{number}@example.com", password="short")
    refused = register()
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert LoginAttempt.objects.filter(kind="register").count() == 60


def test_page_registers_and_signs_in(opened: None) -> None:
    client = Client()
    assert b'href="/register"' in client.get("/login").content
    answer = client.post("/register", GOOD)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/dashboard")
    assert client.get("/dashboard").status_code == 200
    again = Client().post("/register", GOOD)
    assert again.status_code == 200
    assert b"cannot be made" in again.content


def test_deleted_role_stands_again_after_migrate() -> None:
    Group.objects.filter(name="viewer").delete()
    call_command("migrate", verbosity=0)
    assert set(Group.objects.values_list("name", flat=True)) == {"viewer", "analyst", "approver", "admin"}
