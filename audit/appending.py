"""Rows of append-only tables, inserted together: one statement per table instead of one per row.

A unit of work that writes many of them opens `appended_together()` inside its transaction; everything that
`append` is given until the end goes to the database at once. Outside of it, `append` inserts at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.db import models

from audit.inserting import insert_all

MakeRow: TypeAlias = Callable[[Counter[Any]], models.Model]


@dataclass
class _KeptBack:
    rows: list[models.Model] = field(default_factory=list)
    sums: dict[MakeRow, Counter[Any]] = field(default_factory=dict)


_kept_back: ContextVar[_KeptBack | None] = ContextVar("kept_back", default=None)


def append(row: models.Model) -> None:
    """Insert a row now, or with its like at the end of `appended_together()`; its key is unknown until then."""
    kept = _kept_back.get()
    if kept is None:
        row.save(force_insert=True)
    else:
        kept.rows.append(row)


def append_sum(change: Mapping[Any, int], make_row: MakeRow) -> None:
    """The same for numbers by name: at the end one row, made of the sums of all changes with this `make_row`.

    Where the sums are nothing, there is no row.
    """
    kept = _kept_back.get()
    if kept is not None:
        kept.sums.setdefault(make_row, Counter()).update(change)
    elif any(change.values()):
        make_row(Counter(change)).save(force_insert=True)


@contextmanager
def appended_together() -> Iterator[None]:
    """Keep appended rows back and insert them together at the end; an exception drops them, like a rollback."""
    kept = _KeptBack()
    token = _kept_back.set(kept)
    try:
        yield
    finally:
        _kept_back.reset(token)
    by_table: dict[type[models.Model], list[models.Model]] = {}
    for make_row, sums in kept.sums.items():
        if changed := Counter({name: number for name, number in sums.items() if number}):
            kept.rows.append(make_row(changed))
    for row in kept.rows:
        by_table.setdefault(type(row), []).append(row)
    for same in by_table.values():
        insert_all(same)
