"""Rows into a database as fast as it takes them: COPY on PostgreSQL, `executemany` on SQLite, indexes afterwards."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import User
from aiops.backends.sqlite3 import statistics
from audit import triggers
from audit.models import AuditCountMark, AuditEntry, AuditSeal, AuditTotal
from bench.volume import entries, tickets
from tickets import counter_store, search_index
from tickets.models import Ticket
from tickets.search_text import SEARCH_TEXT

Row = tuple[Any, ...]


def build(count: int, say: Callable[[str], None]) -> None:
    """Fill the empty, migrated default database with `count` tickets and five entries for each."""
    if Ticket.objects.exists():
        raise SystemExit("bench: this database holds tickets already")
    people, now = _people(), timezone.now()
    trail, subjects = entries.Trail(), list[Row]()
    with _loading_fast():
        _drop_indexes()
        with _told(say, f"{count:,} tickets"):
            _insert(Ticket, tickets.COLUMNS, _noting(tickets.ticket_rows(count, now, people), subjects))
        with (
            _meanwhile(partial(_finish_tickets, say)),
            _told(say, f"{len(subjects) * entries.PER_TICKET:,} entries"),
        ):
            _insert(AuditEntry, entries.COLUMNS, trail.rows(subjects))
        with _told(say, "indexes of audit entries"):
            _add_indexes(AuditEntry)
            triggers.install(connection)
    with _told(say, "seals, counters, statistics"):
        AuditSeal.objects.bulk_create(trail.seals, batch_size=50)
        AuditTotal.objects.bulk_create(AuditTotal(action=a, entries=n) for a, n in trail.totals.items())
        AuditCountMark.objects.create(pk=1, last_entry=trail.last_id)
        counter_store.reconcile(repair=True)
        counter_store.fold()
        # SQLite has the same figures on every desk, and loses those of an index that is dropped.
        if not statistics.tell(connection) and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")


def is_filled(count: int) -> bool:
    """Whether a build of so many tickets was finished here; the counters are its last step."""
    return Ticket.objects.filter(pk=count).exists() and counter_store.current().total() > 0


def _people() -> list[int]:
    """In bulk: made one by one they would be recorded, and the record's numbers are taken by the made-up one."""
    made = [
        User(email=f"person{number}@example.com", full_name=f"Person {number}", password=make_password(None))
        for number in range(tickets.PEOPLE)
    ]
    return [person.pk for person in User.objects.bulk_create(made)]


def _noting(rows: Iterable[Row], subjects: list[Row]) -> Iterator[Row]:
    """Pass tickets on and note of each what its audit entries name."""
    pick = itemgetter(*(tickets.COLUMNS.index(name) for name in ("key", "pipeline", "run_id", "opened_at")))
    for row in rows:
        subjects.append(pick(row))
        yield row


def _insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    table, names = model._meta.db_table, ", ".join(f'"{name}"' for name in columns)
    if connection.vendor == "postgresql":
        _copy(table, names, rows)
        return
    marks = ", ".join("?" * len(columns))
    with transaction.atomic():
        connection.connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)  # noqa: S608


def _copy(table: str, names: str, rows: Iterable[Row]) -> None:
    """The values hold no tab, line end or backslash: they are ours."""
    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
            waiting = iter(rows)
            while some := list(islice(waiting, 2_000)):
                text = "\n".join(
                    "\t".join(["\\N" if value is None else str(value) for value in row]) for row in some
                )
                copy.write(f"{text}\n")
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM \"{table}\""  # noqa: S608
        )


@contextmanager
def _loading_fast() -> Iterator[None]:
    """Durability and small caches are for other days."""
    statements = {
        "sqlite": ("PRAGMA synchronous=OFF", "PRAGMA cache_size=-400000", "PRAGMA temp_store=MEMORY"),
        "postgresql": ("SET synchronous_commit = off", "SET maintenance_work_mem = '512MB'"),
    }
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
    yield
    connection.close()


@contextmanager
def _meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Do `work` in a session of its own while the block runs, or behind it where only one session can write."""
    if connection.vendor == "sqlite":
        yield
        work()
        return

    def apart() -> None:
        with _loading_fast():
            work()

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(apart)
        yield
        working.result()


# --- Indexes and triggers: over full tables they cost a fraction of what they do row by row.


def _drop_indexes() -> None:
    triggers.remove(connection)
    with connection.schema_editor() as editor:
        _search_migration("0002_search_index").drop_index(None, editor)
        for model in (Ticket, AuditEntry):
            for index in model._meta.indexes:
                editor.remove_index(model, index)


def _add_indexes(model: type[models.Model]) -> None:
    with connection.schema_editor() as editor:
        for index in model._meta.indexes:
            editor.add_index(model, index)


def _finish_tickets(say: Callable[[str], None]) -> None:
    with _told(say, "search index"):
        if search_index.is_used():
            _fill_search_table()
        with connection.schema_editor() as editor:
            _search_migration("0002_search_index").create_index(None, editor)
            _search_migration("0005_search_statistics").learn(None, editor)
    with _told(say, "indexes of tickets"):
        _add_indexes(Ticket)


def _fill_search_table() -> None:
    """As `search_index.take_in` does by and by: in one statement, with room for more words before they are merged."""
    usual, much = 1024 * 1024, 64 * 1024 * 1024  # bytes; the first is FTS5's own
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO tickets_search (tickets_search, rank) VALUES ('hashsize', %s)", [much])
        cursor.execute(
            f"INSERT INTO tickets_search (rowid, body) SELECT id, {SEARCH_TEXT} FROM tickets_ticket"  # noqa: S608
        )
        cursor.execute("UPDATE tickets_searchmark SET ticket_id = (SELECT max(id) FROM tickets_ticket)")
        cursor.execute("INSERT INTO tickets_search (tickets_search, rank) VALUES ('hashsize', %s)", [usual])


def _search_migration(name: str) -> Any:
    return importlib.import_module(f"tickets.migrations.{name}")


@contextmanager
def _told(say: Callable[[str], None], what: str) -> Iterator[None]:
    started, spent = time.perf_counter(), time.process_time()
    yield
    say(
        f"  {what}: {time.perf_counter() - started:.1f} s, {time.process_time() - spent:.1f} s of our processor"
    )
