"""Rows of several tables in one statement: a page that shows all that hangs on a ticket asks the database once.

On SQLite and PostgreSQL each row comes as a JSON array out of a UNION ALL and becomes an instance of its model again;
elsewhere (SQL Server) each table is asked by itself. Both ways give the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import BooleanField, DateTimeField, Field, JSONField, QuerySet

Rows = Mapping[str, list[Any]]

_ARRAY = {"sqlite": "json_array", "postgresql": "json_build_array"}


def read_together(queries: Mapping[str, QuerySet[Any]]) -> Rows:
    """The rows of every query under its name, in its order.

    A query may filter, defer columns, annotate texts and numbers, be cut, and order by columns of its own. It joins no
    other instance, and a binary column must be deferred: JSON has none.
    """
    if not queries:
        return {}
    connection = connections[next(iter(queries.values())).db]
    array = _ARRAY.get(connection.vendor)
    if array is None:
        return {name: list(rows) for name, rows in queries.items()}
    tables = {name: _Table(rows, connection.vendor) for name, rows in queries.items()}
    found: dict[str, list[Any]] = {name: [] for name in queries}
    sql, parameters = _statement(tables, array)
    if sql:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            for name, values in cursor.fetchall():
                found[name].append(tables[name].instance(json.loads(values)))
    return {name: tables[name].in_order(rows) for name, rows in found.items()}


def _statement(tables: Mapping[str, _Table], array: str) -> tuple[str, list[Any]]:
    """A named table with numbered columns for each query, and all their rows one below the other; "" without any."""
    parts, selects, parameters = list[str](), list[str](), list[Any]()
    for name, table in tables.items():
        try:
            sql, values = table.rows.values_list(*table.names).query.sql_with_params()
        except EmptyResultSet:  # `none()`, or a condition that cannot be true
            continue
        columns = ", ".join(f"c{number}" for number in range(len(table.names)))
        parts.append(f"{name}_rows({columns}) AS ({sql})")
        selects.append(f"SELECT '{name}', CAST({array}({columns}) AS text) FROM {name}_rows")  # noqa: S608
        parameters += values
    return f"WITH {', '.join(parts)} {' UNION ALL '.join(selects)}" if parts else "", parameters


class _Table:
    """One query, and how its instances are made of what JSON has for their columns."""

    def __init__(self, rows: QuerySet[Any], vendor: str) -> None:
        self.rows = rows
        self._is_json_text = vendor == "sqlite"  # there a JSON column is text within the array too
        deferred, is_deferring = rows.query.deferred_loading
        fields = rows.model._meta.concrete_fields
        self._fields = [field for field in fields if (field.name in deferred) != is_deferring]
        self._columns = [field.attname for field in self._fields]
        self._annotations = list(rows.query.annotations)
        self.names = [*self._columns, *self._annotations]

    def instance(self, values: list[Any]) -> Any:
        own = [self._value(*pair) for pair in zip(self._fields, values, strict=False)]
        instance = self.rows.model.from_db(self.rows.db, self._columns, own)
        for name, value in zip(self._annotations, values[len(self._columns) :], strict=True):
            setattr(instance, name, value)
        return instance

    def in_order(self, found: list[Any]) -> list[Any]:
        """The database need not keep the order of a part."""
        for column, is_descending in reversed(list(self._order())):
            found.sort(key=attrgetter(column), reverse=is_descending)
        return found

    def _order(self) -> Iterator[tuple[str, bool]]:
        meta = self.rows.model._meta
        for name in self.rows.query.order_by or meta.ordering:
            column = str(name)
            yield meta.get_field(column.lstrip("-")).attname, column.startswith("-")

    def _value(self, field: Field[Any, Any], value: Any) -> Any:
        if value is None:
            return None
        if isinstance(field, DateTimeField):
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(field, BooleanField):
            return bool(value)  # SQLite's is a number
        if isinstance(field, JSONField) and self._is_json_text:
            return json.loads(value)
        return value
