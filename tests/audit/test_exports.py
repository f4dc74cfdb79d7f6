"""Exported files agree with their manifest, its signature and the seals; changed ones are found."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest
from django.core.management import CommandError
from pytest_django.fixtures import Settings

from audit import actions
from audit.cells import STARTS_FORMULA
from audit.export_check import check_file
from audit.exports import entries_of, escape_cell, manifest_path, unescape_cell, write_export
from audit.models import AuditEntry
from audit.report import Kind
from audit.services import Actor, record
from tests.audit.conftest import add_entries, run, seal_now

pytestmark = pytest.mark.django_db


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
