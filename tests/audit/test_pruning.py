"""What may leave the record: ranges past their retention, under a tombstone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit import pruning
from audit.export_check import check_file
from audit.models import AuditEntry, AuditPruning
from audit.report import Kind
from audit.verification import verify
from tests.audit.conftest import add_entries, run, seal_now, tamper

pytestmark = pytest.mark.django_db
LATER = timedelta(days=400)


def test_removed_range_leaves_a_tombstone_and_a_chain_that_verifies(
    record_of_thirty: list[AuditEntry], tmp_path: Path, settings: Settings
) -> None:
    chosen = pruning.next_range(timezone.now() + LATER)
    assert chosen is not None
    assert (chosen.first, chosen.last, chosen.count) == (1, 2, 20)  # never the newest seal
    tombstone = pruning.prune_range(chosen, tmp_path)
    assert AuditEntry.objects.filter(id__lte=tombstone.last_id).count() == 0
    seal_now()
    report = verify()
    assert (report.finding, report.pruned, report.entries) == (None, 20, 11)
    assert pruning.next_range(timezone.now() - LATER) is None
    archived = check_file(tmp_path / chosen.file_name)
    assert (archived.finding, archived.sealed) == (None, 20)
    second = pruning.next_range(timezone.now() + LATER)
    assert second is not None
    pruning.prune_range(second, tmp_path)
    assert verify().finding is None
    assert [(t.first_seal, t.last_seal) for t in AuditPruning.objects.order_by("last_seal")] == [
        (1, 2),
        (3, 3),
    ]


def test_entry_put_back_into_a_removed_range_is_found(
    record_of_thirty: list[AuditEntry], tmp_path: Path
) -> None:
    chosen = pruning.next_range(timezone.now() + LATER)
    assert chosen is not None
    pruning.prune_range(chosen, tmp_path)
    forged = add_entries(1)[0]
    tamper("UPDATE audit_auditentry SET id = %s WHERE id = %s", record_of_thirty[5].pk, forged.pk)
    found = verify().finding
    assert found is not None
    assert (found.kind, found.entry) == (Kind.ENTRY_INSERTED, record_of_thirty[5].pk)


def test_range_that_does_not_verify_is_not_removed(
    record_of_thirty: list[AuditEntry], tmp_path: Path
) -> None:
    tamper("UPDATE audit_auditentry SET action = 'x' WHERE id = %s", record_of_thirty[2].pk)
    chosen = pruning.next_range(timezone.now() + LATER)
    assert chosen is not None
    with pytest.raises(pruning.PruningError, match="nothing was removed"):
        pruning.prune_range(chosen, tmp_path)
    assert AuditEntry.objects.count() == 30
    with pytest.raises(CommandError, match="does not verify"):
        run("prune_audit", "--to", str(tmp_path), "--days", "1")


def test_prune_command_keeps_everything_unless_told(settings: Settings, tmp_path: Path) -> None:
    settings.AUDIT_RETENTION_DAYS = 0
    with pytest.raises(CommandError, match="everything is kept"):
        run("prune_audit", "--to", str(tmp_path))
    assert "0 entries" in run("prune_audit", "--to", str(tmp_path), "--days", "1")
