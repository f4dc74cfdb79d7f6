"""The database itself refuses to change or delete what was recorded.

Triggers on the four append-only tables, per vendor. Two doors are left, and each leaves a trace that cannot be
removed: entries can be deleted below a tombstone (`AuditPruning`), and the personal part of an entry can be
blanked, nothing else, when an `AuditErasure` names it. Both rows are themselves append-only, both are recorded
by an entry, and verification demands that entry.

A migration installs the triggers, and `post_migrate` puts them back when they are gone: SQLite drops a table's
triggers when a later migration alters the table.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from audit.triggers import postgres, sqlite, sqlserver

_VENDORS = {"sqlite": sqlite, "postgresql": postgres, "microsoft": sqlserver}


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers; those that exist are made anew."""
    _run(connection, (*_statements(connection, "remove"), *_statements(connection, "install")))


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: for going back over the migration, and for tests that empty the tables."""
    _run(connection, _statements(connection, "remove"))


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of triggers that should be there and are not; on an unknown database none are expected."""
    vendor = _VENDORS.get(connection.vendor)
    if vendor is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(vendor.PRESENT)
        present = {str(row[0]) for row in cursor.fetchall()}
    return sorted(set(vendor.NAMES) - present)


def _statements(connection: BaseDatabaseWrapper, which: str) -> tuple[str, ...]:
    vendor = _VENDORS.get(connection.vendor)
    if vendor is None:
        return ()
    found: tuple[str, ...] = vendor.INSTALL if which == "install" else vendor.REMOVE
    return found


def _run(connection: BaseDatabaseWrapper, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
