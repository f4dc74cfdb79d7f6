"""Many rows of one table in few statements.

Django's own `bulk_create` compiles every value of every row; that was a quarter of an alert's cost on SQLite and
a third on PostgreSQL. SQLite gets a statement made once per table and size, with plain values as they are;
PostgreSQL the rows as one JSON text, which it takes apart itself (156 µs of our processor's time per ticket became
34; COPY would take 27, but returns no keys). Others get `bulk_create`, or one statement per row where that cannot
return keys.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

PLAIN_FIELDS = (
    models.CharField,
    models.TextField,
    models.IntegerField,
    models.BooleanField,
    models.BinaryField,
    models.ForeignKey,
)
JSON_FIELDS = (*PLAIN_FIELDS, models.DateTimeField, models.JSONField)
PLAIN_JSON = frozenset({dict, list})
PLAIN_VALUES = frozenset({str, int, bool, bytes, type(None)})


def insert_all(rows: Sequence[models.Model]) -> None:
    """Insert rows of one table in their order and give each its key; IntegrityError when one is refused.

    Like `bulk_create` it sends no signals of models and calls no `save()`.
    """
    if not rows:
        return
    model = type(rows[0])
    connection = connections[router.db_for_write(model)]
    if connection.vendor == "sqlite":
        _insert_plainly(connection, model, rows)
    elif connection.vendor == "postgresql" and _fits_json(model):
        _insert_as_json(connection, model, rows)
    elif len(rows) > 1 and connection.features.can_return_rows_from_bulk_insert:
        model._default_manager.bulk_create(rows)
    else:
        for row in rows:
            row.save(force_insert=True)


def _insert_plainly(
    connection: BaseDatabaseWrapper, model: type[models.Model], rows: Sequence[models.Model]
) -> None:
    columns = _columns(model)
    most = max(1, (connection.features.max_query_params or 999) // len(columns))
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        for start in range(0, len(rows), most):
            some = rows[start : start + most]
            values = [value for row in some for value in _values(row, columns, connection)]
            cursor.execute(_statement(connection.alias, model, len(some)), values)
            _give_keys(some, cursor.fetchall(), connection)


def _give_keys(
    rows: Sequence[models.Model], keys: Sequence[Sequence[Any]], connection: BaseDatabaseWrapper
) -> None:
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, connection.alias


def _insert_as_json(
    connection: BaseDatabaseWrapper, model: type[models.Model], rows: Sequence[models.Model]
) -> None:
    """One statement with one parameter: an array of objects by column name."""
    names = [(str(field.column), field.attname) for field, _ in _columns(model)]
    objects = []
    for row in rows:
        _take_keys_of_related(row)
        state = row.__dict__
        objects.append({column: state[name] for column, name in names})
    with connection.cursor() as cursor:
        cursor.execute(_json_statement(connection.alias, model), [_as_json(objects)])
        _give_keys(rows, cursor.fetchall(), connection)


def _json_value(value: object) -> str:
    """What JSON itself does not know, as PostgreSQL reads it in the column's type."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return f"\\x{value.hex()}"
    raise TypeError(f"cannot be inserted: {type(value).__name__}")


_as_json = json.JSONEncoder(separators=(",", ":"), default=_json_value).encode


@lru_cache
def _fits_json(model: type[models.Model]) -> bool:
    return all(isinstance(field, JSON_FIELDS) for field, _ in _columns(model))


def _values(
    row: models.Model, columns: Sequence[tuple[models.Field[Any, Any], bool]], connection: BaseDatabaseWrapper
) -> list[Any]:
    _take_keys_of_related(row)
    state = row.__dict__
    return [
        value
        if is_plain and type(value := state[field.attname]) in PLAIN_VALUES
        else _prepared(field, state[field.attname], connection)
        for field, is_plain in columns
    ]


def _take_keys_of_related(row: models.Model) -> None:
    if row._state.fields_cache:
        row._prepare_related_fields_for_save(operation_name="bulk_create")  # type: ignore[attr-defined]


def _prepared(field: models.Field[Any, Any], value: object, connection: BaseDatabaseWrapper) -> Any:
    """As Django stores it; what nearly every row holds is written without asking the field."""
    if type(value) is datetime and value.tzinfo is UTC:
        return str(value)[:-6]  # without "+00:00"
    if isinstance(value, models.TextChoices) and isinstance(field, PLAIN_FIELDS):
        return value.value
    if value is None and isinstance(field, JSON_FIELDS):
        return None
    if isinstance(field, models.JSONField) and field.encoder is None and type(value) in PLAIN_JSON:
        return json.dumps(value)
    return field.get_db_prep_save(value, connection)


@lru_cache
def _columns(model: type[models.Model]) -> tuple[tuple[models.Field[Any, Any], bool], ...]:
    """The columns that are written, and whether plain values need no preparation there."""
    return tuple(
        (field, isinstance(field, PLAIN_FIELDS))
        for field in model._meta.local_concrete_fields
        if not field.primary_key
    )


@lru_cache
def _statement(alias: str, model: type[models.Model], count: int) -> str:
    quote = connections[alias].ops.quote_name
    columns = [quote(str(field.column)) for field, _ in _columns(model)]
    row = f"({', '.join(['%s'] * len(columns))})"
    key = model._meta.pk
    return (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(columns)}) "  # noqa: S608 - names of our models
        f"VALUES {', '.join([row] * count)} RETURNING {quote(str(key.column))}"
    )


@lru_cache
def _json_statement(alias: str, model: type[models.Model]) -> str:
    quote = connections[alias].ops.quote_name
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    columns = ", ".join(quote(str(field.column)) for field, _ in _columns(model))
    return (
        f"INSERT INTO {table} ({columns}) "  # noqa: S608 - names of our models
        f"SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s) RETURNING {key}"
    )
