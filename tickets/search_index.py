"""The trigram index of SQLite: which tickets may hold a text. PostgreSQL has an index of its own (migration 0002).

It is filled behind the door, so that no alert waits for it: a periodic task takes in the tickets that are new
since it last ran and those that a live event says have changed. Until then they are "waiting", and a search
looks through them one by one. So the index is never asked about what it does not know yet.

One line of `tickets_searchmark` says how far it is: the last ticket and the last live event taken in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from tickets.models import LiveEvent, Ticket
from tickets.search_text import SEARCH_TEXT

TAKEN_AT_ONCE = 500
MOST_WAITING = 2_000
MOST_CANDIDATES = 4_000
SHORTEST = 3  # characters of a trigram


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to which ticket and which live event the index knows."""

    ticket_id: int
    event_id: int


def is_used() -> bool:
    return connection.vendor == "sqlite"


def candidates(text: str) -> list[int] | None:
    """The keys of all tickets that may contain `text`, some that do not among them.

    None where the index does not help: a text without three characters in a row, one that very many tickets
    hold (a look through the newest finds a page of them soon), or an index that lies far behind.
    """
    if not is_used() or max(map(len, re.split("[%_]", text))) < SHORTEST:
        return None
    mark = read_mark()
    waiting = _waiting(mark)
    if len(waiting) > MOST_WAITING:
        return None
    with connection.cursor() as cursor:
        # No ESCAPE: with one the index is not used. So % and _ stand for anything, which finds more, never less.
        cursor.execute(
            "SELECT rowid FROM tickets_search WHERE body LIKE %s LIMIT %s", [f"%{text}%", MOST_CANDIDATES + 1]
        )
        found = [key for (key,) in cursor.fetchall()]
    return None if len(found) > MOST_CANDIDATES else [*found, *waiting]


def read_mark() -> Mark:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ticket_id, event_id FROM tickets_searchmark")
        return Mark(*cursor.fetchone())


def _waiting(mark: Mark) -> list[int]:
    """New and changed tickets that the index does not know; no more than one above MOST_WAITING."""
    fresh = Ticket.objects.filter(pk__gt=mark.ticket_id).order_by("pk").values_list("pk", flat=True)
    changed = Ticket.objects.filter(key__in=_changed_keys(mark, MOST_WAITING + 1)).order_by()
    found = {*fresh[: MOST_WAITING + 1], *changed.values_list("pk", flat=True)}
    return sorted(found)


def _changed_keys(mark: Mark, most: int) -> set[str]:
    events = LiveEvent.objects.filter(pk__gt=mark.event_id).order_by("pk")
    return set(events.values_list("ticket_key", flat=True)[:most])


def take_in() -> int:
    """Take some waiting tickets in, new ones first; returns how many rows it went forward, 0 when all is known."""
    if not is_used():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        mark = read_mark()
        fresh = list(
            Ticket.objects.filter(pk__gt=mark.ticket_id)
            .order_by("pk")
            .values_list("pk", flat=True)[:TAKEN_AT_ONCE]
        )
        if fresh:
            _write(cursor, "id > %s AND id <= %s", [mark.ticket_id, fresh[-1]])
            cursor.execute("UPDATE tickets_searchmark SET ticket_id = %s", [fresh[-1]])
            return len(fresh)
        events = list(
            LiveEvent.objects.filter(pk__gt=mark.event_id)
            .order_by("pk")
            .values_list("pk", "ticket_key")[:TAKEN_AT_ONCE]
        )
        if not events:
            return 0
        keys = sorted({key for _, key in events})
        _write(cursor, f"key IN ({', '.join(['%s'] * len(keys))})", keys)
        cursor.execute("UPDATE tickets_searchmark SET event_id = %s", [events[-1][0]])
        return len(events)


def _write(cursor: Any, condition: str, values: list[Any]) -> None:
    cursor.execute(
        "INSERT OR REPLACE INTO tickets_search (rowid, body) "  # noqa: S608 - no value in the text
        f"SELECT id, {SEARCH_TEXT} FROM tickets_ticket WHERE {condition}",
        values,
    )


def forget_ticket(instance: Ticket, **_: Any) -> None:
    """The ticket is deleted: its text goes from the index too, in the same transaction."""
    if is_used():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM tickets_search WHERE rowid = %s", [instance.pk])


def known_until() -> int | None:
    """The last live event that the index has seen: later ones may not be trimmed; None where there is no index."""
    return read_mark().event_id if is_used() else None
