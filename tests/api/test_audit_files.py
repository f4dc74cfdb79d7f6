"""Audit exports that can be checked later: the ZIP with its manifest, and a plain CSV by its entry in the record."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from accounts.roles import Role
from audit import actions
from audit.exports import COLUMNS
from audit.models import AuditEntry
from tests.audit.conftest import add_entries, seal_now, tamper
from tests.support.people import client_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous:Warning"),
]
ZIP, CSV = "/api/export/audit-trail.zip", "/api/export/audit-trail"


@pytest.fixture
def client(transactional_db: None, make_person: Callable[[Role | None], User]) -> APIClient:
    return client_of(make_person(Role.VIEWER))


def kept(tmp_path: Path, answer: Any) -> Path:
    """The download under the name that the answer gives it."""
    assert answer.status_code == 200
    path: Path = tmp_path / answer.headers["Content-Disposition"].split('"')[1]
    path.write_bytes(b"".join(answer))
    return path


def check(path: Path) -> str:
    out = io.StringIO()
    call_command("verify_audit", "--file", str(path), stdout=out)
    return out.getvalue()


def members(path: Path) -> tuple[str, bytes, dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        name, manifest = archive.namelist()
        return name, archive.read(name), json.loads(archive.read(manifest))


def packed(path: Path, name: str, data: bytes, manifest: dict[str, Any]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, data)
        archive.writestr(f"{name}.manifest.json", json.dumps(manifest))
    return path


def test_zip_holds_the_entries_and_a_manifest_that_verifies(client: APIClient, tmp_path: Path) -> None:
    made = add_entries(5)
    seal_now()
    made += add_entries(1)
    path = kept(tmp_path, client.get(f"{ZIP}?action=Ticket%20Created"))
    assert path.suffix == ".zip"
    name, data, manifest = members(path)
    assert name == f"{path.stem}.csv"
    assert data.startswith(",".join(COLUMNS).encode())
    assert (manifest["count"], manifest["first_id"], manifest["last_id"]) == (6, made[0].pk, made[-1].pk)
    assert manifest["filters"] == {"action": "Ticket Created"}
    told = check(path)
    assert "6 entries, the file is the one of its manifest" in told
    assert "5 agree with their seals, 1 are in no seal" in told


def test_unpacked_zip_verifies_as_well(client: APIClient, tmp_path: Path) -> None:
    add_entries(2)
    path = kept(tmp_path, client.get(ZIP))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    assert "the file is the one of its manifest" in check(tmp_path / f"{path.stem}.csv")


def test_changed_zip_is_found_and_the_entry_named(client: APIClient, tmp_path: Path) -> None:
    add_entries(2)
    seal_now()
    name, data, manifest = members(kept(tmp_path, client.get(ZIP)))
    forged = data.replace(b"number 1", b"number 9")
    with pytest.raises(CommandError, match="SHA-256 differs"):
        check(packed(tmp_path / "forged.zip", name, forged, manifest))
    with pytest.raises(CommandError, match="is no export"):
        check(packed(tmp_path / "other.zip", "../outside.csv", data, manifest))
    assert not (tmp_path.parent / "outside.csv").exists()


def test_zip_of_many_pieces_is_whole(
    client: APIClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.exports._LINES_PER_CHUNK", 2)
    monkeypatch.setattr("audit.rows.CHUNK", 3)
    add_entries(11)
    seal_now()
    assert "11 agree with their seals" in check(kept(tmp_path, client.get(f"{ZIP}?action=Ticket%20Created")))


def test_zip_is_recorded_before_the_first_byte_and_after_the_last(client: APIClient) -> None:
    add_entries(1)
    answer = client.get(f"{ZIP}?ticket=ADF-20261120T120000-000000")
    begun = AuditEntry.objects.get(action=actions.DATA_EXPORT_STARTED)
    assert begun.details["filters"] == {"ticket": "ADF-20261120T120000-000000"}
    assert b"".join(answer)
    ended = AuditEntry.objects.get(action=actions.DATA_EXPORTED)
    assert (ended.actor, ended.details["count"], ended.details["is_complete"]) == (
        "viewer@example.com",
        1,
        True,
    )
    assert len(ended.details["sha256"]) == 64


def test_plain_csv_is_known_by_its_entry_in_the_record(client: APIClient, tmp_path: Path) -> None:
    add_entries(3)
    path = kept(tmp_path, client.get(f"{CSV}?action=Ticket%20Created"))
    entry = AuditEntry.objects.get(action=actions.DATA_EXPORTED)
    seal_now()
    assert f"3 rows, exported as entry {entry.pk} tells" in check(path)
    path.write_bytes(path.read_bytes().replace(b"number 1", b"number 9"))
    with pytest.raises(CommandError, match="the record knows of no export"):
        check(path)


def test_forged_entry_vouches_for_no_file(client: APIClient, tmp_path: Path) -> None:
    add_entries(1)
    path = kept(tmp_path, client.get(CSV))
    entry = AuditEntry.objects.get(action=actions.DATA_EXPORTED)
    seal_now()
    tamper("UPDATE audit_auditentry SET actor = 'nobody@example.com' WHERE id = %s", entry.pk)
    with pytest.raises(CommandError, match=f"entry {entry.pk} does not agree"):
        check(path)


def test_file_of_the_console_is_known_by_its_entry(admin_person: User, tmp_path: Path) -> None:
    add_entries(2)
    console = Client()
    console.force_login(admin_person)
    answer = console.post("/admin/audit/auditentry/export/", {"format": "0", "auditresource_id": "on"})
    assert answer.status_code == 200, answer.content[:300]
    path = tmp_path / "console.csv"
    path.write_bytes(answer.content)
    assert "exported as entry" in check(path)
