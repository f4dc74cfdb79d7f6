"""Retention: whole sealed ranges are exported, removed, and leave a tombstone; the seals stay.

The one place that deletes entries. The database allows it below a tombstone only (`audit.triggers`), the
tombstone can never be removed, and an entry of the record repeats what it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import Count, Max, Min

from audit import actions, rows
from audit.export_check import check_file
from audit.export_places import ExportPlace, hand_over
from audit.exports import write_export
from audit.idranges import RangeSet
from audit.models import AuditEntry, AuditPruning, AuditSeal
from audit.openings import told
from audit.publishing import PublishError
from audit.rows import StoredEntry
from audit.services import SYSTEM, Actor, record

SEALS_PER_RANGE = 1440
ENTRIES_PER_RANGE = 50_000


class PruningError(Exception):
    """Nothing was removed; the sentence says why."""


@dataclass(frozen=True, slots=True)
class SealedRange:
    """Seals `first` to `last`, none of whose entries were removed yet."""

    first: int
    last: int
    count: int

    @property
    def file_name(self) -> str:
        return f"audit-{self.first:09d}-{self.last:09d}.csv"


def next_range(before: datetime) -> SealedRange | None:
    """The oldest seals made before `before` whose entries are still there, as one file's worth; None if none.

    The newest seal is never among them: what is removed is always held by a seal that follows.
    """
    done = AuditPruning.objects.aggregate(Max("last_seal"))["last_seal__max"] or 0
    newest = AuditSeal.objects.aggregate(Max("number"))["number__max"] or 0
    candidates = AuditSeal.objects.filter(number__gt=done, number__lt=newest, created_at__lt=before)
    first = last = count = 0
    for number, size in candidates.order_by("number").values_list("number", "count")[:SEALS_PER_RANGE]:
        if first and count + size > ENTRIES_PER_RANGE:
            break
        first, last, count = first or number, number, count + size
    return SealedRange(first, last, count) if first else None


def prune_range(
    chosen: SealedRange, folder: Path, *, place: ExportPlace | None = None, actor: Actor = SYSTEM
) -> AuditPruning:
    """Export the range's entries to `folder`, check the file against the seals, then remove them.

    With `place` the file goes there as well, and is read back, before anything is removed. Raises PruningError
    when an entry is missing, the file does not agree with the seals, or it cannot be kept.
    """
    path = folder / chosen.file_name
    try:
        manifest = write_export(path, _entries(chosen), filters={"seals": f"{chosen.first}-{chosen.last}"})
        checked = check_file(path)
    except FileExistsError as error:
        raise PruningError(
            f"{error.filename} exists already; move it away or choose another folder."
        ) from error
    except OSError as error:
        raise PruningError(f"{path} cannot be written ({error.strerror}).") from error
    if checked.finding or checked.sealed != chosen.count:
        reason = (
            checked.finding.message
            if checked.finding
            else f"{checked.sealed} of {chosen.count} entries found"
        )
        raise PruningError(
            f"The entries of seals {chosen.first} to {chosen.last} do not verify ({reason}); nothing was removed."
        )
    if place is not None:
        try:
            hand_over(place, path)
        except PublishError as error:
            raise PruningError(f"{path.name} could not be kept ({error}); nothing was removed.") from error
    return _remove(chosen, path.name, str(manifest["sha256"]), actor)


@transaction.atomic
def _remove(chosen: SealedRange, export_name: str, sha256: str, actor: Actor) -> AuditPruning:
    seals = AuditSeal.objects.filter(number__range=(chosen.first, chosen.last))
    bounds = seals.aggregate(Min("first_id"), Max("last_id"), seals=Count("number"))
    tombstone = AuditPruning(
        first_seal=chosen.first,
        last_seal=chosen.last,
        last_id=bounds["last_id__max"],
        count=chosen.count,
        export_name=export_name,
        export_sha256=sha256,
    )
    entry = record(
        actions.AUDIT_PRUNED,
        actor=actor,
        summary=f"{chosen.count} entries of seals {chosen.first} to {chosen.last} were exported and removed",
        details=told(tombstone),
    )
    tombstone.recorded_by = entry.pk
    tombstone.save(force_insert=True)
    removed = sum(
        AuditEntry.objects.filter(id__in=part).delete()[0]
        for part in rows.in_parts(found.id for found in _entries(chosen))
    )
    if removed != chosen.count:
        raise PruningError(
            f"{removed} entries would have gone instead of {chosen.count}; nothing was removed."
        )
    return tombstone


def _entries(chosen: SealedRange) -> list[StoredEntry]:
    """What the seals of the range cover, by id: at most ENTRIES_PER_RANGE, or one seal's worth."""
    found: list[StoredEntry] = []
    for seal in (
        AuditSeal.objects.filter(number__range=(chosen.first, chosen.last)).order_by("number").defer("leaves")
    ):
        missing = RangeSet(seal.missing)
        in_range = rows.through(seal.last_id, after=seal.first_id - 1)
        found += [entry for entry in in_range if entry.id not in missing]
        found += rows.by_ids(seal.late)
    return sorted(found, key=lambda entry: entry.id)
