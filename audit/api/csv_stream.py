"""A CSV of any length as an answer: chunk by chunk, in constant memory, the first byte at once.

The rows are read page by page in a thread of the export's own, with a connection that is kept from page to page and
given back when the reader is slow; no transaction is held between pages. The first page is short, so that the
first byte leaves at once; the others have about PAGE_BYTES, whatever a row weighs.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone

from audit import actions
from audit.cells import STARTS_FORMULA
from audit.services import Actor, record
from audit.threads import OwnThread, in_thread

BOM = "\ufeff"

FIRST_ROWS, FEWEST_ROWS, MOST_ROWS = 500, 100, 4_000
PAGE_BYTES = 1_500_000

Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines of a file: `first` and `last` are the first cell of the first and of the last of them."""

    count: int = 0
    data: bytes = b""
    first: str = ""
    last_row: Sequence[str] = ()

    @classmethod
    def of(cls, texts: Sequence[str]) -> Lines:
        """From lines without their ends."""
        if not texts:
            return cls()
        first, last = (next(csv.reader(io.StringIO(text, newline=""))) for text in (texts[0], texts[-1]))
        data = "\r\n".join((*texts, "")).encode("utf-8", "replace")
        return cls(len(texts), data, first[0], last)

    @classmethod
    def of_rows(cls, rows: Sequence[Row]) -> Lines:
        return cls.of([lines([row]).removesuffix("\r\n") for row in rows])


Page = tuple[Lines, Any]
ReadPage = Callable[[Any, int], Page]


@dataclass(frozen=True, slots=True)
class Export:
    """What to send: `read_page(position, count)` gives up to so many lines and the next position, None when done.

    The position of the first page is None.
    """

    name: str
    columns: Sequence[str]
    read_page: ReadPage
    actor: Actor
    filters: Mapping[str, Any]
    bom: bool = False


def cell(value: object) -> object:
    """A value as a spreadsheet may see it: text that it would run is prefixed with an apostrophe."""
    if type(value) is str:
        return f"'{value}" if value[:1] in STARTS_FORMULA else value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return cell("; ".join(map(str, value)))
    return cell(str(value)) if isinstance(value, str) else value


def lines(rows: Iterable[Row]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(
        # Nearly every cell is harmless text: told apart here, it costs no call.
        [value if type(value) is str and value[:1] not in STARTS_FORMULA else cell(value) for value in row]
        for row in rows
    )
    return buffer.getvalue()


def csv_answer(export: Export) -> StreamingHttpResponse:
    """The streamed answer; that somebody began to take data out is recorded before the first byte leaves."""
    record(actions.DATA_EXPORT_STARTED, actor=export.actor, summary=export.name, details=_details(export))
    return file_answer(_stream(export), f"{stamped(export.name)}.csv", "text/csv; charset=utf-8")


def file_answer(stream: AsyncIterator[bytes], name: str, content_type: str) -> StreamingHttpResponse:
    """A download of any length that no cache keeps."""
    response = StreamingHttpResponse(stream, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def stamped(name: str) -> str:
    """`audit_trail_20251129_143022`."""
    return f"{name}_{timezone.now():%Y%m%d_%H%M%S}"


@dataclass(slots=True)
class Sent:
    """What left so far: `first` and `last` are the first column of the first and the last row."""

    rows: int = 0
    first: str = ""
    last: str = ""
    is_complete: bool = False
    page_rows: int = field(default_factory=lambda: FIRST_ROWS)
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, made: Lines) -> bytes:
        if made.count:
            self.first, self.last = self.first or made.first, made.last_row[0]
            self.page_rows = min(MOST_ROWS, max(FEWEST_ROWS, PAGE_BYTES * made.count // len(made.data)))
        self.rows += made.count
        self.digest.update(made.data)
        return made.data


async def _stream(export: Export) -> AsyncIterator[bytes]:
    sent, reader = Sent(), OwnThread()
    try:
        yield sent.add(Lines(data=((BOM if export.bom else "") + lines([export.columns])).encode()))
        position: Any = None
        while True:
            data, position = await reader.run(_next_page, export.read_page, position, sent)
            if data:
                yield data
            if position is None:
                break
        sent.is_complete = True
    finally:
        reader.close()
        # A reader who goes away cancels this task: what left is recorded all the same.
        await asyncio.shield(in_thread(_record_end, export, sent))


def _next_page(read_page: ReadPage, position: Any, sent: Sent) -> tuple[bytes, Any]:
    made, following = read_page(position, sent.page_rows)
    return sent.add(made), following


def _record_end(export: Export, sent: Sent) -> None:
    """With the hash of a whole file, by which `verify_audit --file` finds this entry."""
    outcome = f"{export.name}: {sent.rows} rows" + ("" if sent.is_complete else ", broken off")
    details = {**_details(export), "rows": sent.rows, "is_complete": sent.is_complete}
    if sent.is_complete:
        details |= {"first": sent.first, "last": sent.last, "sha256": sent.digest.hexdigest()}
    record(actions.DATA_EXPORTED, actor=export.actor, summary=outcome, details=details)


def _details(export: Export) -> dict[str, Any]:
    filters = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in export.filters.items()
    }
    return {"export": export.name, "filters": filters}
