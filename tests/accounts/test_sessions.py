"""What a person holds ends when what they may do changes: sessions and tokens alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts import services, tokens
from accounts.models import User
from accounts.roles import Role
from accounts.tasks import trim_accounts
from audit import context
from audit.models import AuditEntry
from tests.support.people import client_of


def change_password(user: User) -> None:
    user.set_password("another Long sentence 8")
    user.save()


def deactivate_for_a_moment(user: User) -> None:
    user.is_active = False
    user.save()
    user.is_active = True
    user.save()


def give_role(user: User) -> None:
    services.set_role(user, Role.ANALYST)


def take_role_from_the_groups_side(user: User) -> None:
    Group.objects.get(name="viewer").user_set.remove(user)


def clear_groups_from_the_groups_side(user: User) -> None:
    Group.objects.get(name="viewer").user_set.clear()


def make_superuser(user: User) -> None:
    user.is_superuser = True
    user.save(update_fields=["is_superuser"])


CHANGES: list[tuple[Callable[[User], Any], str]] = [
    (change_password, "Password Changed"),
    (deactivate_for_a_moment, "User Changed"),
    (give_role, "Roles Changed"),
    (take_role_from_the_groups_side, "Roles Changed"),
    (clear_groups_from_the_groups_side, "Roles Changed"),
    (make_superuser, "User Changed"),
    (services.end_sessions, "Sessions Ended"),
]


@pytest.mark.parametrize(("change", "recorded"), CHANGES)
def test_change_ends_session_token_and_refresh_token_and_is_recorded(
    viewer: User, change: Callable[[User], Any], recorded: str
) -> None:
    session, pair = Client(), tokens.tokens_for(viewer)
    session.force_login(viewer)
    bearer = APIClient()
    bearer.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['token']}")
    assert session.get("/api/me").status_code == bearer.get("/api/me").status_code == 200
    change(User.objects.get(pk=viewer.pk))
    assert session.get("/api/me").status_code == 401
    assert bearer.get("/api/me").status_code == 401
    renewed = APIClient().post("/api/token/refresh", {"refresh": pair["refresh"]}, format="json")
    assert renewed.status_code == 401
    assert AuditEntry.objects.filter(action=recorded, summary__startswith=viewer.email).exists()


def test_deactivated_person_is_out_at_once(viewer: User) -> None:
    client = client_of(viewer)
    User.objects.filter(pk=viewer.pk).update(is_active=False)  # past every signal
    assert client.get("/api/me").status_code == 401


def test_role_is_read_from_the_database_at_each_request(analyst: User) -> None:
    client = client_of(analyst)
    groups = User.groups.through.objects
    groups.filter(user_id=analyst.pk).delete()  # past every signal
    assert client.get("/api/open-tickets").status_code == 403


def test_copy_read_earlier_brings_no_ended_session_back(viewer: User) -> None:
    client, early_copy = client_of(viewer), User.objects.get(pk=viewer.pk)
    services.end_sessions(viewer)
    early_copy.full_name = "Somebody"
    early_copy.save()
    assert User.objects.get(pk=viewer.pk).full_name == "Somebody"
    assert client.get("/api/me").status_code == 401


def test_change_that_touches_no_right_ends_nothing(viewer: User) -> None:
    client = client_of(viewer)
    viewer.full_name = "Renamed"
    viewer.save()
    assert client.get("/api/me").json()["full_name"] == "Renamed"


def test_change_in_a_request_names_the_person_who_made_it(admin_person: User, viewer: User, rf: Any) -> None:
    request = rf.get("/admin/")
    request.user = admin_person
    token = context.request.set(request)
    try:
        services.set_role(viewer, Role.APPROVER)
    finally:
        context.request.reset(token)
    entry = AuditEntry.objects.filter(action="Roles Changed").order_by("-id")[0]
    assert (entry.actor, entry.summary) == (admin_person.email, f"{viewer.email}: approver")


def test_refresh_token_works_once(viewer: User) -> None:
    client, pair = APIClient(), tokens.tokens_for(viewer)
    first = client.post("/api/token/refresh", {"refresh": pair["refresh"]}, format="json")
    assert first.status_code == 200
    assert set(first.json()) == {"token", "refresh"}
    second = client.post("/api/token/refresh", {"refresh": pair["refresh"]}, format="json")
    assert (second.status_code, second.json()["code"]) == (401, "token_ended")
    third = client.post("/api/token/refresh", {"refresh": first.json()["refresh"]}, format="json")
    assert third.status_code == 200


@pytest.mark.parametrize("kind", ["token", "nonsense", "unsigned"])
def test_what_is_no_refresh_token_is_refused(viewer: User, kind: str) -> None:
    pair = tokens.tokens_for(viewer)
    text = {
        "token": pair["token"],
        "nonsense": "a.b.c",
        "unsigned": pair["refresh"].rsplit(".", 1)[0] + ".",
    }[kind]
    answer = APIClient().post("/api/token/refresh", {"refresh": text}, format="json")
    assert answer.status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer \u00e9\u00e9", "Bearer " + "a" * 5000])
@pytest.mark.django_db
def test_odd_authorization_header_is_401(header: str) -> None:
    answer = APIClient().get("/api/me", headers={"authorization": header})
    assert answer.status_code == 401


def test_trimming_forgets_only_what_has_run_out(viewer: User) -> None:
    tokens.tokens_for(viewer)
    tokens.tokens_for(viewer)
    first = OutstandingToken.objects.order_by("pk")[0]
    OutstandingToken.objects.filter(pk=first.pk).update(expires_at=timezone.now())
    trim_accounts()
    assert OutstandingToken.objects.count() == 1
