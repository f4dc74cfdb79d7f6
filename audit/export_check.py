"""Checking an exported file: against its manifest, and line by line against the seals of this database."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from audit import actions, canonical, rows, signing
from audit.exports import COLUMNS, MANIFEST_SUFFIX, manifest_digest, manifest_path, unescape_cell
from audit.models import AuditEntry
from audit.proofs import SealFinder
from audit.report import BrokenRecordError, Finding, Kind, broken
from audit.rows import StoredEntry

_BLOCK = 1024 * 1024


@dataclass(slots=True)
class FileReport:
    """`sealed` lines agree with a seal, `unsealed` lie in no seal of this database.

    `recorded_by` is the entry that tells of the export, for a file without a manifest.
    """

    file: str
    count: int = 0
    sealed: int = 0
    unsealed: int = 0
    lines_checked: bool = False
    signature_checked: bool = False
    recorded_by: int = 0
    finding: Finding | None = None

    @property
    def is_whole(self) -> bool:
        return self.finding is None

    def as_json(self) -> dict[str, Any]:
        return {"ok": self.is_whole, **asdict(self)}


def check_file(path: Path, *, against_seals: bool = True) -> FileReport:
    """Flat memory. Raises OSError when the file or its manifest cannot be read.

    A file with other columns than an audit export's is checked against its manifest only. One without a manifest
    is looked for in the record, where the export's entry holds its hash. A ZIP must hold a file and its manifest.
    """
    if zipfile.is_zipfile(path):
        with tempfile.TemporaryDirectory(prefix="aiops-audit-") as folder:
            try:
                inside = _unpacked(path, Path(folder))
            except BrokenRecordError as error:
                return FileReport(path.name, finding=error.finding)
            return check_file(inside, against_seals=against_seals)
    if not manifest_path(path).exists():
        return _check_in_record(path)
    report = FileReport(path.name)
    try:
        manifest = _read_manifest(path)
        report.signature_checked = _check_signature(manifest)
        if _sha256(path) != manifest.get("sha256"):
            raise broken(
                Kind.FILE_CHANGED, f"{path.name} is not the file of its manifest: its SHA-256 differs."
            )
        report.lines_checked = against_seals and tuple(manifest.get("columns", ())) == COLUMNS
        if report.lines_checked:
            _check_lines(path, report)
            if report.count != manifest.get("count"):
                raise broken(
                    Kind.FILE_CHANGED, f"{path.name} has {report.count} entries, its manifest says otherwise."
                )
        else:
            report.count = int(manifest.get("count", 0))
    except BrokenRecordError as error:
        report.finding = error.finding
    return report


def _unpacked(archive: Path, folder: Path) -> Path:
    """The file of an exported ZIP, unpacked beside its manifest; raises BrokenRecordError for another ZIP."""
    with zipfile.ZipFile(archive) as held:
        names = sorted(held.namelist())
        file_name = names[0] if names else ""
        if names != [file_name, f"{file_name}{MANIFEST_SUFFIX}"] or Path(file_name).name != file_name:
            raise broken(
                Kind.FILE_CHANGED, f"{archive.name} is no export: expected a CSV and its manifest in it."
            )
        try:
            for name in names:
                with held.open(name) as source, (folder / name).open("xb") as target:
                    shutil.copyfileobj(source, target, _BLOCK)
        except zipfile.BadZipFile:
            raise broken(Kind.FILE_CHANGED, f"{archive.name} is damaged.") from None
    return folder / file_name


def _check_in_record(path: Path) -> FileReport:
    """A plain CSV: the newest entry of an export with this hash, which must itself agree with its seal."""
    report = FileReport(path.name)
    digest = _sha256(path)
    exports = AuditEntry.objects.filter(action=actions.DATA_EXPORTED).order_by("-id")
    for number, details in exports.values_list("id", "details").iterator():
        if details.get("sha256") != digest:
            continue
        entry = next(rows.by_ids([number]))
        place = SealFinder().leaf(number)
        if not entry.personal_part_matches or (place is not None and place[1] != entry.leaf):
            report.finding = _changed(path, entry, place[0].number if place else None).finding
        report.recorded_by = number
        report.count = int(details.get("rows", details.get("count", 0)))
        return report
    report.finding = broken(
        Kind.FILE_CHANGED,
        f"{path.name} has no manifest beside it, and the record knows of no export with its SHA-256.",
    ).finding
    return report


def read_entries(path: Path) -> Iterator[StoredEntry]:
    """The entries of an exported file, as they were hashed; raises BrokenRecordError at a line that is none."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader, None)
        for line, cells in enumerate(reader, start=2):
            try:
                yield _entry(cells)
            except ValueError:
                raise broken(
                    Kind.FILE_CHANGED, f"{path.name}, line {line}: this is no audit entry."
                ) from None


def _entry(cells: list[str]) -> StoredEntry:
    fields: dict[str, Any] = dict(zip(COLUMNS, map(unescape_cell, cells), strict=True))
    fields["id"] = int(fields["id"])
    fields["details"] = json.loads(fields["details"])
    return StoredEntry(
        {name: fields[name] for name in canonical.SEALED_FIELDS},
        {name: fields[name] for name in canonical.PERSONAL_FIELDS},
    )


def _check_lines(path: Path, report: FileReport) -> None:
    finder = SealFinder()
    for entry in read_entries(path):
        report.count += 1
        if not entry.personal_part_matches:
            raise _changed(path, entry, None)
        place = finder.leaf(entry.id)
        if place is None:
            report.unsealed += 1
        elif place[1] == entry.leaf:
            report.sealed += 1
        else:
            raise _changed(path, entry, place[0].number)


def _changed(path: Path, entry: StoredEntry, seal: int | None) -> BrokenRecordError:
    against = f"seal {seal}" if seal else "its own digest"
    return broken(
        Kind.ENTRY_CHANGED,
        f"{path.name}: entry {entry.id} does not agree with {against}.",
        seal=seal,
        entry=entry.id,
    )


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(manifest_path(path).read_bytes())
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        raise broken(Kind.FILE_CHANGED, f"{manifest_path(path).name} is no manifest: expected a JSON object.")
    return manifest


def _check_signature(manifest: dict[str, Any]) -> bool:
    """Whether the signature was checked; raises when it is wrong or of an untrusted key."""
    keys = signing.trusted_keys()
    if not keys or not manifest.get("signature"):
        return False
    key = keys.get(str(manifest.get("key_id")))
    if key is None or not signing.is_valid(key, manifest_digest(manifest), str(manifest["signature"])):
        raise broken(Kind.SIGNATURE_BROKEN, "The manifest's signature is wrong, or its key is not trusted.")
    return True


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
