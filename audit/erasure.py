"""Erasing personal data from the record: the act stays, who and what goes, the seals stay valid.

What is blanked: actor, employee id, address, summary, details and the salt. What stays: time, action, ticket
key, pipeline, run id, kind of actor, request id, and the digest of what was there, which without the salt tells
nothing. The database allows exactly this change, and only for entries that an `AuditErasure` names.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from audit import actions, rows
from audit.models import AuditEntry, AuditErasure
from audit.services import SYSTEM, Actor, record

BLANK = {
    "actor": "",
    "actor_employee_id": "",
    "summary": "",
    "details": {},
    "remote_address": "",
    "salt": "",
}
_KEPT = (actions.PERSONAL_DATA_ERASED, actions.AUDIT_PRUNED)
"""Entries that vouch for an erasure or a removal: without their details verification would fail."""


@transaction.atomic
def erase_entries(ids: Iterable[int], *, reason: str, actor: Actor = SYSTEM) -> int:
    """Blank the personal part of these entries; returns how many were. Those already blank are passed over.

    `reason` goes into the record, so it must not name the person.
    """
    candidates = AuditEntry.objects.exclude(salt="").exclude(action__in=_KEPT)
    erased = 0
    for part in rows.in_parts(sorted(set(ids))):
        found = list(candidates.filter(id__in=part).order_by("id").values_list("id", flat=True))
        if not found:
            continue
        entry = record(
            actions.PERSONAL_DATA_ERASED,
            actor=actor,
            summary=f"Personal data of {len(found)} entries erased: {reason}",
            details={"entries": found},
        )
        AuditErasure.objects.bulk_create(
            AuditErasure(entry_id=number, recorded_by=entry.pk) for number in found
        )
        erased += AuditEntry.objects.filter(id__in=found).update(**BLANK)
    return erased


def ids_of_person(email: str) -> list[int]:
    """Entries whose actor is this person. Texts of other entries may still name them."""
    return list(AuditEntry.objects.filter(actor__iexact=email).order_by("id").values_list("id", flat=True))
