"""Single sign-on against a local issuer that signs its tokens: who gets in, who does not, and the way in without it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from accounts import throttle
from accounts.models import User
from accounts.roles import Role
from accounts.sso.provider import _client_for
from accounts.tokens import tokens_for
from audit.models import AuditEntry
from tests.conftest import PASSWORD
from tests.support.oidc_issuer import CLIENT_ID, FakeIssuer
from tests.support.vendor_server import serving

pytestmark = pytest.mark.django_db
BUTTON = b'href="/sso/login'
MakePerson = Callable[[Role | None], User]


@pytest.fixture
def issuer(settings: Settings) -> Iterator[FakeIssuer]:
    _client_for.cache_clear()
    with serving() as vendor:
        fake = FakeIssuer(vendor)
        settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID = fake.url, CLIENT_ID
        settings.OIDC_CLIENT_SECRET = "issuer-secret-0123456789"
        settings.OIDC_ROLES = {"Desk.Viewer": "viewer", "Desk.Analyst": "analyst", "Desk.Admin": "admin"}
        settings.PUBLIC_BASE_URL = "http://testserver"
        yield fake


def is_in(client: Client) -> bool:
    return client.get("/api/me").status_code == 200


def failures() -> list[str]:
    return list(AuditEntry.objects.filter(action="Login Failed").values_list("summary", flat=True))


def test_without_settings_there_is_no_button_and_no_address(client: Client) -> None:
    assert BUTTON not in client.get("/login").content
    assert [client.get(path).status_code for path in ("/sso/login", "/sso/back")] == [404, 404]


def test_person_of_the_issuer_signs_in_with_the_role_of_their_group(
    issuer: FakeIssuer, client: Client
) -> None:
    assert BUTTON in client.get("/login").content
    answer = issuer.sign_in(client, "?next=/dashboard%3Ftab%3Dclosed")
    assert (answer.status_code, answer["Location"]) == (302, "/dashboard?tab=closed")
    told = client.get("/api/me").json()
    assert (told["email"], told["full_name"], told["roles"]) == (
        "ana.lima@example.com",
        "Ana Lima",
        ["analyst"],
    )
    entry = AuditEntry.objects.get(action="Login Succeeded")
    assert (entry.actor, entry.details) == ("ana.lima@example.com", {"by": "single sign-on"})
    assert not User.objects.get().has_usable_password()


def test_role_follows_the_issuer_at_each_sign_in(issuer: FakeIssuer, client: Client) -> None:
    issuer.sign_in(client)
    issuer.person |= {"roles": ["Other", "Desk.Viewer", "Desk.Admin"], "email": "ana.new@example.com"}
    issuer.sign_in(Client())
    user = User.objects.get()
    assert (user.role, user.email) == (Role.ADMIN, "ana.lima@example.com")  # the subject identifies
    assert not is_in(client)  # the older session held the older role
    issuer.person["roles"] = []
    assert issuer.sign_in(Client()).status_code == 403
    assert User.objects.get().role is None
    assert failures()[-1].startswith("Your account holds no role")


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://login.microsoftonline.com/another/v2.0"},
        {"aud": "another-application"},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"nonce": "replayed"},
        {"nonce": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"sub": None},
        {"iat": int(time.time()) + 3600},
    ],
    ids=["issuer", "audience", "party", "nonce", "no nonce", "expired", "no expiry", "no subject", "not yet"],
)
def test_token_that_does_not_hold_is_refused(
    issuer: FakeIssuer, client: Client, changed: dict[str, Any]
) -> None:
    issuer.changed = changed
    answer = issuer.sign_in(client)
    assert answer.status_code == 403
    assert b"could not be used" in answer.content
    assert not is_in(client)
    assert not User.objects.exists()
    assert len(failures()) == 1


def test_token_by_another_key_or_unsigned_or_by_the_shared_secret_is_refused(
    issuer: FakeIssuer, client: Client, settings: Settings
) -> None:
    claims = {"iss": issuer.url, "aud": CLIENT_ID, "iat": int(time.time()), "exp": int(time.time()) + 600}
    claims |= issuer.person
    for algorithm, key in (("none", ""), ("HS256", settings.OIDC_CLIENT_SECRET.ljust(32, "0"))):
        address = issuer.authorize(client.get("/sso/login")["Location"])
        told = {**claims, "nonce": issuer._asked["nonce"]}
        issuer.id_token = jwt.encode(told, key, algorithm=algorithm)
        assert client.get(address).status_code == 403
    issuer.id_token, issuer.key_id = "", "two"
    assert issuer.sign_in(client).status_code == 403
    assert not User.objects.exists()


def test_state_of_another_browser_is_refused_and_a_code_works_once(
    issuer: FakeIssuer, client: Client
) -> None:
    address = issuer.authorize(client.get("/sso/login")["Location"])
    assert Client().get(address).status_code == 403
    assert client.get(address.replace("state=", "state=x")).status_code == 403
    assert client.get(address).status_code == 302
    assert client.get(address).status_code == 403


def test_refusal_by_the_issuer_is_recorded(issuer: FakeIssuer, client: Client) -> None:
    issuer.authorize(client.get("/sso/login")["Location"])
    state = issuer._asked["state"]
    assert client.get(f"/sso/back?error=access_denied&state={state}").status_code == 403
    assert "access_denied" in failures()[0]


def test_nobody_writes_their_own_text_into_the_record(issuer: FakeIssuer, client: Client) -> None:
    assert client.get("/sso/back?error=access_denied&state=x").status_code == 403
    assert client.get("/sso/back?error=access_denied").status_code == 403
    assert failures() == []
    issuer.authorize(client.get("/sso/login")["Location"])
    address = f"/sso/back?error=<b>mine</b>&error_description=mine&state={issuer._asked['state']}"
    assert [client.get(address).status_code for _ in range(2)] == [403, 403]
    assert len(failures()) == 1
    assert "mine" not in failures()[0]


def test_one_address_does_not_ask_without_end(
    issuer: FakeIssuer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = throttle.Limit(2, timedelta(minutes=5), by_account=False, by_address=True)
    monkeypatch.setitem(throttle.LIMITS, throttle.SSO, (limit,))
    assert [client.get(f"/sso/{page}").status_code for page in ("login", "back", "back", "login")] == [
        302,
        403,
        429,
        429,
    ]
    assert int(client.get("/sso/login")["Retry-After"]) > 0


def test_discovery_document_of_another_issuer_is_not_believed(issuer: FakeIssuer, client: Client) -> None:
    issuer.url = "https://elsewhere.example.com"
    assert client.get("/sso/login").status_code == 503


def test_issuer_that_is_away_is_told_and_others_still_sign_in(
    issuer: FakeIssuer, client: Client, settings: Settings, viewer: User
) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9/tenant"
    answer = client.get("/sso/login")
    assert (answer.status_code, b"cannot be reached" in answer.content) == (503, True)
    client.post("/login", {"username": viewer.email, "password": PASSWORD})
    assert is_in(client)


def test_next_that_leads_away_is_forgotten(issuer: FakeIssuer, client: Client) -> None:
    assert issuer.sign_in(client, "?next=https://evil.example.com/")["Location"] == "/dashboard"


def test_account_made_here_is_taken_over_once_by_its_address(
    issuer: FakeIssuer, client: Client, make_person: MakePerson
) -> None:
    viewer = make_person(Role.VIEWER)
    issuer.person |= {"email": viewer.email, "email_verified": False}
    assert issuer.sign_in(client).status_code == 403
    issuer.person["email_verified"] = True
    assert issuer.sign_in(client).status_code == 302
    assert User.objects.get(pk=viewer.pk).role == Role.ANALYST
    issuer.person["sub"] = "somebody-else"
    assert issuer.sign_in(Client()).status_code == 403
    assert User.objects.count() == 1


def test_account_is_taken_over_only_by_an_address_that_the_issuer_vouches_for(
    issuer: FakeIssuer, viewer: User, settings: Settings
) -> None:
    issuer.person["email"] = viewer.email
    assert issuer.sign_in(Client()).status_code == 403
    settings.OIDC_TRUST_EMAIL = True
    issuer.person["email_verified"] = False
    assert issuer.sign_in(Client()).status_code == 403
    del issuer.person["email_verified"], issuer.person["email"]
    issuer.person["preferred_username"] = viewer.email
    assert issuer.sign_in(Client()).status_code == 403
    issuer.person["email"] = viewer.email
    assert issuer.sign_in(Client()).status_code == 302
    assert User.objects.get().sso_subject


def test_no_account_is_made_for_an_unverified_address(issuer: FakeIssuer, client: Client) -> None:
    issuer.person["email_verified"] = False
    answer = issuer.sign_in(client)
    assert (answer.status_code, b"not verified" in answer.content) == (403, True)
    assert not User.objects.exists()


def test_password_and_tokens_of_an_account_end_when_it_is_taken_over(
    issuer: FakeIssuer, client: Client, viewer: User
) -> None:
    squatter, wrong = APIClient(), {"email": viewer.email, "password": PASSWORD}
    held = squatter.post("/api/login", wrong, format="json").json()
    issuer.person |= {"email": viewer.email, "email_verified": True, "roles": ["Desk.Viewer"]}
    assert issuer.sign_in(client).status_code == 302
    assert is_in(client)
    assert not User.objects.get().has_usable_password()
    renewal = {"refresh": held["refresh"]}
    squatter.credentials(HTTP_AUTHORIZATION=f"Bearer {held['token']}")
    assert squatter.get("/api/me").status_code == 401
    assert APIClient().post("/api/token/refresh", renewal, format="json").status_code == 401
    assert APIClient().post("/api/login", wrong, format="json").status_code == 401


def test_password_of_an_account_of_the_issuer_opens_nothing(viewer: User, client: Client) -> None:
    root = User.objects.create_superuser("root@example.com", PASSWORD)
    for user in (root, viewer):  # as an account that was taken over before passwords ended
        User.objects.filter(pk=user.pk).update(sso_subject=f"subject-{user.pk}")
    client.post("/login", {"username": viewer.email, "password": PASSWORD})
    assert not is_in(client)
    client.post("/login", {"username": root.email, "password": PASSWORD})
    assert is_in(client)


def test_superuser_and_shut_out_person_do_not_get_in(
    issuer: FakeIssuer, client: Client, viewer: User
) -> None:
    User.objects.create_superuser("root@example.com", PASSWORD)
    issuer.person["email"] = "root@example.com"
    assert issuer.sign_in(client).status_code == 403
    issuer.person["email"] = viewer.email
    viewer.is_active = False
    viewer.save()
    assert issuer.sign_in(client).status_code == 403
    assert not is_in(client)
    assert User.objects.get(pk=viewer.pk).sso_subject == ""


# --- passwords switched off -------------------------------------------------------------------------------


def test_switched_off_passwords_open_no_door(issuer: FakeIssuer, settings: Settings, viewer: User) -> None:
    settings.PASSWORD_LOGIN, settings.REGISTRATION = False, "open"
    client = Client()
    page = client.get("/login").content
    assert BUTTON in page
    assert b'type="password"' not in page
    assert client.post("/login", {"username": viewer.email, "password": PASSWORD}).status_code == 403
    answer = APIClient().post("/api/login", {"email": viewer.email, "password": PASSWORD}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "password_login_off")
    assert client.get("/register").status_code == 403
    assert not is_in(client)


def test_switched_off_passwords_renew_no_token(issuer: FakeIssuer, settings: Settings, viewer: User) -> None:
    root = User.objects.create_superuser("root@example.com", PASSWORD)
    given = [tokens_for(user)["refresh"] for user in (viewer, root)]
    settings.PASSWORD_LOGIN = False
    for refresh in given:
        body = {"refresh": refresh}
        assert APIClient().post("/api/token/refresh", body, format="json").status_code == 401
    settings.PASSWORD_LOGIN = True
    body = {"refresh": given[0]}
    assert APIClient().post("/api/token/refresh", body, format="json").status_code == 200


def link_for(email: str) -> str:
    out = StringIO()
    call_command("emergency_login", email, stdout=out, stderr=StringIO())
    return out.getvalue().strip().removeprefix("http://testserver")


def test_emergency_link_signs_a_superuser_in_once(
    issuer: FakeIssuer, settings: Settings, viewer: User
) -> None:
    settings.PASSWORD_LOGIN = False
    root = User.objects.create_superuser("root@example.com", PASSWORD)
    link, client = link_for("Root@example.com"), Client()
    assert client.get(link).status_code == 200
    assert not is_in(client)  # looking at it uses nothing up
    assert client.post(link).status_code == 302
    assert client.get("/api/me").json()["email"] == root.email
    assert Client().post(link).status_code == 403
    assert AuditEntry.objects.filter(action="Emergency Link Made", summary=root.email).exists()
    with pytest.raises(CommandError, match="no active superuser"):
        link_for(viewer.email)


def test_emergency_link_ends_with_its_minutes_and_with_the_sessions(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PUBLIC_BASE_URL = "http://testserver"
    root = User.objects.create_superuser("root@example.com", PASSWORD)
    link = link_for(root.email)
    with monkeypatch.context() as patch:
        patch.setattr("accounts.emergency.VALID_SECONDS", -1)
        assert Client().post(link).status_code == 403
    assert Client().post(link[:-2]).status_code == 403
    root.set_password("another Long sentence 8")
    root.save()
    assert Client().post(link).status_code == 403


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"OIDC_ISSUER": "https://login.example.com"}, "OIDC_CLIENT_ID: expected"),
        ({"OIDC_ISSUER": "https://login.example.com", "OIDC_CLIENT_ID": "x"}, "OIDC_ROLES: expected"),
        ({"OIDC_ROLES": "Desk.Root=root"}, "OIDC_ROLES: expected"),
        ({"PASSWORD_LOGIN": "off"}, "PASSWORD_LOGIN: expected on"),
    ],
)
def test_settings_that_would_lock_everybody_out_stop_the_start(given: dict[str, str], told: str) -> None:
    environment = {**os.environ, **given}
    ended = subprocess.run(
        [sys.executable, "-c", "import aiops.settings"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert ended.returncode != 0
    assert told in ended.stderr
