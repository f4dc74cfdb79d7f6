"""What the database itself refuses, and the two doors it leaves."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connection, models, transaction

from audit import erasure, triggers
from audit.models import AuditEntry, AuditErasure, AuditPruning, AuditSeal
from audit.triggers import postgres, sqlite, sqlserver
from audit.triggers.tables import BLANKED_COLUMNS, FIXED_COLUMNS
from tests.audit.conftest import add_entries
from tests.support.record import without_triggers

pytestmark = pytest.mark.django_db

STATEMENTS = [
    "UPDATE audit_auditentry SET action = 'x'",
    "UPDATE audit_auditentry SET actor = ''",
    "DELETE FROM audit_auditentry",
    "UPDATE audit_auditseal SET count = 1",
    "DELETE FROM audit_auditseal",
    "UPDATE audit_auditerasure SET recorded_by = 1",
    "DELETE FROM audit_auditerasure",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_change_or_deletion_is_refused(record_of_thirty: list[AuditEntry], statement: str) -> None:
    erasure.erase_entries([record_of_thirty[0].pk], reason="asked for")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_queryset_delete_is_refused(record_of_thirty: list[AuditEntry]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.all().delete()
    assert AuditEntry.objects.count() == 30


def test_replacing_insert_is_refused(record_of_thirty: list[AuditEntry]) -> None:
    entry = record_of_thirty[5]
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.bulk_create(
            [AuditEntry(pk=entry.pk, action="Other")],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["action"],
        )
    if connection.vendor == "sqlite":
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO audit_auditentry SELECT * FROM audit_auditentry WHERE id = %s",
                [entry.pk],
            )


def test_truncate_is_refused(record_of_thirty: list[AuditEntry]) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    for table in ("audit_auditentry", "audit_auditseal", "audit_auditpruning", "audit_auditerasure"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table}")


def test_replication_role_does_not_lift_the_triggers(record_of_thirty: list[AuditEntry]) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("a setting of PostgreSQL")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute("DELETE FROM audit_auditentry")


@pytest.mark.parametrize(
    "more", [{"action": "x"}, {"ticket_key": "x"}, {"personal_digest": "x"}, {"summary": "x"}, {"id": 10**6}]
)
def test_erasure_may_change_nothing_else(record_of_thirty: list[AuditEntry], more: dict[str, object]) -> None:
    entry = record_of_thirty[0]
    AuditErasure.objects.create(entry_id=entry.pk, recorded_by=entry.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(**{**erasure.BLANK, **more})
    assert AuditEntry.objects.filter(pk=entry.pk).update(**erasure.BLANK) == 1


def test_tombstone_that_does_not_end_with_a_seal_is_refused(record_of_thirty: list[AuditEntry]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditPruning.objects.create(
            first_seal=1,
            last_seal=1,
            last_id=10**9,
            count=1,
            export_name="x",
            export_sha256="",
            recorded_by=1,
        )


def test_flush_is_refused_outside_of_tests(record_of_thirty: list[AuditEntry]) -> None:
    [statement] = connection.ops.sql_flush(no_style(), ["audit_auditentry"])
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_triggers_that_are_gone_come_back_with_migrate(db: None) -> None:
    triggers.remove(connection)
    assert set(triggers.missing(connection)) == set(
        (sqlite if connection.vendor == "sqlite" else postgres).NAMES
    )
    call_command("migrate", verbosity=0)
    assert triggers.missing(connection) == []


def test_no_foreign_key_touches_the_record() -> None:
    audit_models = set(apps.get_app_config("audit").get_models())
    leading_in = [
        field
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey)
        and (field.related_model in audit_models or model in audit_models)
    ]
    assert leading_in == []


def test_sqlserver_triggers_guard_every_table_and_never_stand_on_inserted_entries() -> None:
    text = "\n".join(sqlserver.INSTALL)
    for model in (AuditEntry, AuditSeal, AuditPruning, AuditErasure):
        table = model._meta.db_table
        assert f"ON [{table}] AFTER" in text
        assert f"REFERENCES [{table}] ([{model._meta.pk.column}])" in text
    assert "ON [audit_auditentry] AFTER INSERT" not in text
    assert all(statement.count("BEGIN") == statement.count("END") for statement in sqlserver.INSTALL)
    assert all("ROLLBACK TRANSACTION" in s and "THROW 51" in s for s in sqlserver.INSTALL if "TRIGGER" in s)


def test_every_column_of_an_entry_is_either_fixed_or_erasable() -> None:
    columns = {field.column for field in AuditEntry._meta.concrete_fields}
    assert columns == {*FIXED_COLUMNS, *BLANKED_COLUMNS, "details"}
    assert set(FIXED_COLUMNS).isdisjoint(BLANKED_COLUMNS)


def test_entries_can_be_added_while_triggers_stand(db: None) -> None:
    assert triggers.missing(connection) == []
    add_entries(3)
    with without_triggers():
        pass
    assert triggers.missing(connection) == []


@pytest.mark.django_db(transaction=True)
def test_tables_are_emptied_after_a_test_with_real_transactions_first_half() -> None:
    add_entries(3)
    assert AuditEntry.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_tables_are_emptied_after_a_test_with_real_transactions_second_half() -> None:
    assert AuditEntry.objects.count() == 0
    assert triggers.missing(connection) == []
