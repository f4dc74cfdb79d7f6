"""Ed25519 signatures over seals: a key that the database's owner does not hold.

The private key comes from `AUDIT_SIGNING_KEY`; keys of earlier years are trusted through
`AUDIT_TRUSTED_KEYS`, so that seals they signed still verify.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

PREFIX = b"aiops-audit-v1\n"


class SigningKeyError(ValueError):
    """A key cannot be read. The message never holds it."""


@dataclass(frozen=True, slots=True)
class Signature:
    key_id: str = ""
    value: str = ""


UNSIGNED = Signature()


def private_key(text: str) -> Ed25519PrivateKey:
    """From PEM (PKCS 8, unencrypted) or base64 of the 32 bytes; raises SigningKeyError."""
    try:
        if text.startswith("-----BEGIN"):
            key = load_pem_private_key(text.encode(), password=None)
            if not isinstance(key, Ed25519PrivateKey):
                raise SigningKeyError("an Ed25519 private key, not one of another kind")
            return key
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text, validate=True))
    except (ValueError, TypeError, binascii.Error):
        raise SigningKeyError("an Ed25519 private key: PEM, or base64 of its 32 bytes") from None


def public_key(text: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        raise SigningKeyError("an Ed25519 public key: base64 of its 32 bytes") from None


def public_text(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def sign(digest: str) -> Signature:
    """Sign a hexadecimal digest with the configured key; UNSIGNED when there is none."""
    if not settings.AUDIT_SIGNING_KEY:
        return UNSIGNED
    key = private_key(settings.AUDIT_SIGNING_KEY)
    signed = key.sign(PREFIX + digest.encode("ascii"))
    return Signature(key_id(key.public_key()), base64.b64encode(signed).decode())


def own_public_key() -> Ed25519PublicKey | None:
    if not settings.AUDIT_SIGNING_KEY:
        return None
    return private_key(settings.AUDIT_SIGNING_KEY).public_key()


def trusted_keys() -> dict[str, Ed25519PublicKey]:
    """Key id → public key: the configured signing key's, and those of `AUDIT_TRUSTED_KEYS`."""
    keys = [public_key(text) for text in settings.AUDIT_TRUSTED_KEYS]
    own = own_public_key()
    return {key_id(key): key for key in (*keys, *((own,) if own else ()))}


def is_valid(key: Ed25519PublicKey, digest: str, value: str) -> bool:
    try:
        key.verify(base64.b64decode(value, validate=True), PREFIX + digest.encode("ascii"))
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True
