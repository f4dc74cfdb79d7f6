"""The two lawful exceptions, seen by the verifier: removed ranges and erased persons, each with its record."""

from __future__ import annotations

from audit import actions
from audit.models import AuditEntry, AuditErasure, AuditPruning, AuditSeal
from audit.report import Kind, broken


class Openings:
    """Tombstones and erasures, each of which must be vouched for by an entry of the record.

    `is_partial`: the walk does not begin at seal 1, so that counts of earlier tombstones cannot be checked.
    """

    def __init__(self, *, is_partial: bool) -> None:
        self._is_partial = is_partial
        self._tombstones = list(AuditPruning.objects.order_by("last_seal"))
        self._counted = 0
        self._vouched: dict[int, frozenset[int]] = {}
        self._check_tombstones()

    @property
    def pruned_through(self) -> int:
        """The last seal whose entries were removed; 0 when none were."""
        return self._tombstones[-1].last_seal if self._tombstones else 0

    def is_pruned(self, seal: AuditSeal) -> bool:
        """Whether the seal's entries were lawfully removed; raises when its tombstone does not fit the seals."""
        if seal.number > self.pruned_through:
            return False
        self._counted += seal.count
        for tombstone in self._tombstones:
            if tombstone.last_seal == seal.number:
                self._check_against_seal(tombstone, seal)
        return True

    def check_erasure(self, entry_id: int) -> None:
        """Raises unless an erasure names the entry and an entry of the record names the erasure."""
        recorded_by = AuditErasure.objects.filter(pk=entry_id).values_list("recorded_by", flat=True).first()
        if recorded_by is None or not (
            recorded_by <= self._pruned_last_id or entry_id in self._entries_erased_by(recorded_by)
        ):
            raise broken(
                Kind.ERASURE_UNRECORDED,
                f"Entry {entry_id} is blank, and nothing in the record says that it was erased.",
                entry=entry_id,
            )

    def check_all_seen(self, last_seal: int) -> None:
        if self.pruned_through > last_seal:
            raise broken(
                Kind.TRUNCATED_TAIL,
                f"The record ends with seal {last_seal}; a tombstone speaks of seal {self.pruned_through}.",
                seal=last_seal + 1,
            )

    @property
    def _pruned_last_id(self) -> int:
        return self._tombstones[-1].last_id if self._tombstones else 0

    def _entries_erased_by(self, recorded_by: int) -> frozenset[int]:
        if recorded_by not in self._vouched:
            details = (
                AuditEntry.objects.filter(pk=recorded_by, action=actions.PERSONAL_DATA_ERASED)
                .values_list("details", flat=True)
                .first()
            )
            self._vouched[recorded_by] = frozenset((details or {}).get("entries", ()))
        return self._vouched[recorded_by]

    def _check_tombstones(self) -> None:
        """They follow each other from seal 1, and each is told in the record."""
        expected = 1
        for tombstone in self._tombstones:
            if tombstone.first_seal != expected:
                raise broken(
                    Kind.PRUNING_UNRECORDED,
                    f"The tombstone of seals {tombstone.first_seal} to {tombstone.last_seal} does not begin "
                    f"at seal {expected}.",
                    seal=expected,
                )
            expected = tombstone.last_seal + 1
            if tombstone.recorded_by > self._pruned_last_id:
                self._check_recorded(tombstone)

    def _check_recorded(self, tombstone: AuditPruning) -> None:
        entry = AuditEntry.objects.filter(pk=tombstone.recorded_by, action=actions.AUDIT_PRUNED).first()
        if entry is None or any(entry.details.get(key) != value for key, value in told(tombstone).items()):
            raise broken(
                Kind.PRUNING_UNRECORDED,
                f"The entries of seals {tombstone.first_seal} to {tombstone.last_seal} were removed, and "
                "no entry of the record says so.",
                seal=tombstone.first_seal,
            )

    def _check_against_seal(self, tombstone: AuditPruning, seal: AuditSeal) -> None:
        counted, self._counted = self._counted, 0
        if tombstone.last_id != seal.last_id or (not self._is_partial and tombstone.count != counted):
            raise broken(
                Kind.PRUNING_UNRECORDED,
                f"The tombstone of seals {tombstone.first_seal} to {tombstone.last_seal} speaks of "
                f"{tombstone.count} entries up to {tombstone.last_id}, the seals of {counted} up to {seal.last_id}.",
                seal=seal.number,
            )


def told(tombstone: AuditPruning) -> dict[str, object]:
    """What the entry that records a pruning says about it."""
    return {
        "first_seal": tombstone.first_seal,
        "last_seal": tombstone.last_seal,
        "last_id": tombstone.last_id,
        "count": tombstone.count,
        "export": tombstone.export_name,
        "sha256": tombstone.export_sha256,
    }
