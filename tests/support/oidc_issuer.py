"""An OpenID Connect issuer on the recording vendor server: discovery, keys, and a token endpoint that checks PKCE."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client

from tests.support.entra_keys import key_set, signed
from tests.support.vendor_server import Answer, Received, VendorServer, ok

CLIENT_ID = "3b9c1d70-desk"
PATH = "/tenant/v2.0"


class FakeIssuer:
    """Signs whoever `person` describes in; `changed` overrides claims of the token (None takes one away)."""

    def __init__(self, vendor: VendorServer) -> None:
        self.vendor = vendor
        self.url = f"{vendor.url}{PATH}"
        self.person: dict[str, Any] = {
            "sub": "ana-subject",
            "email": "Ana.Lima@example.com",
            "name": "Ana Lima",
            "roles": ["Desk.Analyst"],
        }
        self.changed: dict[str, Any] = {}
        self.id_token = ""
        self.key_id = "one"
        self._asked: dict[str, str] = {}
        vendor.on("GET", f"{PATH}/.well-known/openid-configuration", lambda _: ok(self.metadata()))
        vendor.on("GET", f"{PATH}/keys", ok(key_set("one")))
        vendor.on("POST", f"{PATH}/token", self._token)

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }

    def authorize(self, address: str) -> str:
        """What the person's browser gets after they signed in there: the address that leads back."""
        assert address.startswith(f"{self.url}/authorize?")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["client_id"], asked["response_type"]) == (CLIENT_ID, "code")
        assert (asked["code_challenge_method"], "openid" in asked["scope"]) == ("S256", True)
        self._asked = asked
        return f"{asked['redirect_uri']}?code=the-code&state={asked['state']}"

    def sign_in(self, client: Client, query: str = "") -> Any:
        """The whole way of a browser; the answer of the page that the person comes back to."""
        return client.get(self.authorize(client.get(f"/sso/login{query}")["Location"]))

    def _token(self, request: Received) -> Answer:
        form = request.form()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if form["code"] != "the-code" or challenge.rstrip(b"=").decode() != self._asked["code_challenge"]:
            return ok({"error": "invalid_grant"}, 400)
        return ok(
            {
                "access_token": "access",
                "token_type": "Bearer",
                "id_token": self.id_token or signed(self._claims(), self.key_id),
            }
        )

    def _claims(self) -> dict[str, Any]:
        now = int(time.time())
        told = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 600,
            "nonce": self._asked["nonce"],
            **self.person,
            **self.changed,
        }
        return {name: value for name, value in told.items() if value is not None}
