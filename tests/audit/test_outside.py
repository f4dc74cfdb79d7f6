"""What leaves the database: signatures, published seals, proofs, exports; and what may leave the record."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit import actions, erasure, pruning, publishing, signing
from audit.cells import STARTS_FORMULA
from audit.export_check import check_file
from audit.exports import entries_of, escape_cell, manifest_path, unescape_cell, write_export
from audit.models import AuditEntry, AuditPruning, AuditPublication, AuditSeal
from audit.publishing import FilePublisher, PublishConflictError
from audit.report import Kind
from audit.services import Actor, record
from audit.verification import verify
from tests.audit.conftest import add_entries, seal_now, tamper
from tests.support.record import without_triggers

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def new_key() -> str:
    raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return base64.b64encode(raw).decode()


@pytest.fixture
def signed(settings: Settings) -> Settings:
    settings.AUDIT_SIGNING_KEY = new_key()
    return settings


def run(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


# --- signatures -------------------------------------------------------------------------------------------


def test_signed_seals_verify_and_are_counted(signed: Settings) -> None:
    add_entries(3)
    seal_now()
    report = verify()
    assert (report.is_whole, report.signed, report.signatures_checked) == (True, 1, True)


def test_whole_chain_recomputed_without_the_key_is_found(signed: Settings) -> None:
    for _ in range(2):
        add_entries(3)
        seal_now()
    victim = AuditEntry.objects.order_by("id").first()
    assert victim is not None
    tamper("UPDATE audit_auditentry SET action = 'Ticket Closed' WHERE id = %s", victim.pk)
    old = {seal.number: seal.signature for seal in AuditSeal.objects.all()}
    with without_triggers():
        AuditSeal.objects.all().delete()
    signed.AUDIT_SIGNING_KEY, key = "", signed.AUDIT_SIGNING_KEY
    seal_now()
    with without_triggers():
        for number, signature in old.items():
            AuditSeal.objects.filter(number=number).update(
                signature=signature, key_id=signing.key_id(signing.private_key(key).public_key())
            )
    signed.AUDIT_SIGNING_KEY = key
    found = verify().finding
    assert found is not None
    assert (found.kind, found.seal) == (Kind.SIGNATURE_BROKEN, 1)


def test_earlier_key_is_trusted_only_when_it_is_named(signed: Settings) -> None:
    earlier = signing.own_public_key()
    assert earlier is not None
    add_entries(1)
    seal_now()
    signed.AUDIT_SIGNING_KEY = new_key()
    add_entries(1)
    seal_now()
    found = verify().finding
    assert found is not None
    assert (found.kind, found.seal) == (Kind.SIGNATURE_BROKEN, 1)
    signed.AUDIT_TRUSTED_KEYS = (signing.public_text(earlier),)
    assert verify().is_whole


@pytest.mark.parametrize(
    "text", ["", "x", "c2hvcnQ=", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_unreadable_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(signing.SigningKeyError) as caught:
        signing.private_key(text)
    assert len(text) < 2 or text not in str(caught.value)


def test_key_command_prints_the_public_key_only(signed: Settings) -> None:
    printed = run("audit_key")
    own = signing.own_public_key()
    assert own is not None
    assert signing.public_text(own) in printed
    assert signed.AUDIT_SIGNING_KEY not in printed


# --- published seals --------------------------------------------------------------------------------------


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.AUDIT_SEAL_DIR = str(tmp_path)
    return tmp_path


def publish_three(make: Callable[[], object] = lambda: add_entries(3)) -> None:
    for _ in range(3):
        make()
        seal_now()
    publishing.publish_seals()


def test_seals_are_published_once_and_agree(folder: Path) -> None:
    publish_three()
    assert publishing.publish_seals() == 0
    assert sorted(path.name for path in (folder / "audit-seals").iterdir()) == ["1.json", "2.json", "3.json"]
    assert verify(against=publishing.publishers()).published == 3


def test_truncated_tail_is_found_by_the_published_seals(folder: Path) -> None:
    publish_three()
    tamper("DELETE FROM audit_auditseal WHERE number >= 2")
    tamper("DELETE FROM audit_auditentry WHERE id > (SELECT MAX(last_id) FROM audit_auditseal)")
    assert verify().is_whole  # inside the database nothing tells
    found = verify(against=publishing.publishers()).finding
    assert found is not None
    assert (found.kind, found.seal) == (Kind.TRUNCATED_TAIL, 2)


def test_rewritten_history_is_found_at_its_first_seal(folder: Path) -> None:
    publish_three()
    second = AuditSeal.objects.get(number=2)
    tamper("UPDATE audit_auditentry SET action = 'Ticket Closed' WHERE id = %s", second.first_id)
    ends = list(AuditSeal.objects.order_by("number").values_list("last_id", flat=True))
    later = list(AuditEntry.objects.filter(id__gt=ends[0]).order_by("id").values())
    tamper("DELETE FROM audit_auditseal WHERE number >= 2")
    for low, high in pairwise(ends):
        tamper("DELETE FROM audit_auditentry WHERE id > %s", low)
        with without_triggers():
            AuditEntry.objects.bulk_create(AuditEntry(**row) for row in later if low < row["id"] <= high)
        seal_now()
    assert verify().is_whole  # every hash was made anew
    found = verify(against=publishing.publishers()).finding
    assert found is not None
    assert (found.kind, found.seal) == (Kind.PUBLISHED_DIFFERS, 2)
    with without_triggers():
        AuditPublication.objects.update(last_number=1)
    assert publishing.publish_seals() == 0
    assert "another seal 2" in AuditPublication.objects.get().problem


def test_published_name_is_never_written_over(folder: Path) -> None:
    publisher = FilePublisher(folder)
    publisher.put(1, b"one")
    publisher.put(1, b"one")
    with pytest.raises(PublishConflictError):
        publisher.put(1, b"other")
    assert publisher.get(1) == b"one"
    assert publisher.get(2) is None


# --- proofs -----------------------------------------------------------------------------------------------


def stranger(proof: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script printed in docs/compliance.md, in a Python without this project."""
    text = (ROOT / "docs" / "compliance.md").read_text(encoding="utf-8")
    script = text.split("```python\n", 1)[1].split("```", 1)[0]
    (tmp_path / "proof.json").write_text(proof)
    (tmp_path / "check.py").write_text(script)
    return subprocess.run(
        [sys.executable, "-I", "check.py", "proof.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


def test_proof_convinces_a_stranger_and_a_changed_one_does_not(signed: Settings, tmp_path: Path) -> None:
    entries = add_entries(7)
    seal_now()
    proof = run("prove_entry", str(entries[4].pk))
    ended = stranger(proof, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "holds" in ended.stdout
    for part, key in (("entry", "action"), ("personal", "actor"), ("seal", "root")):
        forged = json.loads(proof)
        forged[part][key] = "0" * 64
        assert stranger(json.dumps(forged), tmp_path).returncode != 0


def test_proof_of_an_unsealed_or_absent_entry_is_refused() -> None:
    entry = add_entries(1)[0]
    with pytest.raises(CommandError, match="not sealed yet"):
        run("prove_entry", str(entry.pk))
    with pytest.raises(CommandError, match="no audit entry"):
        run("prove_entry", "999999999")


# --- exports ----------------------------------------------------------------------------------------------


def exported(tmp_path: Path) -> Path:
    path = tmp_path / "trail.csv"
    write_export(path, entries_of(AuditEntry.objects.all()))
    return path


def test_exported_file_agrees_with_manifest_and_seals(signed: Settings, tmp_path: Path) -> None:
    record("Comment Added", actor=Actor("person", "=cmd()"), summary="-1+2, \"quoted\" 'and' '=odd")
    add_entries(4)
    seal_now()
    add_entries(1)
    path = exported(tmp_path)
    report = check_file(path)
    assert (report.finding, report.count, report.sealed, report.unsealed) == (None, 6, 5, 1)
    assert report.signature_checked
    assert "'=cmd()" in path.read_text()
    assert "5 agree with their seals" in run("verify_audit", "--file", str(path))


def test_changed_file_is_found(tmp_path: Path) -> None:
    add_entries(3)
    seal_now()
    path = exported(tmp_path)
    path.write_text(path.read_text().replace("number 1", "number 9"), newline="")
    with pytest.raises(CommandError, match="SHA-256 differs"):
        run("verify_audit", "--file", str(path))


@pytest.mark.parametrize("column", ["action", "summary"])
def test_file_changed_together_with_its_manifest_is_located(tmp_path: Path, column: str) -> None:
    entries = add_entries(3)
    seal_now()
    path = exported(tmp_path)
    with path.open(newline="") as file:
        lines = list(csv.reader(file))
    lines[2][lines[0].index(column)] = "Forged"
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\r\n").writerows(lines)
    manifest = json.loads(manifest_path(path).read_text())
    manifest["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest_path(path).write_text(json.dumps(manifest))
    found = check_file(path).finding
    assert found is not None
    assert (found.kind, found.entry) == (Kind.ENTRY_CHANGED, entries[1].pk)


def test_forged_manifest_is_found_by_its_signature(signed: Settings, tmp_path: Path) -> None:
    add_entries(1)
    path = exported(tmp_path)
    manifest = json.loads(manifest_path(path).read_text())
    manifest["count"] = 2
    manifest_path(path).write_text(json.dumps(manifest))
    found = check_file(path).finding
    assert found is not None
    assert found.kind == Kind.SIGNATURE_BROKEN


def test_export_command_records_who_took_what(tmp_path: Path) -> None:
    add_entries(2)
    run("export_audit", str(tmp_path / "a.csv"), "--ticket", "ADF-20261120T120000-000001")
    entry = AuditEntry.objects.get(action=actions.DATA_EXPORTED)
    assert entry.details["filters"] == {"ticket": "ADF-20261120T120000-000001"}
    assert check_file(tmp_path / "a.csv").count == 1
    with pytest.raises(CommandError, match="cannot be written"):
        run("export_audit", str(tmp_path / "a.csv"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "=1",
        "'=1",
        "''=1",
        "'",
        "'a",
        "+",
        "-1",
        "@x",
        "\tx",
        "\rx",
        "\nx",
        "'\nx",
        "＝1",
        "'＋1",
        "a=1",
    ],
)
def test_escaped_cell_is_harmless_and_comes_back(text: str) -> None:
    escaped = escape_cell(text)
    assert escaped[:1] not in STARTS_FORMULA
    assert unescape_cell(escaped) == text


# --- retention --------------------------------------------------------------------------------------------

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


# --- erasure ----------------------------------------------------------------------------------------------


def test_erased_person_leaves_the_acts_and_the_seals(record_of_thirty: list[AuditEntry]) -> None:
    run("erase_audit_data", "--person", "Viewer@example.com", "--reason", "request 12")
    assert AuditEntry.objects.filter(salt="").count() == 0
    run("erase_audit_data", "--person", "Viewer@example.com", "--reason", "request 12", "--yes")
    entry = AuditEntry.objects.get(pk=record_of_thirty[7].pk)
    assert (entry.actor, entry.summary, entry.details, entry.remote_address) == ("", "", {}, "")
    assert (entry.action, entry.ticket_key) == ("Ticket Created", record_of_thirty[7].ticket_key)
    seal_now()
    report = verify()
    assert (report.finding, report.erased) == (None, 30)
    assert erasure.erase_entries([entry.pk], reason="again") == 0


def test_entries_that_vouch_for_an_erasure_cannot_be_erased(record_of_thirty: list[AuditEntry]) -> None:
    erasure.erase_entries([record_of_thirty[0].pk], reason="request 12")
    vouching = AuditEntry.objects.get(action=actions.PERSONAL_DATA_ERASED)
    assert erasure.erase_entries([vouching.pk], reason="no") == 0
    assert verify().is_whole
