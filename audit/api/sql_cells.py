"""Cells of a CSV as expressions: the database writes what Python would, guard against formulas included.

Per kind of column one expression for PostgreSQL (for `COPY`, which quotes by itself) and one for SQLite (for
`printf`). What an expression cannot write as Python does makes the row *odd*: it is read the plain way. Exact
equality of both ways is tested with hostile rows. SQLite's `printf` ends a text at a NUL character: none gets into
a table, every door takes it out or refuses it.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, ClassVar

from django.db.models import CharField, F, Field, Func, JSONField, Model, Value, fields

from audit.cells import STARTS_FORMULA

_CODES = ", ".join(str(ord(character)) for character in sorted(STARTS_FORMULA))
_ISO = 'YYYY-MM-DD"T"HH24:MI:SS'


class Kind(Enum):
    """What a column holds, as far as its cell is concerned; TEXTS is a JSON list, OBJECT any other JSON."""

    NUMBER = "number"
    FLAG = "flag"
    MOMENT = "moment"
    SHORT = "short text"
    LONG = "long text"
    TEXTS = "texts"
    OBJECT = "object"


def kind_of(model: type[Model], path: str) -> Kind:
    """By the type of the field behind `path`."""
    field: Field[Any, Any] = _field(model, path)
    if isinstance(field, fields.DateTimeField):
        return Kind.MOMENT
    if isinstance(field, fields.BooleanField):
        return Kind.FLAG
    if isinstance(field, JSONField):
        return Kind.TEXTS if field.default is list else Kind.OBJECT
    if isinstance(field, fields.TextField):
        return Kind.LONG
    if isinstance(field, CharField):
        return Kind.SHORT
    return Kind.NUMBER


def _field(model: type[Model], path: str) -> Field[Any, Any]:
    head, _, rest = path.partition("__")
    field: Any = model._meta.pk if head == "pk" else model._meta.get_field(head)
    return _field(field.related_model, rest) if rest else field


class _Cell(Func):
    """A template per vendor; the column is its only source, so it may stand in a template more than once."""

    output_field: ClassVar[Any] = CharField()
    postgresql: ClassVar[str]
    sqlite: ClassVar[str]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.postgresql)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.sqlite)


class _Text(_Cell):
    # COPY writes an empty text as "", and nothing for NULL. The first character decides nearly always.
    postgresql = (
        f"CASE WHEN ascii(%(expressions)s) NOT IN (0, {_CODES}) THEN %(expressions)s "
        "WHEN %(expressions)s <> '' THEN '''' || %(expressions)s END"
    )
    sqlite = f"CASE WHEN unicode(%(expressions)s) IN ({_CODES}) THEN '''' || %(expressions)s ELSE %(expressions)s END"


class _LongText(_Text):
    sqlite = f"ifnull({_Text.sqlite}, '')"


class _Moment(_Cell):
    # Without a fraction where there is none. SQLite: a lone comma makes the row odd (`sql_lines`).
    postgresql = (
        "to_char(%(expressions)s AT TIME ZONE 'UTC', CASE WHEN date_trunc('second', %(expressions)s) = %(expressions)s "
        f"THEN '{_ISO}\"Z\"' ELSE '{_ISO}.US\"Z\"' END)"
    )
    sqlite = (
        "CASE WHEN %(expressions)s IS NULL THEN '' "
        "WHEN length(%(expressions)s) IN (19, 26) AND substr(%(expressions)s, 20) <> '.000000' "
        "THEN replace(%(expressions)s, ' ', 'T') || 'Z' ELSE ',' END"
    )


class _Flag(_Cell):
    postgresql = sqlite = "CASE WHEN %(expressions)s THEN 'True' ELSE 'False' END"


class _Raw(_Cell):
    """As the driver gives it, but without its conversion."""

    postgresql = sqlite = "%(expressions)s"


class _Texts(_Cell):
    postgresql = (
        "CASE WHEN jsonb_typeof(%(expressions)s) = 'array' THEN (SELECT "
        + _Text.postgresql % {"expressions": "made.line"}
        + " FROM (SELECT string_agg(item #>> '{}', '; ') AS line"
        " FROM jsonb_array_elements(%(expressions)s) AS item) AS made) END"
    )
    sqlite = "%(expressions)s"  # taken apart in Python


class _Object(_Cell):
    postgresql = "%(expressions)s::text"
    sqlite = "%(expressions)s"


class _OddTexts(_Cell):
    """True where an item is no text: Python's words for it are its own."""

    postgresql = (
        "(jsonb_typeof(%(expressions)s) <> 'array' "
        "OR jsonb_path_exists(%(expressions)s, '$[*] ? (@.type() != \"string\")'))"
    )


class _OddObject(_Cell):
    """True where there is, or may be, a number with a fraction (1.50 would be 1.5), and where it is no object."""

    postgresql = (
        "(jsonb_typeof(%(expressions)s) <> 'object' OR %(expressions)s::text ~ '(: |, |\\[)-?[0-9]+\\.')"
    )


class _NumberOf(Func):
    """The row's number, negative where the row is odd; PostgreSQL only."""

    output_field: ClassVar[Any] = fields.BigIntegerField()
    template = "CASE WHEN %(expressions)s THEN -1 ELSE 1 END"
    arg_joiner = " OR "


_CELLS: dict[Kind, type[_Cell]] = {
    Kind.NUMBER: _Raw,
    Kind.FLAG: _Flag,
    Kind.MOMENT: _Moment,
    Kind.SHORT: _Text,
    Kind.LONG: _LongText,
    Kind.TEXTS: _Texts,
    Kind.OBJECT: _Object,
}
_ODD: dict[Kind, type[_Cell]] = {Kind.TEXTS: _OddTexts, Kind.OBJECT: _OddObject}


def cell_of(kind: Kind, path: str) -> Func:
    return _CELLS[kind](F(path))


def number_of(kinds: dict[str, Kind]) -> Any:
    """The primary key on PostgreSQL, negative where one of the columns makes the row odd."""
    odd = [_ODD[kind](F(path)) for path, kind in kinds.items() if kind in _ODD]
    return F("pk") * _NumberOf(*odd) if odd else F("pk")


def joined(cells: list[Func]) -> Func:
    """Cells with commas between them as one text, for SQLite; NULL is written as nothing."""
    return Func(Value(",".join(["%s"] * len(cells))), *cells, function="printf", output_field=CharField())
