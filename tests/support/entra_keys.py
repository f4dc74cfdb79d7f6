"""Entra ID for tests: real RSA keys, a key set as JSON, and tokens that are right but for what a test changes."""

from __future__ import annotations

import json
import time
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

TENANT = "8f1d2c3b-4a59-4687-9876-5a4b3c2d1e0f"
AUDIENCE = "3b9c1d70-2e4f-4a5b-8c6d-7e8f90a1b2c3"
AZNS = "461e8683-5575-4561-ac7f-899cc907d62a"


@cache
def signing_key(key_id: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def key_set(*key_ids: str) -> dict[str, Any]:
    """The public keys as Entra's discovery address tells them."""
    return {
        "keys": [
            {
                **json.loads(RSAAlgorithm.to_jwk(signing_key(key_id).public_key())),
                "kid": key_id,
                "use": "sig",
            }
            for key_id in key_ids
        ]
    }


def claims(version: int = 2, **changed: Any) -> dict[str, Any]:
    """The claims of a good token; a change to None takes the claim away."""
    now = int(time.time())
    issuers = {1: f"https://sts.windows.net/{TENANT}/", 2: f"https://login.microsoftonline.com/{TENANT}/v2.0"}
    told = {
        "aud": AUDIENCE,
        "iss": issuers[version],
        "iat": now - 10,
        "nbf": now - 10,
        "exp": now + 3600,
        {1: "appid", 2: "azp"}[version]: AZNS,
        "roles": ["ActionGroupsSecureWebhook"],
        "tid": TENANT,
        "ver": f"{version}.0",
        **changed,
    }
    return {name: value for name, value in told.items() if value is not None}


def signed(told: dict[str, Any], key_id: str = "one", **headers: Any) -> str:
    return jwt.encode(told, signing_key(key_id), algorithm="RS256", headers={"kid": key_id, **headers})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
