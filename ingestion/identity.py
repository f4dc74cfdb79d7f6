"""Which ticket a failure belongs to: a new one, the one that exists, or one to reopen (contract, Identity).

Everything here runs inside the transaction of the alert event. Where an identity is more than one unique key,
concurrent openers queue on a guard row first (`ingestion.guards`), so two forms of one failure cannot both
find nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import QuerySet

from audit.services import Actor
from ingestion.guards import queue_on_guards
from ingestion.sources.base import Failure
from ingestion.sources.keys import databricks_run_key, key_of_receipt
from tickets import services
from tickets.choices import ResourceType, Source, Status
from tickets.models import Occurrence, Ticket

RENOTIFICATION_WINDOW = timedelta(minutes=30)
RUN_NUMBER_WINDOW = timedelta(days=7)
CAN_FLAP = frozenset(
    {
        ResourceType.PIPELINE,
        ResourceType.ACTIVITY,
        ResourceType.JOB,
        ResourceType.TASK,
        ResourceType.FUNCTION,
    }
)
MOST_KEYS_IN_A_QUERY = 400  # SQL Server takes 2,100 parameters in a statement, SQLite 999 where it is old

T = TypeVar("T")

CREATED = "created"
DUPLICATE = "duplicate"
REOPENED = "reopened"
LOOKING_UP = "looking_up"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a failure ended: the ticket (None while its runs are looked up) and what was done."""

    verdict: str
    ticket: Ticket | None
    run_id: str = ""
    existing_status: str = ""


class Known:
    """The tickets that a group of failures may belong to: read together, locked, then kept up to date here.

    Tickets that the same transaction has yet to insert are among them.
    """

    def __init__(self, tickets: Iterable[Ticket] = ()) -> None:
        self._by_dedup_key: dict[str, Ticket] = {}
        self._by_run_number: dict[str, list[Ticket]] = {}
        self._by_family: dict[str, list[Ticket]] = {}
        self._by_name: dict[tuple[str, str], list[Ticket]] = {}
        for ticket in tickets:
            self.add(ticket)

    def add(self, ticket: Ticket) -> None:
        """Remember a ticket, in place of an older state of the same one."""
        self._by_dedup_key[ticket.dedup_key] = ticket
        for key in ticket.joined_keys:
            self._by_dedup_key[key] = ticket
        if ticket.is_closed or (ticket.source, ticket.pipeline) in self._by_name:
            _replace(self._by_name.setdefault((ticket.source, ticket.pipeline), []), ticket)
        if ticket.source == Source.DATABRICKS:
            _replace(self._by_run_number.setdefault(ticket.run_id, []), ticket)
        if ticket.family_key:
            _replace(self._by_family.setdefault(ticket.family_key, []), ticket)

    def find(self, failure: Failure, now: datetime) -> Ticket | None:
        """The ticket a failure has: by its key, by its run number, or by its rule within 30 minutes.

        A failure without a firing comes here with its key of receipt, so that only its rule finds a ticket.
        """
        exact = self._by_dedup_key.get(failure.dedup_key)
        if exact is not None:
            return exact
        if is_databricks_run(failure):
            return self._find_by_run_number(failure, now)
        if failure.family_key:
            family = self._by_family.get(failure.family_key, [])
            recent = [t for t in family if t.last_seen_at >= now - RENOTIFICATION_WINDOW and not t.is_closed]
            return max(recent, key=lambda t: t.last_seen_at, default=None)
        return None

    def just_acknowledged(self, failure: Failure, now: datetime) -> Ticket | None:
        """The ticket of the same pipeline or job whose acknowledgement this failure follows too soon, if any."""
        window = timedelta(minutes=settings.FLAP_MINUTES)
        if not window or failure.resource_type not in CAN_FLAP:
            return None
        happened_at = min(failure.fired_at or now, now)
        alike = [
            (ticket.acknowledged_at, ticket.pk, ticket)
            for ticket in self._by_name.get((failure.source, failure.name[:300]), [])
            if ticket.acknowledged_at is not None
            and ticket.acknowledged_at < happened_at <= ticket.acknowledged_at + window
            and (not failure.run_scope or ticket.run_scope in {"", failure.run_scope})
        ]
        return max(alike)[2] if alike else None

    def _find_by_run_number(self, failure: Failure, now: datetime) -> Ticket | None:
        same_number = [
            t for t in self._by_run_number.get(failure.run_id, []) if t.opened_at >= now - RUN_NUMBER_WINDOW
        ]
        if not failure.run_scope:
            return same_number[0] if len(same_number) == 1 else None
        unscoped_key = databricks_run_key("", failure.run_id)
        for ticket in same_number:
            if not ticket.run_scope and ticket.dedup_key == unscoped_key:
                # That form did not say its workspace, this one does: the ticket is that run's from now on.
                ticket.run_scope, ticket.dedup_key = failure.run_scope, failure.dedup_key
                if not ticket._state.adding:
                    ticket.save(update_fields=["run_scope", "dedup_key"])
                self._by_dedup_key[ticket.dedup_key] = self._by_dedup_key.pop(unscoped_key, ticket)
                return ticket
        return None


def known_for(failures: Sequence[Failure], now: datetime) -> Known:
    """Queue behind other openers of look-alikes, then read and lock every ticket the failures may belong to.

    Locks are taken in one order everywhere (guards by name, tickets by id), so that two writers with the same
    failures in another order wait for each other instead of dying in each other's arms.
    """
    queue_on_guards(_guard_names(failures))
    keys = {f.dedup_key for f in failures}
    runs = {f.run_id for f in failures if is_databricks_run(f)}
    families = {f.family_key for f in failures if f.family_key}
    same_number = Ticket.objects.filter(source=Source.DATABRICKS, opened_at__gte=now - RUN_NUMBER_WINDOW)
    same_rule = Ticket.objects.filter(last_seen_at__gte=now - RENOTIFICATION_WINDOW).exclude(
        status=Status.ACKNOWLEDGED
    )
    wanted = {
        *_ids(Ticket.objects.all(), "dedup_key", keys),
        *_ids(same_number, "run_id", runs),
        *_ids(same_rule, "family_key", families),
        *_ids(Ticket.objects.all(), "flaps__dedup_key", keys),
        *_recently_acknowledged(failures, now),
    }
    locked = Ticket.objects.select_for_update().order_by("pk")
    tickets = [ticket for some in _chunks(sorted(wanted)) for ticket in locked.filter(pk__in=some)]
    _read_joined_keys(tickets, keys)
    return Known(tickets)


def _recently_acknowledged(failures: Sequence[Failure], now: datetime) -> list[int]:
    """The newest acknowledged ticket of each failing pipeline, where its next failure counts as flapping."""
    if not settings.FLAP_MINUTES:
        return []
    since = now - timedelta(minutes=settings.FLAP_MINUTES)
    names = {failure.name[:300] for failure in failures if failure.resource_type in CAN_FLAP}
    recent = Ticket.objects.filter(status=Status.ACKNOWLEDGED, acknowledged_at__gte=since)
    newest: dict[tuple[str, str, str], int] = {}
    for some in _chunks(sorted(names)):
        rows = recent.filter(pipeline__in=some).order_by("acknowledged_at", "pk")
        for ticket_id, source, pipeline, scope in rows.values_list("pk", "source", "pipeline", "run_scope"):
            newest[source, pipeline, scope] = ticket_id
    return list(newest.values())


def _read_joined_keys(tickets: Sequence[Ticket], keys: set[str]) -> None:
    """Which of the failures' keys joined a ticket by flapping; read behind the locks, where it is settled."""
    by_id = {ticket.pk: ticket for ticket in tickets}
    for some in _chunks(sorted(keys) if tickets else []):
        joined = Occurrence.objects.filter(dedup_key__in=some)
        for ticket_id, key in joined.values_list("ticket_id", "dedup_key"):
            if ticket_id in by_id:
                by_id[ticket_id].joined_keys = (*by_id[ticket_id].joined_keys, key)


def _ids(tickets: QuerySet[Ticket], column: str, values: set[str]) -> list[int]:
    return [
        ticket_id
        for some in _chunks(sorted(values))
        for ticket_id in tickets.filter(**{f"{column}__in": some}).order_by().values_list("pk", flat=True)
    ]


def _chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    return (values[i : i + MOST_KEYS_IN_A_QUERY] for i in range(0, len(values), MOST_KEYS_IN_A_QUERY))


def _replace(tickets: list[Ticket], ticket: Ticket) -> None:
    for position, other in enumerate(tickets):
        if other is ticket or other.key == ticket.key:
            tickets[position] = ticket
            return
    tickets.append(ticket)


def find_existing(failure: Failure, now: datetime) -> Ticket | None:
    """The ticket this failure already has, read for it alone."""
    return known_for([failure], now).find(failure, now)


def with_default_scope(failure: Failure) -> Failure:
    """A Databricks form without a workspace belongs to the configured one, where there is one."""
    if is_databricks_run(failure) and not failure.run_scope and settings.DATABRICKS_WORKSPACE_ID:
        scope = settings.DATABRICKS_WORKSPACE_ID
        return replace(failure, run_scope=scope, dedup_key=databricks_run_key(scope, failure.run_id))
    return failure


def with_own_firing(failure: Failure, received_at: datetime) -> Failure:
    """A body without a mark of its own firing gets the time of its receipt: it is never silenced for ever."""
    if failure.has_firing:
        return failure
    return replace(failure, dedup_key=key_of_receipt(failure.dedup_key, received_at), has_firing=True)


def find_touched(failure: Failure, touched: Iterable[Ticket]) -> Ticket | None:
    """Of the tickets that an event ended in when it came, the one of this failure: a replay opens no second."""
    candidates = list(touched)
    for ticket in candidates:
        if ticket.dedup_key == failure.dedup_key:
            return ticket
    for ticket in candidates:
        is_same_rule = bool(failure.family_key) and ticket.family_key == failure.family_key
        if is_same_rule or (is_databricks_run(failure) and ticket.run_id == failure.run_id):
            return ticket
    return None


def join(existing: Ticket, failure: Failure, *, now: datetime, actor: Actor, is_replay: bool) -> Placement:
    """Count the occurrence on the ticket a failure already has; reopen it where the run failed anew.

    A ticket that was opened by a warning (the run takes too long) takes over the real failure's error.
    """
    status = existing.status
    happened_at = failure.fired_at or now
    failed_again = (
        failure.can_recur
        and not is_replay
        and existing.acknowledged_at is not None
        and happened_at > existing.acknowledged_at
    )
    details = {"event_run_id": failure.run_id} if failure.run_id != existing.run_id else {}
    ticket = services.count_occurrence(existing.pk, now=now, actor=actor, details=details)
    if existing.metadata.get("is_warning") and not failure.is_warning:
        error = services.RealError(
            failure.error_message, failure.error_code, failure.error_type, failure.severity
        )
        ticket = services.turn_into_failure(ticket.pk, error, actor=actor, now=now)
        verdict = REOPENED if status == Status.ACKNOWLEDGED else DUPLICATE
        return Placement(verdict, ticket, failure.run_id, status)
    if failed_again:
        reason = "The run failed again after its ticket was acknowledged."
        ticket = services.reopen(ticket.pk, actor=actor, reason=reason, now=now, needs_work=True)
        return Placement(REOPENED, ticket, failure.run_id, status)
    return Placement(DUPLICATE, ticket, failure.run_id, status)


def _guard_names(failures: Iterable[Failure]) -> set[str]:
    return {
        f"run-number:{f.run_id}"[:200] if is_databricks_run(f) else f.family_key
        for f in failures
        if is_databricks_run(f) or f.family_key
    }


def is_databricks_run(failure: Failure) -> bool:
    return failure.source == Source.DATABRICKS and failure.dedup_key.startswith("databricks:run:")


def ticket_of(failure: Failure, *, key_prefix: str, now: datetime) -> Ticket:
    """The ticket that a failure opens, not yet in the database."""
    new = services.NewTicket(
        dedup_key=failure.dedup_key,
        family_key=failure.family_key,
        key_prefix=key_prefix,
        source=failure.source,
        resource_type=failure.resource_type,
        pipeline=failure.name,
        severity=failure.severity,
        run_id=failure.run_id,
        run_scope=failure.run_scope,
        error_message=failure.error_message,
        error_code=failure.error_code,
        error_type=failure.error_type,
        fired_at=failure.fired_at,
        logic_app_run_id=failure.logic_app_run_id,
        processing_mode=failure.processing_mode,
        metadata=metadata_of(failure),
    )
    return services.new_ticket(new, now=now)


def metadata_of(failure: Failure) -> dict[str, Any]:
    """What the alert told, as it is kept with the ticket."""
    return {**failure.metadata, **({"is_warning": True} if failure.is_warning else {})}
