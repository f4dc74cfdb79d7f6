"""Proof that one entry is in the record: what a stranger needs, as JSON, with nothing else of the record in it.

How to check it, in a script without this project, is in docs/compliance.md.
"""

from __future__ import annotations

from typing import Any

from audit import merkle, rows, signing
from audit.idranges import RangeSet
from audit.models import AuditSeal
from audit.seal_checks import leaves_of
from audit.sealing import LATE_WITHIN


class NotSealedError(LookupError):
    """The entry does not exist, or no seal covers it yet."""


def prove(entry_id: int) -> dict[str, Any]:
    """The entry as it is now, the way from its hash to a seal's root, and that seal; raises NotSealedError.

    An entry that was changed gets a proof that does not lead to the root: this is no verification.
    """
    entry = next(rows.by_ids([entry_id]), None)
    if entry is None:
        raise NotSealedError(f"There is no audit entry {entry_id}.")
    place = SealFinder().find(entry_id)
    if place is None:
        raise NotSealedError(f"Audit entry {entry_id} is not sealed yet: seals are made each minute.")
    seal, index = place
    own = signing.own_public_key()
    return {
        "version": 1,
        "entry": entry.sealed,
        "personal": entry.personal if not entry.is_erased else None,
        "leaf": entry.leaf.hex(),
        "path": [[side, neighbour.hex()] for side, neighbour in merkle.proof(leaves_of(seal), index)],
        "seal": {**seal.statement(), "hash": seal.hash, "key_id": seal.key_id, "signature": seal.signature},
        "public_key": signing.public_text(own) if own and seal.key_id == signing.key_id(own) else "",
    }


class SealFinder:
    """Which seal covers an id, and where in it. Remembers the last seal, so ascending ids cost little."""

    def __init__(self) -> None:
        self._seal: AuditSeal | None = None

    def find(self, entry_id: int) -> tuple[AuditSeal, int] | None:
        """The seal and the index of the entry's leaf; None when nothing covers the id."""
        seal = self._in_range(entry_id)
        if seal is None:
            return None
        missing = RangeSet(seal.missing)
        if entry_id not in missing:
            return seal, len(seal.late) + entry_id - seal.first_id - missing.count_below(entry_id)
        return self._as_late(seal, entry_id)

    def leaf(self, entry_id: int) -> tuple[AuditSeal, bytes] | None:
        place = self.find(entry_id)
        if place is None:
            return None
        seal, index = place
        return seal, bytes(seal.leaves)[index * 32 : index * 32 + 32]

    def _as_late(self, gap_of: AuditSeal, entry_id: int) -> tuple[AuditSeal, int] | None:
        """The seal that took the entry up later, looked for as long as the gap stayed open."""
        later = AuditSeal.objects.filter(number__gt=gap_of.number).order_by("number")
        before = gap_of.created_at
        for number, late, created_at in later.values_list("number", "late", "created_at").iterator():
            if before > gap_of.created_at + LATE_WITHIN:
                return None
            if entry_id in late:
                return AuditSeal.objects.get(number=number), late.index(entry_id)
            before = created_at
        return None

    def _in_range(self, entry_id: int) -> AuditSeal | None:
        if self._seal is None or not self._seal.first_id <= entry_id <= self._seal.last_id:
            self._seal = AuditSeal.objects.filter(last_id__gte=entry_id).order_by("last_id", "number").first()
        return self._seal
