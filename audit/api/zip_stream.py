"""The audit trail as a ZIP of any length: a CSV with every sealed column and its manifest, in constant memory.

The manifest holds the hash of the whole file, so it can only come last; inside a ZIP it stands beside the file all
the same.
"""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import StreamingHttpResponse

from audit import actions
from audit.api.csv_stream import file_answer, stamped
from audit.exports import COLUMNS, MANIFEST_SUFFIX, ManifestBuilder, csv_chunks, entries_of
from audit.selectors import AuditFilters
from audit.services import Actor, record
from audit.threads import in_thread

NAME = "audit_trail"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What to send, to whom; `told` are the filters in words, for the record and the manifest."""

    filters: AuditFilters
    told: Mapping[str, str]
    actor: Actor


class _Sink:
    """What `zipfile` writes into; `taken` empties it. It cannot be sought in, so sizes follow the data."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """There is nothing to let go."""

    def taken(self) -> bytes:
        data = bytes(self._waiting)
        self._waiting.clear()
        return data


def zip_answer(bundle: Bundle) -> StreamingHttpResponse:
    """The streamed answer; its beginning and its end are recorded like every export's."""
    record(actions.DATA_EXPORT_STARTED, actor=bundle.actor, summary=NAME, details=_details(bundle))
    name = stamped(NAME)
    return file_answer(_stream(bundle, f"{name}.csv"), f"{name}.zip", "application/zip")


async def _stream(bundle: Bundle, file_name: str) -> AsyncIterator[bytes]:
    manifest: dict[str, Any] = {}
    pieces = _pieces(bundle, file_name, manifest)
    try:
        while (data := await in_thread(next, pieces, None)) is not None:
            if data:
                yield data
    finally:
        await asyncio.shield(in_thread(_record_end, bundle, manifest))


def _pieces(bundle: Bundle, file_name: str, manifest: dict[str, Any]) -> Iterator[bytes]:
    sink = _Sink()
    builder = ManifestBuilder(COLUMNS, filters=dict(bundle.told))
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(file_name, "w", force_zip64=True) as file:
            for chunk in csv_chunks(entries_of(bundle.filters.apply()), builder):
                file.write(chunk)
                yield sink.taken()
        manifest.update(builder.manifest(file_name))
        archive.writestr(f"{file_name}{MANIFEST_SUFFIX}", json.dumps(manifest, indent=1) + "\n")
    yield sink.taken()


def _record_end(bundle: Bundle, manifest: Mapping[str, Any]) -> None:
    """An empty manifest: the reader went away before the end."""
    told = {name: manifest[name] for name in ("count", "first_id", "last_id", "sha256") if name in manifest}
    outcome = f"{manifest['count']} entries with a manifest" if manifest else "broken off"
    details = {**_details(bundle), **told, "is_complete": bool(manifest)}
    record(actions.DATA_EXPORTED, actor=bundle.actor, summary=f"{NAME}: {outcome}", details=details)


def _details(bundle: Bundle) -> dict[str, Any]:
    return {"export": f"{NAME}.zip", "filters": dict(bundle.told)}
