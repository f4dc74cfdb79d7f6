"""CSV files of the record that can be checked later: every sealed column, and a manifest beside the file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from audit import canonical, rows, sealing, signing
from audit.cells import STARTS_FORMULA
from audit.models import AuditEntry
from audit.rows import StoredEntry

COLUMNS = (*canonical.SEALED_FIELDS[:-1], *canonical.PERSONAL_FIELDS, "personal_digest")
MANIFEST_SUFFIX = ".manifest.json"
_LINES_PER_CHUNK = 500
_RUNS_IN_A_SPREADSHEET = re.compile(f"\\A'*[{re.escape(''.join(sorted(STARTS_FORMULA)))}]")


def escape_cell(text: str) -> str:
    """Put a `'` before what a spreadsheet would run. `unescape_cell` undoes it exactly."""
    return f"'{text}" if _RUNS_IN_A_SPREADSHEET.match(text) else text


def unescape_cell(text: str) -> str:
    return text[1:] if text.startswith("'") and _RUNS_IN_A_SPREADSHEET.match(text) else text


class ManifestBuilder:
    """Gathers what a manifest says while an export streams by; the columns are the caller's own."""

    def __init__(self, columns: Iterable[str], *, filters: dict[str, str] | None = None) -> None:
        self._columns = list(columns)
        self._filters = filters or {}
        self._digest = hashlib.sha256()
        self._count = 0
        self._first_id = self._last_id = 0

    def feed(self, data: bytes) -> None:
        """Bytes of the file, in their order, the header line included."""
        self._digest.update(data)

    def count(self, entry_id: int) -> None:
        self._first_id = min(self._first_id or entry_id, entry_id)
        self._last_id = max(self._last_id, entry_id)
        self._count += 1

    def manifest(self, file_name: str) -> dict[str, Any]:
        """The manifest, signed when a signing key is set; it also names the newest seal of that moment."""
        top = sealing.head()
        body = {
            "version": 1,
            "file": file_name,
            "sha256": self._digest.hexdigest(),
            "count": self._count,
            "first_id": self._first_id,
            "last_id": self._last_id,
            "columns": self._columns,
            "filters": self._filters,
            "created_at": canonical.timestamp(timezone.now()),
            "newest_seal": {"number": top.number, "hash": top.hash},
        }
        signature = signing.sign(manifest_digest(body))
        return {**body, "key_id": signature.key_id, "signature": signature.value}


def manifest_digest(manifest: dict[str, Any]) -> str:
    body = {key: value for key, value in manifest.items() if key not in {"key_id", "signature"}}
    return hashlib.sha256(b"aiops-audit-manifest-v1\n" + canonical.canonical_json(body)).hexdigest()


def csv_chunks(entries: Iterable[StoredEntry], builder: ManifestBuilder) -> Iterator[bytes]:
    """The file in UTF-8, piece by piece: a header, then one line per entry with all of COLUMNS."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for count, entry in enumerate(entries, start=1):
        writer.writerow(_cells(entry))
        builder.count(entry.id)
        if not count % _LINES_PER_CHUNK:
            yield _taken(buffer, builder)
    yield _taken(buffer, builder)


def entries_of(selection: QuerySet[AuditEntry]) -> Iterator[StoredEntry]:
    """A selection by id, ascending, in chunks; the selection must be neither sliced nor ordered otherwise."""
    after = 0
    while chunk := list(rows.whole_rows(selection.filter(id__gt=after).order_by("id")[: rows.CHUNK])):
        yield from chunk
        after = chunk[-1].id


def write_export(
    path: Path, entries: Iterable[StoredEntry], *, filters: dict[str, str] | None = None
) -> dict[str, Any]:
    """Write `path` and its manifest, both to the disk before this returns; refuses to write over either.

    Returns the manifest. Raises FileExistsError and other OSErrors.
    """
    builder = ManifestBuilder(COLUMNS, filters=filters)
    with path.open("xb") as file:
        for chunk in csv_chunks(entries, builder):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    manifest = builder.manifest(path.name)
    with manifest_path(path).open("xb") as file:
        file.write(json.dumps(manifest, indent=1).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return manifest


def manifest_path(path: Path) -> Path:
    return path.with_name(path.name + MANIFEST_SUFFIX)


def _cells(entry: StoredEntry) -> list[str]:
    assert entry.personal is not None
    fields = {**entry.sealed, **entry.personal}
    fields["details"] = canonical.canonical_json(fields["details"]).decode()
    return [escape_cell(str(fields[name])) for name in COLUMNS]


def _taken(buffer: io.StringIO, builder: ManifestBuilder) -> bytes:
    data = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    builder.feed(data)
    return data
