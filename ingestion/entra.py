"""The bearer token of an Azure Monitor "secure webhook" (external-apis 1.2): is it ours, and is it genuine?

Checked are the signature (RS256 and nothing else), issuer, audience, tenant, times, the calling application and
its role. Claims are looked at before the keys are asked for, so a stranger's token never makes us call Entra.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import jwt
from django.conf import settings

from ingestion.signing_keys import KeysAwayError, SigningKeys

__all__ = ["CALLER_NAME", "KeysAwayError", "recall_token", "verify_token"]

logger = logging.getLogger(__name__)

CALLER_NAME = "Entra ID (Azure Monitor)"
CALLER_APP_ID = "461e8683-5575-4561-ac7f-899cc907d62a"  # AzNS AAD Webhook: the same in every tenant
ROLE = "ActionGroupsSecureWebhook"
ALGORITHM = "RS256"
LEEWAY_SECONDS = 60
LONGEST_TOKEN = 10_000
_REQUIRED = ["exp", "nbf", "iss", "aud"]

_keys = SigningKeys()


def verify_token(authorization: str) -> str | None:
    """The caller's name when the header holds a good token; None otherwise. May call Entra for its keys.

    Raises KeysAwayError when the token looks like ours and its key cannot be had: the sender should try again.
    """
    return _check(authorization, _keys.fetch)


def recall_token(authorization: str) -> str | None:
    """As `verify_token`, from memory alone, for callers that must not wait.

    Raises KeysDueError where the answer is not to be had from memory.
    """
    return _check(authorization, _keys.recall)


def forget_keys() -> None:
    """Drop the keys in memory."""
    _keys.forget()


def _check(authorization: str, key_of: Callable[[str, str], jwt.PyJWK | None]) -> str | None:
    token = _bearer_token(authorization)
    if not token or not settings.AZURE_WEBHOOK_AUDIENCE or not settings.AZURE_WEBHOOK_TENANT_ID:
        return None
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
        key_id = header.get("kid")
        if header.get("alg") != ALGORITHM or not isinstance(key_id, str) or not _is_for_us(claims):
            return None
        _decode(token, None)
        key = key_of(_keys_url(), key_id)
        if key is None:
            return None
        return CALLER_NAME if _is_for_us(_decode(token, key)) else None
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        logger.info("A secure webhook's token was refused: %s", type(error).__name__)
        return None


def _bearer_token(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and len(token) <= LONGEST_TOKEN else ""


def _decode(token: str, key: jwt.PyJWK | None) -> dict[str, Any]:
    """The claims with times and audience checked; without a key, for all but the signature."""
    options: Any = {
        "require": _REQUIRED,
        "verify_signature": key is not None,
        "verify_exp": True,
        "verify_nbf": True,
        "verify_aud": True,
        "verify_iat": False,
    }
    return jwt.decode(
        token,
        key=key or "",
        algorithms=[ALGORITHM],
        audience=settings.AZURE_WEBHOOK_AUDIENCE,
        leeway=LEEWAY_SECONDS,
        options=options,
    )


def _is_for_us(claims: dict[str, Any]) -> bool:
    """Issuer and tenant are ours, and the caller is Azure's alert service in the role it was given."""
    tenant = settings.AZURE_WEBHOOK_TENANT_ID
    caller_claim = _caller_claim_by_issuer(tenant).get(str(claims.get("iss", "")))
    roles = claims.get("roles")
    return (
        caller_claim is not None
        and claims.get("tid") == tenant
        and claims.get(caller_claim) == CALLER_APP_ID
        and isinstance(roles, list)
        and ROLE in roles
    )


def _caller_claim_by_issuer(tenant: str) -> dict[str, str]:
    """Version 1 tokens come from `sts.windows.net` and name the caller in `appid`, version 2 in `azp`."""
    return {
        f"https://sts.windows.net/{tenant}/": "appid",
        f"https://login.microsoftonline.com/{tenant}/v2.0": "azp",
        f"{settings.AZURE_AUTHORITY_HOST}/{tenant}/v2.0": "azp",
    }


def _keys_url() -> str:
    tenant = settings.AZURE_WEBHOOK_TENANT_ID
    return settings.AZURE_WEBHOOK_JWKS_URL or f"{settings.AZURE_AUTHORITY_HOST}/{tenant}/discovery/v2.0/keys"
