"""The Entra ID token of a secure webhook: real keys, a real key set over HTTP, every claim that must hold."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pytest_django.fixtures import Settings

from ingestion import entra, signing_keys
from ingestion.models import AlertEvent
from ingestion.signing_keys import KeysAwayError, KeysDueError, SigningKeys
from integrations.breaker import reset_all
from tests.support.clocks import Clock
from tests.support.entra_keys import AUDIENCE, TENANT, bearer, claims, key_set, signed, signing_key
from tests.support.faces import Face
from tests.support.posting import pipeline_failed
from tests.support.vendor_server import Answer, VendorServer, ok, serving

PATH = "/keys"
BODY = json.dumps(pipeline_failed("7d3c2a90-51f4-4e0d-8a6b-2f9d10c4e5a1")).encode()


@pytest.fixture
def vendor(settings: Settings) -> Iterator[VendorServer]:
    reset_all()
    with serving() as server:
        server.on("GET", PATH, ok(key_set("one")))
        settings.AZURE_WEBHOOK_JWKS_URL = server.url + PATH
        settings.AZURE_WEBHOOK_AUDIENCE = AUDIENCE
        settings.AZURE_WEBHOOK_TENANT_ID = TENANT
        yield server
    reset_all()


def verify(token: str) -> str | None:
    return entra.verify_token(f"Bearer {token}")


@pytest.mark.parametrize("version", [1, 2])
def test_good_token_opens_both_faces_of_the_door(vendor: VendorServer, face: Face, version: int) -> None:
    told = face.send("/azure-monitor", BODY, bearer(signed(claims(version))))
    assert told.status == 202, told.body
    assert AlertEvent.objects.get().key_name == "Entra ID (Azure Monitor)"
    assert "Authorization" not in AlertEvent.objects.get().headers


WRONG: dict[str, dict[str, Any]] = {
    "issuer of another tenant": {"iss": "https://login.microsoftonline.com/common/v2.0"},
    "issuer that begins alike": {"iss": f"https://login.microsoftonline.com/{TENANT}/v2.0/x"},
    "issuer of version 1, caller of version 2": {"iss": f"https://sts.windows.net/{TENANT}/"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "api://somebody-else"},
    "no audience": {"aud": None},
    "expired": {"exp": int(time.time()) - 120},
    "no expiry": {"exp": None},
    "not yet valid": {"nbf": int(time.time()) + 600},
    "no not-before": {"nbf": None},
    "another tenant": {"tid": "00000000-0000-0000-0000-000000000000"},
    "no tenant": {"tid": None},
    "another caller": {"azp": "00000000-0000-0000-0000-000000000000"},
    "caller in the other version's claim": {"azp": None, "appid": "461e8683-5575-4561-ac7f-899cc907d62a"},
    "no role": {"roles": None},
    "another role": {"roles": ["Reader"]},
    "role as text that contains it": {"roles": "xActionGroupsSecureWebhookx"},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG)
def test_token_with_a_wrong_claim_is_refused_without_asking_for_keys(
    vendor: VendorServer, changed: dict[str, Any]
) -> None:
    assert verify(signed(claims(**changed))) is None
    assert vendor.requests == []


def test_expiry_within_a_minute_is_forgiven(vendor: VendorServer) -> None:
    assert verify(signed(claims(exp=int(time.time()) - 20)))


def test_token_signed_by_a_strangers_key_is_refused(vendor: VendorServer) -> None:
    forged = jwt.encode(claims(), signing_key("stranger"), algorithm="RS256", headers={"kid": "one"})
    assert verify(forged) is None


def test_token_whose_claims_were_changed_afterwards_is_refused(vendor: VendorServer) -> None:
    head, _, signature = signed(claims(roles=["Reader"])).split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=").decode()
    assert verify(f"{head}.{body}.{signature}") is None


def test_unsigned_token_is_refused(vendor: VendorServer) -> None:
    assert verify(jwt.encode(claims(), "", algorithm="none", headers={"kid": "one"})) is None
    head, body, _ = signed(claims()).split(".")
    assert verify(f"{head}.{body}.") is None


def test_token_signed_with_the_public_key_as_a_shared_secret_is_refused(vendor: VendorServer) -> None:
    public = signing_key("one").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"one","typ":"JWT"}').rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=")
    signer = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = base64.urlsafe_b64encode(signer.sign(head + b"." + body, public)).rstrip(b"=")
    assert verify(b".".join((head, body, signature)).decode()) is None


def test_key_that_the_token_brings_itself_is_not_used(vendor: VendorServer) -> None:
    own = key_set("stranger")["keys"][0]
    assert verify(signed(claims(), "stranger", jwk=own, jku="http://127.0.0.1:1/keys")) is None


@pytest.mark.parametrize(
    "text", ["", "x", "a.b.c", "é.é.é", "." * 9_000, "x" * 20_000, "eyJhbGciOiJSUzI1NiJ9.W10.x"]
)
def test_text_that_is_no_token_is_refused(vendor: VendorServer, text: str) -> None:
    assert verify(text) is None


@pytest.mark.parametrize("unset", ["AZURE_WEBHOOK_AUDIENCE", "AZURE_WEBHOOK_TENANT_ID"])
def test_no_token_is_good_unless_both_settings_are_set(
    vendor: VendorServer, settings: Settings, unset: str
) -> None:
    setattr(settings, unset, "")
    assert verify(signed(claims())) is None


def test_keys_are_asked_for_once_for_many_tokens(vendor: VendorServer) -> None:
    assert all(verify(signed(claims())) for _ in range(5))
    assert len(vendor.requests) == 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ticking = Clock()
    monkeypatch.setattr(entra, "_keys", SigningKeys(ticking))
    return ticking


def test_new_key_is_found_after_a_minute_and_the_withdrawn_one_is_gone(
    vendor: VendorServer, clock: Clock
) -> None:
    assert verify(signed(claims()))
    vendor.on("GET", PATH, ok(key_set("two")))
    assert verify(signed(claims(), "two")) is None
    assert len(vendor.requests) == 1
    clock.now += signing_keys.REFRESH_SECONDS
    assert verify(signed(claims(), "two"))
    assert verify(signed(claims(), "one")) is None
    assert len(vendor.requests) == 2


def test_known_key_serves_on_while_entra_is_away(vendor: VendorServer, clock: Clock) -> None:
    assert verify(signed(claims()))
    vendor.on("GET", PATH, Answer(status=404))
    clock.now += signing_keys.KEEP_SECONDS + 1
    assert verify(signed(claims()))
    assert len(vendor.requests) == 2
    assert verify(signed(claims()))
    assert len(vendor.requests) == 2


def test_unknown_key_while_entra_is_away_is_not_a_refusal(vendor: VendorServer) -> None:
    vendor.on("GET", PATH, Answer(status=404))
    with pytest.raises(KeysAwayError):
        verify(signed(claims()))
    with pytest.raises(KeysAwayError):
        verify(signed(claims()))
    assert len(vendor.requests) == 1


def test_sender_is_asked_to_try_again_while_the_keys_are_away(vendor: VendorServer, face: Face) -> None:
    vendor.on("GET", PATH, Answer(status=404))
    told = face.send("/azure-monitor", BODY, bearer(signed(claims())))
    assert (told.status, told.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize(
    "document", [{}, {"keys": []}, {"keys": [{"kty": "oct", "kid": "one", "k": "eA"}]}, []]
)
def test_answer_without_rsa_keys_is_no_key_set(vendor: VendorServer, document: Any) -> None:
    vendor.on("GET", PATH, ok(document))
    with pytest.raises(KeysAwayError):
        verify(signed(claims()))


def test_memory_alone_never_fetches(vendor: VendorServer) -> None:
    header = f"Bearer {signed(claims())}"
    with pytest.raises(KeysDueError):
        entra.recall_token(header)
    assert vendor.requests == []
    assert entra.verify_token(header)
    assert entra.recall_token(header) == entra.CALLER_NAME
    assert entra.recall_token(f"Bearer {signed(claims(), 'two')}") is None


def test_keys_come_from_the_tenants_address_unless_overridden(settings: Settings) -> None:
    settings.AZURE_WEBHOOK_JWKS_URL = ""
    settings.AZURE_AUTHORITY_HOST = "https://login.example"
    settings.AZURE_WEBHOOK_TENANT_ID = TENANT
    assert entra._keys_url() == f"https://login.example/{TENANT}/discovery/v2.0/keys"
