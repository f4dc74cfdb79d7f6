"""Finding tickets by a part of their text: id, pipeline, run id, ITSM id, error type, error message, root cause.

PostgreSQL answers from a trigram index over one expression (`SearchText`, the same as in the migration); SQLite
looks through the tickets that its own index names (`tickets.search_index`). Where that does not help, and on other
databases, each column is looked through, newest first, until the page is full. Of the two long texts the first
LONGEST_SEARCHED characters count, so that one huge message cannot make every search slow.

A text without three letters or digits in a row is in no index at all (`is_walked`): whoever shows a page of tickets
looks for it among MOST_WALKED of them at a time, and says so.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.db import connections
from django.db.models import F, Func, Q, QuerySet, TextField
from django.db.models.functions import Substr

from tickets import search_index
from tickets.models import Ticket
from tickets.search_text import LONG_COLUMNS, LONGEST_SEARCHED, SHORT_COLUMNS

MOST_WALKED = 2_000  # 14 ms on PostgreSQL, where upper case costs the most
_INDEXED = re.compile(r"[^\W_]{3}")


class SearchText(Func):
    """All that can be searched, in upper case, as one text; PostgreSQL only."""

    output_field: ClassVar[Any] = TextField()
    template = "UPPER({})".format(
        " || chr(10) || ".join(
            ["%s"] * len(SHORT_COLUMNS) + [f"left(%s, {LONGEST_SEARCHED})"] * len(LONG_COLUMNS)
        )
    )

    def __init__(self) -> None:
        super().__init__(*(F(column) for column in (*SHORT_COLUMNS, *LONG_COLUMNS)))

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **_: Any
    ) -> Any:
        columns = [compiler.compile(source)[0] for source in self.source_expressions]
        return self.template % tuple(columns), []


def is_walked(text: str) -> bool:
    """Whether no index helps to find `text` on any database, so that the tickets are looked through one by one."""
    return bool(text.strip()) and not _INDEXED.search(text)


def search(tickets: QuerySet[Ticket], text: str) -> QuerySet[Ticket]:
    """The tickets that contain `text`, without regard to case (on SQLite: to the case of ASCII letters)."""
    wanted = text.strip()
    if not wanted:
        return tickets
    if connections[tickets.db].vendor == "postgresql":
        return tickets.alias(search_text=SearchText()).filter(search_text__contains=wanted.upper())
    candidates = search_index.candidates(wanted)
    if candidates is not None:
        tickets = tickets.filter(pk__in=candidates)
    heads = {f"{column}_head": Substr(column, 1, LONGEST_SEARCHED) for column in LONG_COLUMNS}
    found = Q()
    for name in (*SHORT_COLUMNS, *heads):
        found |= Q((f"{name}__icontains", wanted))
    return tickets.alias(**heads).filter(found)
