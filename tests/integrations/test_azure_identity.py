"""Tokens from Entra: asked for once, renewed in time, and refusals turned into what to change."""

from __future__ import annotations

from functools import partial

import pytest

from integrations.azure_identity import EntraConfig, EntraTokens, FixedToken
from integrations.bearer import BearerApi
from integrations.errors import IntegrationError
from tests.support.clocks import Clock
from tests.support.together import at_once
from tests.support.vendor_server import Answer, Received, VendorServer, ok

PATH = "/contoso.example/oauth2/v2.0/token"
SCOPE = "https://management.azure.com/.default"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(vendor: VendorServer, clock: Clock) -> EntraTokens:
    return EntraTokens(EntraConfig("contoso.example", "app-1", "p@ss word&1", vendor.url), clock)


def granted(value: str, lasts: int = 3599) -> Answer:
    return ok({"token_type": "Bearer", "expires_in": lasts, "access_token": value})


def test_token_is_asked_for_by_client_credentials(vendor: VendorServer, tokens: EntraTokens) -> None:
    vendor.on("POST", PATH, granted("T1"))
    assert tokens.token(SCOPE) == "T1"
    (request,) = vendor.requests
    assert request.form() == {
        "grant_type": "client_credentials",
        "client_id": "app-1",
        "client_secret": "p@ss word&1",
        "scope": SCOPE,
    }


def test_token_is_kept_until_five_minutes_before_its_end(
    vendor: VendorServer, tokens: EntraTokens, clock: Clock
) -> None:
    vendor.on("POST", PATH, granted("T1"), granted("T2"))
    tokens.token(SCOPE)
    clock.now += 3298
    assert tokens.token(SCOPE) == "T1"
    clock.now += 2
    assert tokens.token(SCOPE) == "T2"
    assert len(vendor.requests) == 2


def test_each_scope_has_its_own_token(vendor: VendorServer, tokens: EntraTokens) -> None:
    vendor.on("POST", PATH, lambda request: granted(f"for {request.form()['scope']}"))
    assert [tokens.token("a"), tokens.token("b"), tokens.token("a")] == ["for a", "for b", "for a"]
    assert len(vendor.requests) == 2


def test_many_threads_ask_once(vendor: VendorServer, tokens: EntraTokens) -> None:
    vendor.on("POST", PATH, Answer(200, granted("T1").body, delay=0.1))
    assert at_once(*[partial(tokens.token, SCOPE)] * 6) == ["T1"] * 6
    assert len(vendor.requests) == 1


def test_valid_token_goes_on_while_the_sign_in_service_is_away(
    vendor: VendorServer, tokens: EntraTokens, clock: Clock, slept: list[float]
) -> None:
    vendor.on("POST", PATH, granted("T1"), ok({}, 503))
    tokens.token(SCOPE)
    clock.now += 3400
    assert tokens.token(SCOPE) == "T1"
    clock.now += 300
    with pytest.raises(IntegrationError):
        tokens.token(SCOPE)


@pytest.mark.parametrize(
    ("number", "word"),
    [("7000215", "AZURE_CLIENT_SECRET"), ("700016", "AZURE_CLIENT_ID"), ("90002", "AZURE_TENANT_ID")],
)
def test_refusal_becomes_plain_advice(
    vendor: VendorServer, tokens: EntraTokens, number: str, word: str
) -> None:
    refusal = {"error": "invalid_client", "error_description": f"AADSTS{number}: p@ss word&1 is not it."}
    vendor.on("POST", PATH, ok(refusal, 401))
    with pytest.raises(IntegrationError) as caught:
        tokens.token(SCOPE)
    assert word in caught.value.advice
    assert (caught.value.permanent, caught.value.code) == (True, "invalid_client")
    assert "p@ss" not in str(caught.value)


def test_answer_without_a_token_is_an_error(vendor: VendorServer, tokens: EntraTokens) -> None:
    vendor.on("POST", PATH, ok({"expires_in": 5}))
    with pytest.raises(IntegrationError, match="no access_token"):
        tokens.token(SCOPE)


@pytest.mark.parametrize("tenant", ["", "../x", "a/b", "a?b"])
def test_tenant_that_would_change_the_address_is_refused(vendor: VendorServer, tenant: str) -> None:
    with pytest.raises(IntegrationError, match="AZURE_TENANT_ID"):
        EntraTokens(EntraConfig(tenant, "a", "s", vendor.url)).token(SCOPE)
    assert vendor.requests == []


def test_secret_is_not_in_any_repr(tokens: EntraTokens) -> None:
    assert "p@ss" not in repr(EntraConfig("t", "a", "p@ss"))
    assert "p@ss" not in repr(FixedToken("p@ss"))


def test_refused_token_is_fetched_anew_once(vendor: VendorServer, tokens: EntraTokens) -> None:
    vendor.on("POST", PATH, granted("T1"), granted("T2"))

    def only_t2(request: Received) -> Answer:
        return ok({"fine": True}) if request.headers["authorization"] == "Bearer T2" else ok({}, 401)

    vendor.on("GET", "/thing", only_t2)
    api = BearerApi("azure", vendor.url, tokens, SCOPE, lambda error: "ask somebody")
    assert api.get("/thing") == {"fine": True}
    assert len(vendor.to("/thing")) == 2


def test_token_from_the_settings_is_not_tried_twice(vendor: VendorServer) -> None:
    vendor.on("GET", "/thing", ok({}, 401))
    api = BearerApi("azure", vendor.url, FixedToken("T"), SCOPE, lambda error: "ask somebody")
    with pytest.raises(IntegrationError) as caught:
        api.get("/thing")
    assert caught.value.advice == "ask somebody"
    assert len(vendor.requests) == 1
