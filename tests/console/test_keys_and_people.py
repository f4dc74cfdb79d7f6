"""Administration: a key is seen once and nowhere else, people are given roles and shut out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import ServiceKey, User
from accounts.roles import Role
from accounts.service_keys import create_key, verify
from audit import actions
from audit.models import AuditEntry
from tests.console.conftest import Cast

ADD_KEY = "/admin/accounts/servicekey/add/"
KEYS = "/admin/accounts/servicekey/"
PEOPLE = "/admin/accounts/user/"


def key_in(text: str) -> str:
    found = re.findall(r"aiops_[A-Za-z0-9_-]{40}", text)
    assert len(found) == 1, found
    return str(found[0])


def test_a_new_key_is_shown_once_and_opens_its_sources_only(cast: Cast) -> None:
    answer = cast.clients["admin"].post(ADD_KEY, {"name": "prod", "sources": ["adf"]})
    secret = key_in(answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]
    assert verify(secret, "adf") is not None
    assert verify(secret, "databricks") is None


def test_a_new_key_is_kept_nowhere(cast: Cast) -> None:
    client = cast.clients["admin"]
    answer = client.post(ADD_KEY, {"name": "prod"})
    secret = key_in(answer.content.decode())
    assert secret not in str(client.cookies)
    assert all(secret not in str(session.get_decoded()) for session in Session.objects.all())
    assert secret not in str(list(AuditEntry.objects.values_list()))
    assert secret not in str(list(ServiceKey.objects.values_list()))
    key = ServiceKey.objects.get()
    for page in (
        KEYS,
        reverse("admin:accounts_servicekey_change", args=[key.pk]),
        "/admin/audit/auditentry/",
    ):
        assert secret not in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"name": "taken"}, "already a key of this name"),
        ({"name": "new", "expires_at": "2020-01-01 00:00"}, "This moment has passed."),
        ({"name": "new", "sources": ["nonsense"]}, "Select a valid choice"),
        ({"name": ""}, "This field is required."),
    ],
)
def test_a_key_that_cannot_be_made_says_why(cast: Cast, values: dict[str, Any], complaint: str) -> None:
    create_key(name="taken")
    assert complaint in cast.clients["admin"].post(ADD_KEY, values).content.decode()
    assert ServiceKey.objects.count() == 1


@pytest.mark.parametrize("is_revoked_now", [True, False])
def test_rotating_makes_a_second_key_with_the_same_reach(cast: Cast, is_revoked_now: bool) -> None:
    old, secret = create_key(name="prod", sources=("adf",))
    values = {"name": "prod 2"} | ({"revoke_old": "on"} if is_revoked_now else {})
    answer = cast.clients["admin"].post(reverse("admin:accounts_servicekey_rotate", args=[old.pk]), values)
    new = key_in(answer.content.decode())
    assert verify(new, "adf") is not None
    assert verify(new, "synapse") is None
    assert (verify(secret, "adf") is None) is is_revoked_now


def test_a_revoked_key_opens_nothing_and_stays_in_the_list(cast: Cast) -> None:
    key, secret = create_key(name="prod")
    page = reverse("admin:accounts_servicekey_revoke", args=[key.pk])
    assert "cannot be undone" in cast.clients["admin"].get(page).content.decode()
    cast.clients["admin"].post(page)
    assert verify(secret, "adf") is None
    assert "revoked" in cast.clients["admin"].get(KEYS).content.decode()
    assert cast.clients["admin"].post(page).status_code == 404
    assert AuditEntry.objects.filter(action=actions.SERVICE_KEY_REVOKED, actor="admin@example.com").exists()


def test_the_sources_offered_are_those_of_the_door(cast: Cast) -> None:
    page = cast.clients["admin"].get(ADD_KEY).content.decode()
    for slug in ("adf", "databricks", "databricks_clusters", "azure_functions", "synapse"):
        assert f'value="{slug}"' in page


def test_a_person_is_made_with_a_role(cast: Cast) -> None:
    values = {
        "email": "New.Person@Example.com", "full_name": "New", "role": "analyst", "is_staff": "on",
        "password1": "a long enough Passphrase 43", "password2": "a long enough Passphrase 43",
    }  # fmt: skip
    assert cast.clients["admin"].post(f"{PEOPLE}add/", values).status_code == 302
    person = User.objects.get(email="new.person@example.com")
    assert (person.role, person.is_staff, person.is_superuser) == (Role.ANALYST, True, False)
    assert AuditEntry.objects.filter(action=actions.ROLES_CHANGED, actor="admin@example.com").exists()


def change(cast: Cast, person: User, **values: str) -> None:
    page = reverse("admin:accounts_user_change", args=[person.pk])
    body = {"email": person.email, "full_name": person.full_name, "employee_id": "", "is_staff": "on",
            "is_active": "on", "role": person.role.group_name if person.role else "", **values}  # fmt: skip
    answer = cast.clients["admin"].post(page, body)
    assert answer.status_code == 302, answer.context["errors"]


def test_another_role_ends_the_persons_sessions(cast: Cast) -> None:
    assert cast.clients["viewer"].get("/admin/").status_code == 200
    change(cast, cast.people["viewer"], role="analyst")
    assert User.objects.get(pk=cast.people["viewer"].pk).role == Role.ANALYST
    assert cast.clients["viewer"].get("/admin/").status_code == 302


def test_a_changed_name_leaves_role_and_sessions_alone(cast: Cast) -> None:
    change(cast, cast.people["viewer"], full_name="Renamed")
    person = User.objects.get(pk=cast.people["viewer"].pk)
    assert (person.full_name, person.role) == ("Renamed", Role.VIEWER)
    assert cast.clients["viewer"].get("/admin/").status_code == 200


def test_nobody_takes_their_own_role_or_shuts_themselves_out(cast: Cast) -> None:
    change(cast, cast.people["admin"], role="viewer", is_active="", is_staff="")
    act(cast.clients["admin"], "deactivate", cast.people["admin"])
    person = User.objects.get(pk=cast.people["admin"].pk)
    assert (person.role, person.is_active, person.is_staff) == (Role.ADMIN, True, True)


def act(client: Client, action: str, person: User) -> None:
    client.post(PEOPLE, {"action": action, ACTION_CHECKBOX_NAME: [str(person.pk)]}, follow=True)


def test_who_is_shut_out_is_signed_out_and_may_be_let_in_again(cast: Cast) -> None:
    viewer = cast.people["viewer"]
    act(cast.clients["admin"], "deactivate", viewer)
    assert cast.clients["viewer"].get("/admin/").status_code == 302
    act(cast.clients["admin"], "activate", viewer)
    viewer.refresh_from_db()
    assert viewer.is_active


def test_ending_sessions_signs_a_person_out(cast: Cast) -> None:
    act(cast.clients["admin"], "end_all_sessions", cast.people["analyst"])
    assert cast.clients["analyst"].get("/admin/").status_code == 302


def test_nobody_becomes_a_superuser_by_the_form(cast: Cast) -> None:
    change(cast, cast.people["viewer"], is_superuser="on", groups="1", user_permissions="1")
    person = User.objects.get(pk=cast.people["viewer"].pk)
    assert (person.is_superuser, person.role) == (False, Role.VIEWER)
