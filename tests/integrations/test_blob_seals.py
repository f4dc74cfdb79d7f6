"""Seals in Blob Storage: published once, compared, and a rewritten history told."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit import export_places, publishing
from audit.models import AuditPruning, AuditPublication, AuditSeal
from audit.publishing import PublishError
from audit.report import Kind
from audit.sealing import seal_entries
from audit.verification import verify
from integrations.blob.client import BlobArchive
from integrations.blob.config import BlobConfig
from integrations.blob.seals import BlobSeals
from tests.audit.conftest import add_entries, seal_now, tamper
from tests.support.blob_server import FakeBlobs
from tests.support.faults import Faults
from tests.support.publishers import assert_never_written_over
from tests.support.vendor_server import VendorServer

pytestmark = pytest.mark.django_db
NAMES = [f"audit-seals/{number}.json" for number in range(1, 6)]


@pytest.fixture
def blobs(vendor: VendorServer, settings: Settings) -> FakeBlobs:
    fake = FakeBlobs(vendor)
    fake.serve("audit-logs", *NAMES)
    settings.AZURE_BLOB_ENABLED = True
    settings.AZURE_STORAGE_CONN = fake.connection_string
    return fake


def seals_in(fake: FakeBlobs) -> BlobSeals:
    return BlobSeals(BlobArchive(BlobConfig(fake.connection_string, timeout=(1.0, 1.0))))


def test_seals_are_published_and_agree(blobs: FakeBlobs) -> None:
    for _ in range(3):
        add_entries(2)
        seal_now()
    assert publishing.publish_seals() == 3
    assert publishing.publish_seals() == 0
    assert sorted(seals_in(blobs).numbers()) == [1, 2, 3]
    call_command("verify_audit", "--against-blob")


def test_cut_tail_is_found_by_the_blobs(blobs: FakeBlobs) -> None:
    for _ in range(3):
        add_entries(2)
        seal_now()
    publishing.publish_seals()
    tamper("DELETE FROM audit_auditseal WHERE number = 3")
    tamper("DELETE FROM audit_auditentry WHERE id > (SELECT MAX(last_id) FROM audit_auditseal)")
    found = verify(against=[seals_in(blobs)]).finding
    assert found is not None
    assert (found.kind, found.seal) == (Kind.TRUNCATED_TAIL, 3)
    with pytest.raises(CommandError, match="seal 3 was published to blob"):
        call_command("verify_audit", "--against-blob")


def test_other_seal_of_a_published_number_is_a_conflict(blobs: FakeBlobs) -> None:
    assert_never_written_over(seals_in(blobs))


def test_container_that_does_not_exist_yet_holds_nothing(blobs: FakeBlobs) -> None:
    assert list(seals_in(blobs).numbers()) == []
    assert seals_in(blobs).get(1) is None


def test_storage_that_is_away_delays_publication_and_shows_why(
    blobs: FakeBlobs, vendor: VendorServer, settings: Settings
) -> None:
    add_entries(1)
    seal_now()
    settings.AZURE_STORAGE_CONN = blobs.connection_string.replace(str(vendor.url), "http://127.0.0.1:9")
    assert publishing.publish_seals() == 0
    assert "no connection" in AuditPublication.objects.get().problem
    with pytest.raises(PublishError):
        list(BlobSeals(BlobArchive(BlobConfig.from_settings())).numbers())
    settings.AZURE_STORAGE_CONN = blobs.connection_string
    assert publishing.publish_seals() == 1
    assert AuditPublication.objects.get().problem == ""
    assert AuditSeal.objects.count() == 1


def test_blob_is_no_publisher_until_it_is_configured(settings: Settings) -> None:
    settings.AZURE_BLOB_ENABLED = False
    assert publishing.publishers() == []


# --- ranges that leave the trail ----------------------------------------------------------------------------


@pytest.fixture
def old_record(vendor: VendorServer, settings: Settings) -> FakeBlobs:
    """Two seals that are past their retention under a third; the storage takes any name."""
    fake = FakeBlobs(vendor)
    fake.serve_all("audit-logs", Faults())
    settings.AZURE_BLOB_ENABLED = True
    settings.AZURE_STORAGE_CONN = fake.connection_string
    for age in (30, 20, 0):
        add_entries(2)
        seal_entries(now=timezone.now() - timedelta(days=age), settle=timedelta(days=-31))
    return fake


def prune() -> str:
    out = StringIO()
    call_command("prune_audit", "--to-blob", "--days", "10", stdout=out)
    return out.getvalue()


def exported(fake: FakeBlobs) -> list[str]:
    return sorted(path.rpartition("/")[2] for path in fake.blobs if "/audit-exports/" in path)


def test_removed_range_is_kept_in_blob_with_a_manifest_that_verifies(
    old_record: FakeBlobs, tmp_path: Path
) -> None:
    assert "4 entries were exported and removed" in prune()
    name = "audit-000000001-000000002.csv"
    assert exported(old_record) == [name, f"{name}.manifest.json"]
    for path, data in old_record.blobs.items():
        (tmp_path / path.rpartition("/")[2]).write_bytes(data)
    out = StringIO()
    call_command("verify_audit", "--file", str(tmp_path / name), stdout=out)
    assert "4 agree with their seals" in out.getvalue()
    assert AuditPruning.objects.get().export_name == name
    assert verify().is_whole


def test_nothing_is_removed_while_the_storage_is_away(
    old_record: FakeBlobs, vendor: VendorServer, settings: Settings
) -> None:
    settings.AZURE_STORAGE_CONN = old_record.connection_string.replace(str(vendor.url), "http://127.0.0.1:9")
    with pytest.raises(CommandError, match="nothing was removed"):
        prune()
    assert not AuditPruning.objects.exists()
    settings.AZURE_STORAGE_CONN = old_record.connection_string
    assert "4 entries" in prune()


def test_run_that_was_cut_off_behind_the_upload_is_taken_up(
    old_record: FakeBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("audit.pruning._remove", cut_off)
        with pytest.raises(KeyboardInterrupt):
            prune()
    assert len(exported(old_record)) == 2
    assert "4 entries" in prune()


def test_other_file_of_that_name_stops_the_removal(old_record: FakeBlobs) -> None:
    place = export_places.find("blob")
    assert place is not None
    place.put("audit-exports/audit-000000001-000000002.csv", b"something else")
    with pytest.raises(CommandError, match="nothing was removed"):
        prune()
    assert not AuditPruning.objects.exists()


def test_blob_that_is_not_configured_is_named(settings: Settings) -> None:
    settings.AZURE_BLOB_ENABLED = False
    with pytest.raises(CommandError, match="AZURE_BLOB_ENABLED"):
        prune()
