"""A CSV of any length as an answer: chunk by chunk, in constant memory, the first byte at once.

The rows are read page by page in a thread, each page with a connection of its own that is given back; between
pages nothing is held, so a slow reader costs neither memory nor a transaction.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import StreamingHttpResponse
from django.utils import timezone

from audit import actions
from audit.services import Actor, record

BOM = "\ufeff"
# What a spreadsheet takes for a formula, a command, or the blank before one.
STARTS_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")

Row = Sequence[object]
Page = tuple[Sequence[Row], Any]
ReadPage = Callable[[Any], Page]


@dataclass(frozen=True, slots=True)
class Export:
    """What to send: `read_page(position)` gives rows and the next position, None when done; it starts with None."""

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
    response = StreamingHttpResponse(_stream(export), content_type="text/csv; charset=utf-8")
    moment = timezone.now().strftime("%Y%m%d_%H%M%S")
    response.headers["Content-Disposition"] = f'attachment; filename="{export.name}_{moment}.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def _stream(export: Export) -> AsyncIterator[bytes]:
    count, is_complete = 0, False
    try:
        yield ((BOM if export.bom else "") + lines([export.columns])).encode()
        position: Any = None
        while True:
            text, length, position = await _in_thread(_next_page, export.read_page, position)
            if text:
                yield text.encode("utf-8", "replace")
            count += length
            if position is None:
                break
        is_complete = True
    finally:
        # A reader who goes away cancels this task: what left is recorded all the same.
        await asyncio.shield(_in_thread(_record_end, export, count, is_complete))


def _next_page(read_page: ReadPage, position: Any) -> tuple[str, int, Any]:
    rows, following = read_page(position)
    return lines(rows), len(rows), following


def _record_end(export: Export, count: int, is_complete: bool) -> None:
    outcome = f"{export.name}: {count} rows" + ("" if is_complete else ", broken off")
    details = {**_details(export), "rows": count, "is_complete": is_complete}
    record(actions.DATA_EXPORTED, actor=export.actor, summary=outcome, details=details)


def _details(export: Export) -> dict[str, Any]:
    filters = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in export.filters.items()
    }
    return {"export": export.name, "filters": filters}


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    def call() -> Any:
        close_old_connections()
        try:
            return function(*arguments)
        finally:
            close_old_connections()

    return await sync_to_async(call, thread_sensitive=False)()
