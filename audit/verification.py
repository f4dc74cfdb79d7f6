"""Verification: walks seals and entries side by side, once, with flat memory, up to the first broken place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from audit import publishing, rows, signing, triggers
from audit.idranges import RangeSet
from audit.models import AuditSeal, AuditVerification
from audit.openings import Openings
from audit.report import BrokenRecordError, Finding, Kind, Report, broken
from audit.rows import StoredEntry
from audit.seal_checks import SignatureCheck, check_link, check_seal
from audit.sealing import is_open
from audit.times import utc

SEALS_PER_CHUNK = 20
Progress = Callable[[int], None]


def verify(
    *,
    since: datetime | None = None,
    against: Sequence[publishing.Publisher] = (),
    progress: Progress | None = None,
) -> Report:
    """Check everything, or what was sealed at or after `since`, and say what was found; changes nothing.

    `against` compares the chain with seals published elsewhere. `progress` is told the number of entries
    checked so far, now and then. Raises PublishError when a published place cannot be read.
    """
    started = time.monotonic()
    report = Report(triggers_missing=triggers.missing(connection))
    try:
        walk = _Walk(report, _seal_before(since), progress)
        walk.run()
        _check_earlier_verification(report)
        for publisher in against:
            report.published += publishing.check_against(publisher)
    except BrokenRecordError as error:
        report.finding = error.finding
    except (ValueError, TypeError) as error:  # a time or a JSON column that the database's own reader refuses
        report.finding = Finding(
            Kind.UNREADABLE,
            f"Behind seal {report.last_seal} a row cannot be read ({type(error).__name__}).",
            report.last_seal + 1,
        )
    report.seconds = round(time.monotonic() - started, 3)
    return report


@dataclass(frozen=True, slots=True)
class _Unclaimed:
    """An entry in a gap: a later seal must claim it, or it may still be waiting for one."""

    gap_of: int
    gap_at: datetime


class _EntryStream:
    """All entries by id from one reading of the table, handed out seal by seal."""

    def __init__(self, after: int) -> None:
        self._rows = rows.through(2**63 - 1, after=after)
        self._next: StoredEntry | None = next(self._rows, None)

    def up_to(self, last_id: int) -> Iterator[StoredEntry]:
        while self._next is not None and self._next.id <= last_id:
            entry = self._next
            yield entry
            self._next = next(self._rows, None)


class _Walk:
    def __init__(self, report: Report, start: AuditSeal | None, progress: Progress | None) -> None:
        self._report = report
        self._is_partial = start is not None
        self._previous = start
        self._progress = progress or (lambda _count: None)
        self._entries = _EntryStream(start.last_id if start else 0)
        self._unclaimed: dict[int, _Unclaimed] = {}
        self._openings = Openings(is_partial=start is not None)
        keys = signing.trusted_keys()
        self._signatures = SignatureCheck(keys)
        report.signatures_checked = bool(keys)

    def run(self) -> None:
        for seal in _seals_after(self._previous.number if self._previous else 0):
            check_link(seal, self._previous)
            leaves = check_seal(seal)
            self._signatures.check(seal)
            self._check_contents(seal, leaves)
            self._previous = seal
            self._report.seals += 1
            self._report.signed = self._signatures.signed
            self._report.last_seal, self._report.last_hash = seal.number, seal.hash
        self._openings.check_all_seen(self._previous.number if self._previous else 0)
        self._check_unclaimed()
        self._check_unsealed()

    def _check_contents(self, seal: AuditSeal, leaves: list[bytes]) -> None:
        missing = RangeSet(seal.missing)
        self._report.gaps += missing.size
        self._report.late += len(seal.late)
        for number in seal.late:
            self._unclaimed.pop(number, None)
        if self._openings.is_pruned(seal):
            self._check_pruned(seal, missing)
            return
        self._check_late(seal, leaves[: len(seal.late)])
        self._check_range(seal, missing, leaves[len(seal.late) :])

    def _check_range(self, seal: AuditSeal, missing: RangeSet, leaves: list[bytes]) -> None:
        """Every id of the range that the seal covers is there, in its place, as it was."""
        expected = missing.next_outside(seal.first_id)
        position = 0
        for entry in self._entries.up_to(seal.last_id):
            if entry.id in missing:
                self._unclaimed[entry.id] = _Unclaimed(seal.number, seal.created_at)
                continue
            if entry.id != expected:
                raise _entry_missing(seal, expected)
            self._check_entry(seal, entry, leaves[position])
            position += 1
            expected = missing.next_outside(entry.id + 1)
        if expected <= seal.last_id:
            raise _entry_missing(seal, expected)

    def _check_late(self, seal: AuditSeal, leaves: list[bytes]) -> None:
        if not seal.late:
            return
        found = {entry.id: entry for entry in rows.by_ids(seal.late)}
        for number, leaf in zip(seal.late, leaves, strict=True):
            if number not in found:
                raise _entry_missing(seal, number)
            self._check_entry(seal, found[number], leaf)

    def _check_entry(self, seal: AuditSeal, entry: StoredEntry, leaf: bytes) -> None:
        if entry.leaf != leaf:
            raise broken(
                Kind.ENTRY_CHANGED,
                f"Entry {entry.id} is not what seal {seal.number} covers: it was changed or replaced.",
                seal=seal.number,
                entry=entry.id,
            )
        self._check_personal(entry, seal.number)
        self._report.entries += 1
        if not self._report.entries % 10_000:
            self._progress(self._report.entries)

    def _check_personal(self, entry: StoredEntry, seal_number: int | None) -> None:
        if entry.is_erased:
            self._openings.check_erasure(entry.id)
            self._report.erased += 1
        if not entry.personal_part_matches:
            raise broken(
                Kind.ENTRY_CHANGED,
                f"Entry {entry.id} was changed: actor, address, summary or details are not those recorded.",
                seal=seal_number,
                entry=entry.id,
            )

    def _check_pruned(self, seal: AuditSeal, missing: RangeSet) -> None:
        for entry in self._entries.up_to(seal.last_id):
            if entry.id not in missing:
                raise broken(
                    Kind.ENTRY_INSERTED,
                    f"Entry {entry.id} stands in the range of seal {seal.number}, whose entries were removed.",
                    seal=seal.number,
                    entry=entry.id,
                )
            self._unclaimed[entry.id] = _Unclaimed(seal.number, seal.created_at)
        self._report.pruned += seal.count

    def _check_unclaimed(self) -> None:
        """What stands in a gap and was never sealed is late only while the gap is open."""
        if self._previous is None:
            return
        for number, gap in sorted(self._unclaimed.items()):
            if not is_open(gap.gap_at, self._previous.created_at):
                raise broken(
                    Kind.ENTRY_INSERTED,
                    f"Entry {number} was inserted later: seal {gap.gap_of} found nothing at its place.",
                    seal=gap.gap_of,
                    entry=number,
                )
        self._report.unsealed += len(self._unclaimed)

    def _check_unsealed(self) -> None:
        for entry in self._entries.up_to(2**63 - 1):
            self._check_personal(entry, None)
            self._report.unsealed += 1


def _entry_missing(seal: AuditSeal, number: int) -> BrokenRecordError:
    return broken(
        Kind.ENTRY_MISSING,
        f"Entry {number} is missing: seal {seal.number} covers it.",
        seal=seal.number,
        entry=number,
    )


def _seals_after(number: int) -> Iterator[AuditSeal]:
    """In chunks, so that seals made while we walk are still seen."""
    while chunk := list(AuditSeal.objects.filter(number__gt=number).order_by("number")[:SEALS_PER_CHUNK]):
        yield from chunk
        number = chunk[-1].number


def _seal_before(since: datetime | None) -> AuditSeal | None:
    """The last seal made before `since`: taken as given, the walk begins after it."""
    if since is None:
        return None
    return AuditSeal.objects.filter(created_at__lt=since).order_by("-number").first()


def _check_earlier_verification(report: Report) -> None:
    """A tail cut off together with its seals leaves a sound chain; what we saw before tells."""
    seen = AuditVerification.objects.filter(is_whole=True).order_by("-last_seal").first()
    if seen is None or not seen.last_seal:
        return
    now = AuditSeal.objects.filter(number=seen.last_seal).values_list("hash", flat=True).first()
    if now is None:
        raise broken(
            Kind.TRUNCATED_TAIL,
            f"The record ends with seal {report.last_seal}; the verification of "
            f"{utc(seen.created_at)} saw seal {seen.last_seal}.",
            seal=report.last_seal + 1,
        )
    if now != seen.last_hash:
        raise broken(
            Kind.SEAL_BROKEN,
            f"Seal {seen.last_seal} is not the one that the verification of {utc(seen.created_at)} saw.",
            seal=seen.last_seal,
        )
