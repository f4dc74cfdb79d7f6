"""Where the record stands: for the console, the API and the health page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Subquery, TextChoices
from django.utils import timezone

from audit import actions
from audit.models import AuditPublication, AuditSeal, AuditVerification
from audit.report import Report
from audit.services import record
from audit.times import utc

OVERDUE = timedelta(hours=49)
"""Two daily runs and an hour."""


@dataclass(frozen=True, slots=True)
class IntegrityState:
    """`verdict`: `whole`, `broken`, `overdue` (no verification lately) or `unknown` (none ever)."""

    verdict: str
    message: str
    verified_at: datetime | None
    last_seal: int
    sealed_at: datetime | None
    publishing_problems: dict[str, str]


class EntryState(TextChoices):
    """Of one entry, by what is known of the whole record."""

    SEALED = "sealed", "Under a seal"
    UNSEALED = "unsealed", "Not under a seal yet"
    BROKEN = "broken", "The record does not verify"


def entry_state() -> Callable[[int], str]:
    """What to say of an entry by its id; one small query for any number of entries, no verification.

    `sealed` says that the seals have passed its number. A record that the last full verification found broken is
    broken for every entry: `verify_audit` tells where.
    """
    newest = AuditVerification.objects.order_by("-id").values("is_whole")[:1]
    seals = AuditSeal.objects.order_by("-number").values_list("last_id", Subquery(newest))
    last_sealed, is_whole = seals.first() or (0, None)
    if is_whole is False:
        return lambda _entry_id: EntryState.BROKEN.value
    return lambda entry_id: (EntryState.UNSEALED if entry_id > last_sealed else EntryState.SEALED).value


def integrity_state(now: datetime | None = None) -> IntegrityState:
    """Three small queries."""
    last = AuditVerification.objects.order_by("-id").first()
    seal = AuditSeal.objects.order_by("-number").values_list("number", "created_at").first()
    problems = dict(AuditPublication.objects.exclude(problem="").values_list("publisher", "problem"))
    verdict, message = _verdict(last, now or timezone.now())
    return IntegrityState(
        verdict=verdict,
        message=message,
        verified_at=last.created_at if last else None,
        last_seal=seal[0] if seal else 0,
        sealed_at=seal[1] if seal else None,
        publishing_problems=problems,
    )


@transaction.atomic
def keep_result(report: Report) -> AuditVerification:
    """Store what a full verification found, and record it."""
    finding = report.finding
    result = AuditVerification.objects.create(
        is_whole=report.is_whole,
        kind=finding.kind if finding else "",
        message=finding.message[:500] if finding else "",
        entries=report.entries,
        seals=report.seals,
        unsealed=report.unsealed,
        last_seal=report.last_seal,
        last_hash=report.last_hash,
        seconds=report.seconds,
    )
    record(
        actions.AUDIT_VERIFIED if report.is_whole else actions.AUDIT_VERIFICATION_FAILED,
        summary=finding.message
        if finding
        else f"{report.entries} entries under {report.seals} seals are whole",
        details=dict(report.as_json()),
    )
    return result


def _verdict(last: AuditVerification | None, now: datetime) -> tuple[str, str]:
    if last is None:
        return "unknown", "The audit trail has not been verified yet."
    if not last.is_whole:
        return "broken", last.message
    if now - last.created_at > OVERDUE:
        return "overdue", f"The audit trail was last verified on {utc(last.created_at)}."
    return "whole", f"{last.entries} entries under {last.seals} seals were verified."
