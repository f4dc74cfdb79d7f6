"""Whether one seal is sound in itself, follows the one before, and carries the signature it should."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit import merkle, signing
from audit.models import AuditSeal
from audit.report import Kind, broken
from audit.sealing import GENESIS, seal_hash

LEAF_BYTES = 32


def leaves_of(seal: AuditSeal) -> list[bytes]:
    packed = bytes(seal.leaves)
    return [packed[start : start + LEAF_BYTES] for start in range(0, len(packed), LEAF_BYTES)]


def check_link(seal: AuditSeal, previous: AuditSeal | None) -> None:
    """The seal is the next one after `previous` (None: it is the first); raises BrokenRecordError."""
    expected = previous.number + 1 if previous else 1
    if seal.number != expected:
        raise broken(
            Kind.SEAL_MISSING, f"Seal {expected} is missing: {seal.number} comes next.", seal=expected
        )
    if seal.first_id != (previous.last_id + 1 if previous else 1):
        raise broken(
            Kind.SEAL_BROKEN,
            f"Seal {seal.number} does not begin where the one before ends.",
            seal=seal.number,
        )
    if seal.previous_hash != (previous.hash if previous else GENESIS):
        raise broken(
            Kind.SEAL_BROKEN, f"Seal {seal.number} does not follow from the seal before it.", seal=seal.number
        )
    if previous and seal.created_at < previous.created_at:
        raise broken(Kind.SEAL_BROKEN, f"Seal {seal.number} is older than the one before.", seal=seal.number)


def check_seal(seal: AuditSeal) -> list[bytes]:
    """The seal's own hash, count and root hold; returns its leaves. Raises BrokenRecordError."""
    try:
        is_sound = seal_hash(seal) == seal.hash
    except (TypeError, ValueError, AttributeError):
        is_sound = False
    if not is_sound:
        raise broken(
            Kind.SEAL_BROKEN, f"Seal {seal.number} was changed: its hash is wrong.", seal=seal.number
        )
    leaves = leaves_of(seal)
    if len(leaves) != seal.count or merkle.root(leaves).hex() != seal.root:
        raise broken(
            Kind.SEAL_BROKEN,
            f"Seal {seal.number} was changed: its leaves give another root.",
            seal=seal.number,
        )
    return leaves


class SignatureCheck:
    """Signatures along the chain: once a seal is signed, every later one is."""

    def __init__(self, keys: dict[str, Ed25519PublicKey]) -> None:
        self._keys = keys
        self._must_be_signed = False
        self.signed = 0

    def check(self, seal: AuditSeal) -> None:
        """Raises BrokenRecordError. Without any key, signatures are counted and not checked."""
        if not seal.signature:
            if self._must_be_signed:
                raise broken(
                    Kind.SIGNATURE_BROKEN,
                    f"Seal {seal.number} is not signed, though earlier ones are.",
                    seal=seal.number,
                )
            return
        self._must_be_signed = True
        self.signed += 1
        if not self._keys:
            return
        key = self._keys.get(seal.key_id)
        if key is None:
            raise broken(
                Kind.SIGNATURE_BROKEN,
                f"Seal {seal.number} is signed by key {seal.key_id}, which is not trusted: "
                "add its public key to AUDIT_TRUSTED_KEYS if it is an earlier key of yours.",
                seal=seal.number,
            )
        if not signing.is_valid(key, seal.hash, seal.signature):
            raise broken(
                Kind.SIGNATURE_BROKEN, f"Seal {seal.number}: the signature is wrong.", seal=seal.number
            )
