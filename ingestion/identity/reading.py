"""Every ticket that failures may belong to, read and locked together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet

from ingestion.guards import queue_on_guards
from ingestion.identity.forms import is_databricks_run
from ingestion.identity.known import CAN_FLAP, RENOTIFICATION_WINDOW, Known
from ingestion.sources.base import Failure
from tickets.choices import Source, Status
from tickets.chunks import chunks
from tickets.models import Occurrence, Ticket

M = TypeVar("M", bound=Model)


def known_for(failures: Sequence[Failure], now: datetime) -> Known:
    """Queue behind other openers of look-alikes, then read and lock every ticket the failures may belong to.

    Locks are taken in one order everywhere (guards by name, tickets by id), so that two writers with the same
    failures in another order wait for each other instead of dying in each other's arms.
    """
    queue_on_guards(_guard_names(failures))
    keys = {f.dedup_key for f in failures}
    runs = {f.run_id for f in failures if is_databricks_run(f)}
    families = {f.family_key for f in failures if f.family_key}
    same_rule = (
        of_rules().filter(last_seen_at__gte=now - RENOTIFICATION_WINDOW).exclude(status=Status.ACKNOWLEDGED)
    )
    wanted = {
        *_ids(Ticket.objects.all(), "dedup_key", keys),
        *_ids(Ticket.objects.filter(source=Source.DATABRICKS), "run_id", runs),
        *_ids(same_rule, "family_key", families),
        *_ids(Occurrence.objects.all(), "dedup_key", keys, "ticket_id"),
        *_recently_acknowledged(failures, now),
    }
    locked = Ticket.objects.select_for_update().order_by("pk")
    tickets = [ticket for some in chunks(sorted(wanted)) for ticket in locked.filter(pk__in=some)]
    _read_joined_keys(tickets, keys)
    return Known(tickets)


def of_rules() -> QuerySet[Ticket]:
    """Tickets of rules that name no run; said in the words of their index, without which a whole table is read."""
    return Ticket.objects.exclude(family_key="")


def find_existing(failure: Failure, now: datetime) -> Ticket | None:
    """The ticket this failure already has, read for it alone."""
    return known_for([failure], now).find(failure, now)


def _guard_names(failures: Iterable[Failure]) -> set[str]:
    return {
        f"run-number:{f.run_id}"[:200] if is_databricks_run(f) else f.family_key
        for f in failures
        if is_databricks_run(f) or f.family_key
    }


def _recently_acknowledged(failures: Sequence[Failure], now: datetime) -> list[int]:
    """The newest acknowledged ticket of each failing pipeline, where its next failure counts as flapping."""
    if not settings.FLAP_MINUTES:
        return []
    since = now - timedelta(minutes=settings.FLAP_MINUTES)
    names = {failure.name[:300] for failure in failures if failure.resource_type in CAN_FLAP}
    recent = Ticket.objects.filter(status=Status.ACKNOWLEDGED, acknowledged_at__gte=since)
    newest: dict[tuple[str, str, str], int] = {}
    for some in chunks(sorted(names)):
        rows = recent.filter(pipeline__in=some).order_by()
        found = rows.values_list("acknowledged_at", "pk", "source", "pipeline", "run_scope")
        for _, ticket_id, source, pipeline, scope in sorted(found):
            newest[source, pipeline, scope] = ticket_id
    return list(newest.values())


def _read_joined_keys(tickets: Sequence[Ticket], keys: set[str]) -> None:
    """Which of the failures' keys joined a ticket by flapping; read behind the locks, where it is settled."""
    by_id = {ticket.pk: ticket for ticket in tickets}
    for some in chunks(sorted(keys) if tickets else []):
        joined = Occurrence.objects.filter(dedup_key__in=some)
        for ticket_id, key in joined.values_list("ticket_id", "dedup_key"):
            if ticket_id in by_id:
                by_id[ticket_id].joined_keys = (*by_id[ticket_id].joined_keys, key)


def _ids(rows: QuerySet[M], column: str, values: set[str], id_column: str = "pk") -> list[int]:
    """The tickets of the rows whose `column` has one of the values."""
    return [
        ticket_id
        for some in chunks(sorted(values))
        for ticket_id in rows.filter(**{f"{column}__in": some}).order_by().values_list(id_column, flat=True)
    ]
