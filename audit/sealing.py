"""Sealing: each minute, what was recorded since the last seal goes under one hash.

Entries are appended freely and never wait for a seal. A seal takes those that have settled; one that is
committed later than its neighbours is found in the gap that it left, and goes into the next seal as `late`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, Q
from django.utils import timezone

from audit import canonical, merkle, rows, signing
from audit.idranges import IdRange, missing_from, without
from audit.models import AuditEntry, AuditSeal

SETTLE = timedelta(seconds=10)
"""How old the newest entry of a seal is; longer than nearly every transaction, so that few are late."""

LATE_WITHIN = timedelta(hours=24)
"""How long a gap stays open, counted between seals. No transaction of ours lives that long, so what appears in a
gap after that was put there by somebody else, and verification says so."""

MAX_ENTRIES = 10_000
"""At most so many ids in one seal: bounds memory, and the size of a proof's source."""

GENESIS = "0" * 64
_GAPS_PER_QUERY = 200


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal, as far as the next one needs it."""

    number: int = 0
    last_id: int = 0
    hash: str = GENESIS
    created_at: datetime | None = None


def seal_entries(*, now: datetime | None = None, settle: timedelta = SETTLE) -> list[AuditSeal]:
    """Seal what has settled and return the new seals, oldest first; none when there is nothing new.

    Safe to run in several workers at once: the seal's number is unique, the loser's work is dropped and done
    by the winner or the next run.
    """
    made: list[AuditSeal] = []
    while True:
        seal = _next_seal(now or timezone.now(), settle)
        if seal is None:
            return made
        try:
            with transaction.atomic():
                seal.save(force_insert=True)
        except IntegrityError:
            return made
        made.append(seal)


def head() -> Head:
    newest = (
        AuditSeal.objects.order_by("-number").values_list("number", "last_id", "hash", "created_at").first()
    )
    return Head(*newest) if newest else Head()


def seal_hash(seal: AuditSeal) -> str:
    return hashlib.sha256(b"\x02" + canonical.canonical_json(seal.statement())).hexdigest()


def is_open(gap_at: datetime, newest_seal_at: datetime) -> bool:
    """Whether a gap recorded at `gap_at` may still be filled by a late commit.

    Never on SQLite: its one writer gives ids in the order of commits, so what appears in a gap was forged.
    """
    return connection.vendor != "sqlite" and gap_at >= newest_seal_at - LATE_WITHIN


def open_gaps(top: Head) -> list[IdRange]:
    """Ranges of ids that earlier seals left out, nobody has sealed since, and that may still be filled."""
    if top.created_at is None or not is_open(top.created_at, top.created_at):
        return []
    recent = AuditSeal.objects.filter(created_at__gte=top.created_at - LATE_WITHIN).order_by("number")
    gaps: list[IdRange] = []
    late: list[int] = []
    for missing, sealed_late in recent.values_list("missing", "late"):
        gaps += [(low, high) for low, high in missing]
        late += sealed_late
    return without(gaps, late)


def late_ids(gaps: Sequence[IdRange]) -> list[int]:
    """Ids of entries that have appeared in `gaps`, ascending."""
    found: list[int] = []
    for start in range(0, len(gaps), _GAPS_PER_QUERY):
        condition = Q(pk__in=[])
        for low, high in gaps[start : start + _GAPS_PER_QUERY]:
            condition |= Q(id__range=(low, high))
        found += (
            AuditEntry.objects.filter(condition).order_by("id").values_list("id", flat=True)[:MAX_ENTRIES]
        )
    return found[:MAX_ENTRIES]


def _next_seal(now: datetime, settle: timedelta) -> AuditSeal | None:
    top = head()
    late = late_ids(open_gaps(top))
    settled = AuditEntry.objects.filter(id__gt=top.last_id, created_at__lte=now - settle)
    upper = settled.aggregate(Max("id"))["id__max"] or top.last_id
    fresh = AuditEntry.objects.filter(id__gt=top.last_id, id__lte=upper).order_by("id")[:MAX_ENTRIES]
    entries = list(rows.sealed_columns(fresh))
    if not entries and not late:
        return None
    late_entries = [
        entry
        for part in rows.in_parts(late)
        for entry in rows.sealed_columns(AuditEntry.objects.filter(id__in=part).order_by("id"))
    ]
    ids = [entry.id for entry in entries]
    leaves = [entry.leaf for entry in (*late_entries, *entries)]
    first_id = top.last_id + 1
    last_id = ids[-1] if ids else top.last_id
    seal = AuditSeal(
        number=top.number + 1,
        # A clock that was put back must not make the chain's times run backwards.
        created_at=max(now, top.created_at) if top.created_at else now,
        first_id=first_id,
        last_id=last_id,
        count=len(leaves),
        missing=[list(pair) for pair in missing_from(ids, first_id, last_id)],
        late=[entry.id for entry in late_entries],
        root=merkle.root(leaves).hex(),
        previous_hash=top.hash,
        leaves=b"".join(leaves),
    )
    seal.hash = seal_hash(seal)
    signature = signing.sign(seal.hash)
    seal.key_id, seal.signature = signature.key_id, signature.value
    return seal
