"""The tickets that a group of failures may belong to, in memory, and which of them is a failure's own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from ingestion.identity.forms import is_databricks_run
from ingestion.sources.base import Failure
from ingestion.sources.keys import databricks_run_key
from tickets.choices import ResourceType, Source
from tickets.models import Ticket

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


def _replace(tickets: list[Ticket], ticket: Ticket) -> None:
    for position, other in enumerate(tickets):
        if other is ticket or other.key == ticket.key:
            tickets[position] = ticket
            return
    tickets.append(ticket)
