"""The conversation with the issuer, by Authlib: code flow with PKCE, state and nonce. The only module that knows it.

OpenID Connect Core 1.0, 3.1.3.7 (what of an ID token is validated); RFC 7636 (PKCE).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth, OAuthError
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from joserfc.errors import JoseError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384")
"""Signed with a private key of the issuer's: neither unsigned nor by a secret that we share."""

ERROR_CODES = frozenset(
    {
        *(
            "invalid_request",
            "unauthorized_client",
            "access_denied",
            "unsupported_response_type",
            "invalid_scope",
        ),
        *("server_error", "temporarily_unavailable", "interaction_required", "login_required"),
        *("account_selection_required", "consent_required", "invalid_client", "invalid_grant"),
    }
)
"""RFC 6749, 4.1.2.1 and 5.2; OpenID Connect Core 1.0, 3.1.2.6: what of a refusal goes on record, and no free text."""

TIMEOUT_SECONDS = 10
CLOCK_LEEWAY_SECONDS = 60


class IssuerAwayError(Exception):
    """The issuer does not answer, or not as an issuer does."""


class RefusedByIssuerError(Exception):
    """The issuer refused, or its answer does not hold; the text is for the record, not for the person."""


def redirect_to_issuer(request: HttpRequest, callback: str) -> HttpResponse:
    """Send the person there; state, nonce and verifier stay in the session. Raises IssuerAwayError."""
    client = _client()
    try:
        _check_metadata(client)
        answer: HttpResponse = client.authorize_redirect(request, callback)
    except (requests.RequestException, AuthlibBaseError, ValueError, KeyError, RuntimeError) as error:
        raise IssuerAwayError(type(error).__name__) from error
    return answer


def is_expected(request: HttpRequest) -> bool:
    """Whether this browser was sent to the issuer with the state that it brings back."""
    state = request.GET.get("state")
    return bool(state) and _client().framework.get_state_data(request.session, state) is not None


def claims_of(request: HttpRequest) -> Mapping[str, Any]:
    """The validated claims behind the issuer's redirect back to us.

    Raises RefusedByIssuerError, or IssuerAwayError when the token cannot be fetched.
    """
    client = _client()
    if "error" in request.GET:
        client.framework.clear_state_data(request.session, request.GET.get("state"))
        raise RefusedByIssuerError(f"The issuer refused: {_code(request.GET['error'])}")
    try:
        _check_metadata(client)
        token = client.authorize_access_token(
            request,
            leeway=CLOCK_LEEWAY_SECONDS,
            claims_options={
                "iss": {"essential": True, "value": settings.OIDC_ISSUER},
                "aud": {"essential": True, "value": settings.OIDC_CLIENT_ID},
            },
        )
    except requests.RequestException as error:
        raise IssuerAwayError(type(error).__name__) from error
    except OAuthError as error:
        raise RefusedByIssuerError(f"The issuer refused: {_code(error.error)}") from error
    except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise RefusedByIssuerError(f"{type(error).__name__}: {error}"[:300]) from error
    claims: Mapping[str, Any] | None = token.get("userinfo")
    if not claims:
        raise RefusedByIssuerError("The issuer gave no ID token.")
    return claims


def _code(told: str | None) -> str:
    return told if told in ERROR_CODES else "for a reason that is not one of the standard's"


def _check_metadata(client: Any) -> None:
    """The document speaks for the issuer that was configured, and no weaker signature is taken than ours."""
    metadata = client.load_server_metadata()
    if metadata.get("issuer") != settings.OIDC_ISSUER:
        raise ValueError("the discovery document is another issuer's")
    client.server_metadata["id_token_signing_alg_values_supported"] = list(ALGORITHMS)


def _client() -> Any:
    return _client_for(settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET)


@lru_cache(maxsize=4)
def _client_for(issuer: str, client_id: str, secret: str) -> Any:
    """One per process: it remembers the issuer's addresses and keys, and asks again for a key it does not know."""
    return OAuth().register(
        "issuer",
        client_id=client_id,
        client_secret=secret or None,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_SECONDS,
            **({} if secret else {"token_endpoint_auth_method": "none"}),
        },
    )
