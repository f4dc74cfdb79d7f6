"""Entra ID tokens for Azure's APIs: client credentials, or a ready token from the settings.

A client of our own over `http.request`, because azure-identity refuses an authority on plain http (so a test
could not see the request), and would bring a second set of retries and time-outs.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from django.conf import settings

from integrations import http, reading
from integrations.errors import IntegrationError, NotConfiguredError

VENDOR = "entra"
DATABRICKS_SCOPE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
SYNAPSE_SCOPE = "https://dev.azuresynapse.net/.default"
_REFRESH_BEFORE_SECONDS = 300.0
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,127}")
_AADSTS = re.compile(r"AADSTS(\d+)")
_ADVICE = {
    "7000215": "AZURE_CLIENT_SECRET is wrong; use the secret's value, not its id.",
    "7000222": "The client secret has expired; make a new one and set AZURE_CLIENT_SECRET.",
    "700016": "AZURE_CLIENT_ID is not known in this tenant; check it and AZURE_TENANT_ID.",
    "7000112": "The application behind AZURE_CLIENT_ID is disabled; enable it in Entra ID.",
    "90002": "AZURE_TENANT_ID names no tenant; check it and AZURE_AUTHORITY_HOST.",
    "900023": "AZURE_TENANT_ID is neither a tenant's id nor its domain.",
    "500011": "The API is not known in this tenant; check AZURE_TENANT_ID and the cloud of the endpoints.",
    "53003": "A conditional access policy blocks this application; ask for an exception for it.",
    "7000216": "AZURE_CLIENT_SECRET is missing; this application needs one.",
    "70011": "The scope is not valid in this cloud; check AZURE_MANAGEMENT_ENDPOINT.",
}


class TokenSource(Protocol):
    """Where a client gets its bearer token from."""

    def token(self, scope: str) -> str:
        """A token for the scope. Raises IntegrationError."""

    def forget(self, scope: str) -> bool:
        """Drop a token that was refused; True when a fresh one can be had."""


@dataclass(frozen=True, slots=True)
class FixedToken:
    """A token that a person put into the settings."""

    value: str = field(repr=False)

    def token(self, scope: str) -> str:
        return self.value

    def forget(self, scope: str) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class EntraConfig:
    """One application in one tenant. `authority` is the sign-in service's address without a path."""

    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    authority: str = "https://login.microsoftonline.com"

    @classmethod
    def from_settings(cls) -> EntraConfig | None:
        """None unless all three of AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are set."""
        three = settings.AZURE_TENANT_ID, settings.AZURE_CLIENT_ID, settings.AZURE_CLIENT_SECRET
        return cls(*three, settings.AZURE_AUTHORITY_HOST) if all(three) else None


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    refresh_at: float
    expires_at: float


class EntraTokens:
    """Tokens by client credentials, kept until five minutes before they expire. Thread-safe.

    One thread fetches while the others wait for it; when the sign-in service is away, a token that is still
    valid goes on being used.
    """

    def __init__(self, config: EntraConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, _Token] = {}

    def token(self, scope: str) -> str:
        if value := self._known(scope):  # without the lock: a fetch for another scope may hold it for long
            return value
        with self._lock:
            if value := self._known(scope):
                return value
            known = self._tokens.get(scope)
            try:
                fresh = self._fetch(scope)
            except IntegrationError as error:
                if known and not error.permanent and self._clock() < known.expires_at:
                    return known.value
                raise
            self._tokens[scope] = fresh
            return fresh.value

    def forget(self, scope: str) -> bool:
        with self._lock:
            return self._tokens.pop(scope, None) is not None

    def _known(self, scope: str) -> str:
        known = self._tokens.get(scope)
        return known.value if known and self._clock() < known.refresh_at else ""

    def _fetch(self, scope: str) -> _Token:
        config = self._config
        if not _TENANT.fullmatch(config.tenant_id):
            raise IntegrationError(
                f"{VENDOR}: AZURE_TENANT_ID is not a tenant's id or domain",
                vendor=VENDOR,
                permanent=True,
                advice=_ADVICE["900023"],
            )
        try:
            answer = http.request(
                VENDOR,
                "POST",
                f"{config.authority}/{config.tenant_id}/oauth2/v2.0/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": config.client_id,
                    "client_secret": config.client_secret,
                    "scope": scope,
                },
                max_bytes=256 * 1024,
                deadline=20.0,
            ).json_object()
        except IntegrationError as error:
            error.advice = _advice(str(error)) or error.advice
            raise
        value = reading.text(answer, "access_token")
        if not value:
            raise IntegrationError(
                f"{VENDOR}: the answer holds no access_token", vendor=VENDOR, permanent=False, code="no_token"
            )
        lasts = max(reading.integer(answer, "expires_in") or 300, 0)
        now = self._clock()
        return _Token(value, now + max(lasts - _REFRESH_BEFORE_SECONDS, lasts / 2), now + lasts)


def _advice(message: str) -> str:
    found = _AADSTS.search(message)
    return _ADVICE.get(found.group(1), "") if found else ""


_shared: dict[EntraConfig, EntraTokens] = {}
_shared_lock = threading.Lock()


def entra_tokens() -> EntraTokens | None:
    """The tokens of the application in the settings, one set per process; None where it has none."""
    config = EntraConfig.from_settings()
    if config is None:
        return None
    with _shared_lock:
        return _shared.setdefault(config, EntraTokens(config))


def management_tokens() -> TokenSource:
    """For Azure Resource Manager. Raises NotConfiguredError."""
    if settings.AZURE_MANAGEMENT_TOKEN:
        return FixedToken(settings.AZURE_MANAGEMENT_TOKEN)
    return entra_tokens() or _not_configured("datafactory", "AZURE_MANAGEMENT_TOKEN")


def synapse_tokens() -> TokenSource:
    """For Synapse workspaces: AZURE_SYNAPSE_TOKEN, else as for management. Raises NotConfiguredError."""
    ready = settings.AZURE_SYNAPSE_TOKEN or settings.AZURE_MANAGEMENT_TOKEN
    if ready:
        return FixedToken(ready)
    return entra_tokens() or _not_configured("synapse", "AZURE_SYNAPSE_TOKEN")


def _not_configured(vendor: str, ready_token: str) -> TokenSource:
    raise NotConfiguredError(
        vendor, f"Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or {ready_token}."
    )
