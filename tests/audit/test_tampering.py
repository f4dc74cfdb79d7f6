"""Every way to falsify the record that the database's owner has, and that each is found and located."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit import integrity, merkle, rows, sealing
from audit.models import AuditEntry, AuditSeal
from audit.report import Finding, Kind
from audit.seal_checks import leaves_of
from audit.verification import verify
from tests.audit.conftest import add_entries, seal_now, tamper
from tests.support.record import without_triggers

pytestmark = pytest.mark.django_db


def finding() -> Finding:
    found = verify().finding
    assert found is not None, "the tampering was not found"
    return found


def test_untouched_record_verifies_with_its_counts(record_of_thirty: list[AuditEntry]) -> None:
    add_entries(2)
    report = verify()
    assert report.finding is None
    assert (report.entries, report.seals, report.unsealed) == (30, 3, 2)


def test_empty_record_verifies() -> None:
    assert verify().is_whole


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "Ticket Closed"),
        ("ticket_key", "ADF-0"),
        ("pipeline", "Other"),
        ("run_id", "other"),
        ("created_at", "2020-01-01 00:00:00+00:00"),
        ("actor_kind", "system"),
        ("actor", "somebody@example.com"),
        ("actor_employee_id", "E18"),
        ("summary", "Nothing happened"),
        ("details", '{"severity": "Low"}'),
        ("request_id", "abc"),
        ("remote_address", "10.0.0.1"),
        ("salt", "00"),
        ("personal_digest", "0" * 64),
    ],
)
def test_changed_column_is_located(record_of_thirty: list[AuditEntry], column: str, value: str) -> None:
    victim = record_of_thirty[16].pk
    tamper(f"UPDATE audit_auditentry SET {column} = %s WHERE id = %s", value, victim)
    found = finding()
    assert (found.kind, found.entry, found.seal) == (Kind.ENTRY_CHANGED, victim, 2)


def test_details_changed_together_with_their_digest_are_located(record_of_thirty: list[AuditEntry]) -> None:
    victim = record_of_thirty[4]
    victim.details = {"severity": "Low"}
    tamper(
        "UPDATE audit_auditentry SET details = %s, personal_digest = %s WHERE id = %s",
        '{"severity": "Low"}',
        victim.compute_personal_digest(),
        victim.pk,
    )
    found = finding()
    assert (found.kind, found.entry, found.seal) == (Kind.ENTRY_CHANGED, victim.pk, 1)


@pytest.mark.parametrize("place", [0, 9, 10, 15, 29])
def test_deleted_entry_is_located(record_of_thirty: list[AuditEntry], place: int) -> None:
    victim = record_of_thirty[place].pk
    tamper("DELETE FROM audit_auditentry WHERE id = %s", victim)
    found = finding()
    assert (found.kind, found.entry, found.seal) == (Kind.ENTRY_MISSING, victim, place // 10 + 1)


def test_swapped_entries_are_located(record_of_thirty: list[AuditEntry]) -> None:
    first, second = record_of_thirty[12].pk, record_of_thirty[13].pk
    with without_triggers(), connection.cursor() as cursor:
        for old, new in ((first, -1), (second, first), (-1, second)):
            cursor.execute("UPDATE audit_auditentry SET id = %s WHERE id = %s", [new, old])
    found = finding()
    assert (found.kind, found.entry) == (Kind.ENTRY_CHANGED, first)


def make_gap(record: list[AuditEntry], place: int) -> int:
    """A seal that honestly found nothing at one id."""
    with without_triggers():
        number = record[place].pk
        AuditEntry.objects.filter(pk=number).delete()
        AuditSeal.objects.all().delete()
        seal_now()
    return number


def test_entry_inserted_into_an_old_gap_is_located(record_of_thirty: list[AuditEntry]) -> None:
    number = make_gap(record_of_thirty, 7)
    assert verify().is_whole
    long_after = timezone.now() + sealing.LATE_WITHIN + timedelta(hours=1)
    add_entries(1)
    sealing.seal_entries(now=long_after)
    forged = add_entries(1)[0]
    tamper("UPDATE audit_auditentry SET id = %s WHERE id = %s", number, forged.pk)
    sealing.seal_entries(now=long_after)
    found = finding()
    assert (found.kind, found.entry, found.seal) == (Kind.ENTRY_INSERTED, number, 1)


def test_truncated_tail_is_found_by_what_was_seen_before(record_of_thirty: list[AuditEntry]) -> None:
    integrity.keep_result(verify())
    tamper("DELETE FROM audit_auditentry WHERE id > %s", record_of_thirty[19].pk)
    tamper("DELETE FROM audit_auditseal WHERE number > 2")
    found = finding()
    assert (found.kind, found.seal) == (Kind.TRUNCATED_TAIL, 3)


def test_emptied_record_is_found(record_of_thirty: list[AuditEntry]) -> None:
    tamper("DELETE FROM audit_auditentry")
    found = finding()
    assert (found.kind, found.entry) == (Kind.ENTRY_MISSING, record_of_thirty[0].pk)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("DELETE FROM audit_auditseal WHERE number = 2", Kind.SEAL_MISSING),
        ("UPDATE audit_auditseal SET count = 9 WHERE number = 2", Kind.SEAL_BROKEN),
        ("UPDATE audit_auditseal SET previous_hash = root WHERE number = 2", Kind.SEAL_BROKEN),
        (
            "UPDATE audit_auditseal SET created_at = '2020-01-01 00:00:00+00:00' WHERE number = 2",
            Kind.SEAL_BROKEN,
        ),
        ("UPDATE audit_auditseal SET late = '[1]' WHERE number = 2", Kind.SEAL_BROKEN),
    ],
)
def test_changed_seal_is_located(record_of_thirty: list[AuditEntry], statement: str, kind: Kind) -> None:
    tamper(statement)
    found = finding()
    assert (found.kind, found.seal) == (kind, 2)


def test_changed_leaves_are_found(record_of_thirty: list[AuditEntry]) -> None:
    seal = AuditSeal.objects.get(number=2)
    with without_triggers():
        AuditSeal.objects.filter(number=2).update(leaves=bytes(seal.leaves)[:-1] + b"\x00")
    assert finding().kind == Kind.SEAL_BROKEN


def test_forged_entry_with_a_recomputed_seal_breaks_the_chain(record_of_thirty: list[AuditEntry]) -> None:
    victim = record_of_thirty[15]
    tamper("UPDATE audit_auditentry SET action = 'Ticket Closed' WHERE id = %s", victim.pk)
    reforge(2)
    found = finding()
    assert (found.kind, found.seal) == (Kind.SEAL_BROKEN, 3)


def reforge(number: int) -> None:
    """Make the seal fit the tables again, as somebody who knows the method would."""
    seal = AuditSeal.objects.get(number=number)
    leaves = [entry.leaf for entry in rows.through(seal.last_id, after=seal.first_id - 1)]
    assert leaves != leaves_of(seal)
    seal.leaves, seal.root = b"".join(leaves), merkle.root(leaves).hex()
    with without_triggers():
        AuditSeal.objects.filter(number=number).update(
            leaves=seal.leaves, root=seal.root, hash=sealing.seal_hash(seal)
        )


def test_json_that_cannot_be_read_is_a_finding_and_no_crash(record_of_thirty: list[AuditEntry]) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite would hold it")
    with without_triggers(), connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints=ON")
        cursor.execute(
            "UPDATE audit_auditentry SET details = 'no json' WHERE id = %s", [record_of_thirty[3].pk]
        )
        cursor.execute("PRAGMA ignore_check_constraints=OFF")
    found = finding()
    assert (found.kind, found.entry) == (Kind.ENTRY_CHANGED, record_of_thirty[3].pk)


def test_blank_entry_without_an_erasure_is_found(record_of_thirty: list[AuditEntry]) -> None:
    victim = record_of_thirty[3].pk
    tamper(
        "UPDATE audit_auditentry SET actor = '', actor_employee_id = '', summary = '', details = '{}', "
        "remote_address = '', salt = '' WHERE id = %s",
        victim,
    )
    found = finding()
    assert (found.kind, found.entry) == (Kind.ERASURE_UNRECORDED, victim)


def test_blank_entry_with_a_forged_erasure_is_found(record_of_thirty: list[AuditEntry]) -> None:
    victim = record_of_thirty[3].pk
    tamper(
        "INSERT INTO audit_auditerasure (entry_id, recorded_by, created_at) VALUES (%s, %s, %s)",
        victim,
        record_of_thirty[4].pk,
        timezone.now(),
    )
    tamper(
        "UPDATE audit_auditentry SET actor = '', actor_employee_id = '', summary = '', details = '{}', "
        "remote_address = '', salt = '' WHERE id = %s",
        victim,
    )
    assert finding().kind == Kind.ERASURE_UNRECORDED


def test_removed_range_with_a_forged_tombstone_is_found(record_of_thirty: list[AuditEntry]) -> None:
    first = AuditSeal.objects.get(number=1)
    tamper(
        "INSERT INTO audit_auditpruning (last_seal, first_seal, last_id, count, export_name, export_sha256, "
        "recorded_by, created_at) VALUES (1, 1, %s, 10, 'x.csv', '', %s, %s)",
        first.last_id,
        record_of_thirty[20].pk,
        timezone.now(),
    )
    tamper("DELETE FROM audit_auditentry WHERE id <= %s", first.last_id)
    assert finding().kind == Kind.PRUNING_UNRECORDED
