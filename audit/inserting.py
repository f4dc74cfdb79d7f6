"""Many rows of one table in few statements.

Django's own `bulk_create` compiles every value of every row; on SQLite that was a quarter of an alert's cost.
There a statement is made once per table and size, and plain values go to the driver as they are. On PostgreSQL
this gained nothing measurable: it gets `bulk_create`. So do others, or one statement per row where that cannot
return keys.
"""

from __future__ import annotations

from collections.abc import Sequence
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
            for row, (key,) in zip(some, cursor.fetchall(), strict=True):
                row.pk = key
                row._state.adding, row._state.db = False, connection.alias


def _values(
    row: models.Model, columns: Sequence[tuple[models.Field[Any, Any], bool]], connection: BaseDatabaseWrapper
) -> list[Any]:
    row._prepare_related_fields_for_save(operation_name="bulk_create")  # type: ignore[attr-defined]
    state = row.__dict__
    return [
        value
        if is_plain and type(value := state[field.attname]) in PLAIN_VALUES
        else field.get_db_prep_save(state[field.attname], connection)
        for field, is_plain in columns
    ]


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
