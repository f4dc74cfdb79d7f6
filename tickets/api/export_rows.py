"""Rows of an export as the driver gives them, where the database cannot write their lines (`audit.api.sql_lines`).

A time comes without its zone from SQLite (it is UTC), a list as JSON text, a flag as a number or a truth. Here they
become what the file says; text stays text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models

from audit.api.sql_lines import joined_items
from tickets.models import Ticket

Convert = Callable[[Any], Any]


def read_rows(tickets: models.QuerySet[Ticket, Any], paths: Sequence[str]) -> list[list[Any]]:
    """The columns behind `paths` of each ticket, converted."""
    query = tickets.values_list(*paths).query
    try:
        sql, values = query.get_compiler(tickets.db).as_sql()
    except EmptyResultSet:  # the filters contradict each other, which Django sees before the database
        return []
    with connections[tickets.db].cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchall()
    conversions = _conversions(tuple(paths))
    rows = []
    for raw in found:
        row = list(raw)
        for place, convert in conversions:
            row[place] = convert(row[place])
        rows.append(row)
    return rows


def moment_of(written: str) -> datetime:
    """Back from a time as `read_rows` gives it."""
    return datetime.fromisoformat(written)


@lru_cache
def _conversions(paths: tuple[str, ...]) -> tuple[tuple[int, Convert], ...]:
    found = []
    for place, path in enumerate(paths):
        field = Ticket._meta.pk if path == "pk" else Ticket._meta.get_field(path.partition("__")[0])
        for kind, convert in CONVERSIONS.items():
            if isinstance(field, kind):
                found.append((place, convert))
    return tuple(found)


def _time(value: Any) -> str | None:
    """As the API writes it: `2026-11-20T14:30:22.000512Z`."""
    if value is None:
        return None
    moment: datetime = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    return f"{moment.isoformat()}Z"


CONVERSIONS: dict[type[models.Field[Any, Any]], Convert] = {
    models.DateTimeField: _time,
    models.JSONField: joined_items,
    models.BooleanField: bool,
}
