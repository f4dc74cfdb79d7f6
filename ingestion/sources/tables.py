"""Rows of log search results, as dictionaries with folded column names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.sources.base import Json
from ingestion.sources.fields import as_list, as_object, fold, fold_keys, scalar_text


def read_rows(results: Any) -> tuple[tuple[Json, ...], bool]:
    """All rows of all tables, and whether there was a table at all (an empty one is an answer, too).

    Columns come as `{"name": …, "type": …}` or as plain strings, rows as arrays or as objects; anything else
    is passed over. The tables may stand in an object (`{"tables": […]}`) or bare.
    """
    found = fold_keys(results).get("tables", results if isinstance(results, list) else None)
    tables = [table for table in as_list(found) if isinstance(table, dict)]
    return tuple(row for table in tables for row in _rows(fold_keys(table))), bool(tables) or found == []


def _rows(table: Json) -> Iterator[Json]:
    columns = [_column_name(column) for column in as_list(table.get("columns"))]
    for row in as_list(table.get("rows")):
        if isinstance(row, dict):
            yield fold_keys(row)
        elif isinstance(row, list) and row:
            named = [(name, value) for name, value in zip(columns, row, strict=False) if name]
            yield dict(reversed(named))


def _column_name(column: Any) -> str:
    if isinstance(column, dict):
        column = as_object(fold_keys(column)).get("name", fold_keys(column).get("columnname"))
    return fold(scalar_text(column))
