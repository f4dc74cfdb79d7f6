"""Rows that concurrent openers of look-alike failures queue on, for identities that are not one unique key."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, connection, transaction

from tickets.models import IdentityGuard


def queue_on_guards(names: Iterable[str]) -> None:
    """Hold the named guards until the end of the transaction, taken in alphabetical order.

    A database that lets one writer in at a time (SQLite) has queued the callers already.
    """
    wanted = sorted(set(names))
    if not wanted or not connection.features.has_select_for_update:
        return
    guards = [IdentityGuard(name=name) for name in wanted]
    if connection.features.supports_ignore_conflicts:
        # A conflicting insert of another transaction is waited for here, on PostgreSQL too.
        IdentityGuard.objects.bulk_create(guards, ignore_conflicts=True)
    else:
        for guard in guards:
            _insert_unless_present(guard)
    list(IdentityGuard.objects.filter(name__in=wanted).order_by("name").select_for_update())


def _insert_unless_present(guard: IdentityGuard) -> None:
    try:
        with transaction.atomic():
            guard.save(force_insert=True)
    except IntegrityError:
        return
