"""Pages of a CSV whose lines the database makes; Python would take several times as long over their cells.

PostgreSQL writes a page by `COPY`. SQLite joins neighbouring short columns; long texts and JSON, in which commas and
quotes are usual, come by themselves and are quoted here, a column at a time. Where the joined text shows that
something in it needs quotes, and where a row is odd (`sql_cells`), it is read again the plain way; on other
databases every row is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import F, QuerySet

from audit.api.csv_stream import Lines, lines
from audit.api.sql_cells import Kind, cell_of, joined, kind_of, number_of
from audit.cells import STARTS_FORMULA

ReadPlain = Callable[[QuerySet[Any, Any]], Sequence[Sequence[Any]]]
"""Rows with their primary key before the cells, converted in Python."""

_APART = {Kind.LONG, Kind.TEXTS, Kind.OBJECT}


@dataclass(frozen=True, slots=True)
class _Made:
    """Line by line: the number of the row, its text without the line end, and the places of the odd ones."""

    numbers: list[int]
    texts: list[str]
    odd: list[int]


def read_lines(
    rows: QuerySet[Any, Any], count: int, paths: Sequence[str], plain: ReadPlain
) -> tuple[Lines, int | None]:
    """The first `count` lines of an ordered selection, and the primary key of the last one if there may be more."""
    way, page = _WAYS.get(_vendor(rows)), rows[:count]
    made = way(page, tuple(paths)) if way else _plainly(plain(page))
    # A row that has left the selection in between leaves no gap: then the page is read at once.
    if made.odd and not _mend(made, rows, plain):
        made = _plainly(plain(page))
    return Lines.of(made.texts), made.numbers[-1] if len(made.numbers) == count else None


def _vendor(rows: QuerySet[Any, Any]) -> str:
    connection: Any = connections[rows.db]
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        # ascii() tells a character's number in this encoding only.
        if connection.connection.info.parameter_status("server_encoding") != "UTF8":
            return ""
    return str(connection.vendor)


def _plainly(found: Sequence[Sequence[Any]]) -> _Made:
    return _Made([row[0] for row in found], [_line(row[1:]) for row in found], [])


def _line(row: Sequence[Any]) -> str:
    return lines([row]).removesuffix("\r\n")


def _mend(made: _Made, rows: QuerySet[Any, Any], plain: ReadPlain) -> bool:
    """Read the odd rows anew; False if one is not there any more."""
    wanted = [made.numbers[place] for place in made.odd]
    anew = {row[0]: row[1:] for row in plain(rows.filter(pk__in=wanted))}
    if len(anew) < len(wanted):
        return False
    for place, number in zip(made.odd, wanted, strict=True):
        made.texts[place] = _line(anew[number])
    return True


def _compiled(rows: QuerySet[Any, Any], expressions: Iterable[Any]) -> tuple[str, Any] | None:
    try:
        compiled: tuple[str, Any] = rows.values_list(*expressions).query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:  # the filters contradict each other, which Django sees before the database
        return None
    return compiled


# --- PostgreSQL


def _copied(rows: QuerySet[Any, Any], paths: tuple[str, ...]) -> _Made:
    kinds = _kinds(rows, paths)
    cells = [cell_of(kind, path) for path, kind in kinds.items()]
    compiled = _compiled(rows, (number_of(kinds), *cells))
    made = _Made([], [], [])
    if compiled is None:
        return made
    sql, values = compiled
    with (
        connections[rows.db].cursor() as cursor,
        cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", values) as copy,
    ):
        for data in copy:
            number, _, text = str(data, "utf-8").partition(",")
            if number[0] == "-":
                made.odd.append(len(made.numbers))
            made.numbers.append(abs(int(number)))
            made.texts.append(text[:-1])
    return made


# --- SQLite


def _joined(rows: QuerySet[Any, Any], paths: tuple[str, ...]) -> _Made:
    kinds = _kinds(rows, paths)
    parts = _parts(kinds)
    expressions: list[Any] = [F("pk")]
    for kind, group in parts:
        cells = [cell_of(kinds[path], path) for path in group]
        expressions.append(cells[0] if kind in _APART else joined(cells))
    compiled = _compiled(rows, expressions)
    found = []
    if compiled is not None:
        with connections[rows.db].cursor() as cursor:
            cursor.execute(*compiled)
            found = cursor.fetchall()
    if not found:
        return _Made([], [], [])
    numbers, *columns = zip(*found, strict=True)
    odd: set[int] = set()
    for place, (kind, group) in enumerate(parts):
        if kind in _APART:
            columns[place] = _WRITERS[kind](columns[place])
        else:
            odd.update(_odd(columns[place], len(group) - 1))
    return _Made(list(numbers), list(map(",".join, zip(*columns, strict=True))), sorted(odd))


def _odd(texts: Sequence[str], commas: int) -> Iterable[int]:
    """Places of those in which something needs quotes. The whole column is looked through at once first."""
    together = "\n".join(texts)
    if (
        '"' not in together
        and "\r" not in together
        and together.count("\n") == len(texts) - 1
        and together.count(",") == commas * len(texts)  # each holds at least its own
    ):
        return ()
    return [
        place
        for place, text in enumerate(texts)
        if text.count(",") != commas or '"' in text or "\n" in text or "\r" in text
    ]


def _quoted(texts: Iterable[str]) -> list[str]:
    return [
        '"' + text.replace('"', '""') + '"'
        if "," in text or '"' in text or "\n" in text or "\r" in text
        else text
        for text in texts
    ]


def _guarded(text: str) -> str:
    return f"'{text}" if text[:1] in STARTS_FORMULA else text


def joined_items(value: Any) -> str:
    """A JSON list, as text or taken apart already, as one cell."""
    items = json.loads(value) if isinstance(value, str) else value
    return "; ".join(map(str, items or ()))


def _joined_items(texts: Iterable[str]) -> list[str]:
    kept = lru_cache(maxsize=64)(joined_items)  # advice repeats
    return _quoted([_guarded(kept(text)) for text in texts])


def _objects(texts: Iterable[str]) -> list[str]:
    return _quoted(
        [
            "{}" if text == "{}" else _guarded(json.dumps(json.loads(text), ensure_ascii=False))
            for text in texts
        ]
    )


_WRITERS: dict[Kind, Callable[[Iterable[Any]], Any]] = {
    Kind.LONG: _quoted,
    Kind.TEXTS: _joined_items,
    Kind.OBJECT: _objects,
}
_WAYS: dict[str, Callable[[QuerySet[Any, Any], tuple[str, ...]], _Made]] = {
    "postgresql": _copied,
    "sqlite": _joined,
}


def _kinds(rows: QuerySet[Any, Any], paths: tuple[str, ...]) -> dict[str, Kind]:
    return {path: kind_of(rows.model, path) for path in paths}


def _parts(kinds: dict[str, Kind]) -> list[tuple[Kind, list[str]]]:
    """Neighbours that are joined, and each column that stands apart."""
    parts: list[tuple[Kind, list[str]]] = []
    for is_apart, group in groupby(kinds, lambda path: kinds[path] in _APART):
        names = list(group)
        parts += [(kinds[name], [name]) for name in names] if is_apart else [(Kind.SHORT, names)]
    return parts
