"""Rows of append-only tables, inserted together: one statement per table instead of one per row.

A unit of work that writes many of them opens `appended_together()` inside its transaction; everything that
`append` is given until the end goes to the database at once. Outside of it, `append` inserts at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import models

from audit.inserting import insert_all

_kept_back: ContextVar[list[models.Model] | None] = ContextVar("kept_back", default=None)


def append(row: models.Model) -> None:
    """Insert a row now, or with its like at the end of `appended_together()`; its key is unknown until then."""
    rows = _kept_back.get()
    if rows is None:
        row.save(force_insert=True)
    else:
        rows.append(row)


@contextmanager
def appended_together() -> Iterator[None]:
    """Keep appended rows back and insert them together at the end; an exception drops them, like a rollback."""
    rows: list[models.Model] = []
    token = _kept_back.set(rows)
    try:
        yield
    finally:
        _kept_back.reset(token)
    by_table: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        by_table.setdefault(type(row), []).append(row)
    for same in by_table.values():
        insert_all(same)
