"""Who may call an alert path: header, query, Basic password or bearer token (contract, "Who may call")."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from accounts.service_keys import KeyIdentity, StaleKeysError, recall, verify
from ingestion.entra import recall_token, verify_token
from ingestion.signing_keys import KeysDueError


@dataclass(frozen=True, slots=True)
class Caller:
    """Who was let in, by the name of the key."""

    key_name: str


@dataclass(frozen=True, slots=True)
class Checks:
    """How keys and tokens are checked: `key(presented, source)`, `token(authorization header)`."""

    key: Callable[[str, str], KeyIdentity | None]
    token: Callable[[str], str | None]


ASKING = Checks(verify, verify_token)  # may wait: for the database, for Entra's keys
REMEMBERING = Checks(recall, recall_token)  # from memory alone, or one of NOT_IN_MEMORY is raised
NOT_IN_MEMORY = (StaleKeysError, KeysDueError)

OPEN_DOOR = Caller("none (WEBHOOK_AUTH=off)")


def identify(
    *,
    source: str,
    api_key: str,
    query_key: str,
    authorization: str,
    checks: Checks = ASKING,
    is_alert: bool = True,
) -> Caller | None:
    """The caller behind any one good credential; None when there is none.

    With `WEBHOOK_AUTH=off` everybody may send an alert, and nobody may do more. Raises KeysAwayError when a
    token cannot be checked now, and with REMEMBERING one of NOT_IN_MEMORY.
    """
    for presented in (api_key, query_key, _basic_password(authorization)):
        if presented and (identity := checks.key(presented, source)) is not None:
            return Caller(identity.name)
    if settings.WEBHOOK_AUTH == "off" and is_alert:
        return OPEN_DOOR
    name = checks.token(authorization) if authorization else None
    return Caller(name) if name else None


def _basic_password(authorization: str) -> str:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return decoded.partition(":")[2]
