"""What one transaction of the door is about to write: events, new tickets, reports of tickets that exist, and which
event touched which ticket.

Rows are kept back and inserted together, so that sixty-four alerts cost about as many statements as one. The
rules are those of `ingestion.identity`, whether a batch holds one alert or many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from audit.inserting import insert_all
from audit.new_rows import new_row
from audit.services import Actor
from ingestion import lookups
from ingestion.identity import (
    CREATED,
    DUPLICATE,
    REOPENED,
    Placement,
    find_touched,
    join,
    known_for,
    metadata_of,
    ticket_of,
    with_default_scope,
    with_own_firing,
)
from ingestion.models import AlertEvent, EventTicket
from ingestion.sources.base import Failure
from tickets import services
from tickets.choices import Status
from tickets.models import Ticket


class Batch:
    """Lives inside one transaction; the caller ends it with `flush()`.

    Raises IntegrityError from `flush()` when another transaction took a ticket's key in the meantime.
    """

    def __init__(self, failures: Iterable[Failure], now: datetime) -> None:
        self._known = known_for([with_default_scope(failure) for failure in failures], now)
        self._events: list[AlertEvent] = []
        self._tickets: list[Ticket] = []
        self._touched: list[EventTicket] = []
        self._before: dict[int, list[Ticket]] = {}
        self._repeats: list[tuple[Ticket, int]] = []
        self._occurrences = services.Occurrences()

    def add_event(self, event: AlertEvent) -> None:
        self._events.append(event)

    def touch(self, event: AlertEvent, placements: Sequence[Placement]) -> None:
        """Remember which tickets an event concerned, each once however often it is replayed.

        Both may be unsaved yet.
        """
        known = set() if event._state.adding else set(event.touched.values_list("ticket_id", flat=True))
        self._touched += (
            new_row(EventTicket, event=event, ticket=p.ticket, verdict=p.verdict)
            for p in placements
            if p.ticket is not None and (p.ticket._state.adding or p.ticket.pk not in known)
        )

    def place(
        self,
        failure: Failure,
        *,
        key_prefix: str,
        now: datetime,
        actor: Actor,
        event: AlertEvent | None = None,
        is_replay: bool = False,
    ) -> Placement:
        """Find or open the ticket of one failure, or ask for its runs; counts the occurrence where it exists.

        A replayed event finds the tickets that it ended in when it came, however long ago that was, and
        counts nothing on them a second time.
        """
        received_at = event.received_at if event is not None else now
        failure = with_own_firing(with_default_scope(failure), received_at)
        if is_replay and event is not None:
            touched = find_touched(failure, self._touched_before(event))
            if touched is not None:
                return Placement(DUPLICATE, touched, failure.run_id, touched.status)
        if event is not None and lookups.can_look_up(failure):
            self.flush()
            asked = lookups.request_lookup(failure, event=event, key_prefix=key_prefix, now=now, actor=actor)
            if asked is not None:
                if asked.ticket is not None:
                    self._known.add(asked.ticket)
                return asked
        existing = self._known.find(failure, now)
        if existing is None:
            return self._open(failure, key_prefix=key_prefix, now=now, actor=actor)
        if existing._state.adding:
            self.flush()
        placement = join(existing, failure, self._occurrences, now=now, actor=actor, is_replay=is_replay)
        if placement.ticket is not None:
            self._known.add(placement.ticket)
        return placement

    def _open(self, failure: Failure, *, key_prefix: str, now: datetime, actor: Actor) -> Placement:
        """A ticket of its own, unless its pipeline's last one was acknowledged just now and flapping reopens it."""
        earlier = self._known.just_acknowledged(failure, now)
        if earlier is not None and settings.FLAP_ACTION == services.REOPEN:
            return self._reopen_flapping(earlier, failure, now=now, actor=actor)
        opened = ticket_of(failure, key_prefix=key_prefix, now=now)
        services.announce_opened(opened, actor=actor)
        self._tickets.append(opened)
        if earlier is not None:
            self._repeats.append((opened, earlier.pk))
        self._known.add(opened)
        return Placement(CREATED, opened, failure.run_id)

    def _reopen_flapping(
        self, earlier: Ticket, failure: Failure, *, now: datetime, actor: Actor
    ) -> Placement:
        run = services.AnotherRun(
            dedup_key=failure.dedup_key,
            run_id=failure.run_id,
            error_code=failure.error_code,
            error_type=failure.error_type,
            error_message=failure.error_message,
            metadata=metadata_of(failure),
        )
        self._occurrences.store()
        ticket = services.join_run(earlier.pk, run, now=now, actor=actor)
        ticket.joined_keys = (*earlier.joined_keys, failure.dedup_key)
        self._known.add(ticket)
        return Placement(REOPENED, ticket, failure.run_id, Status.ACKNOWLEDGED)

    def _touched_before(self, event: AlertEvent) -> list[Ticket]:
        """The tickets of a replayed event's earlier turns, read once."""
        if event.pk not in self._before:
            found = Ticket.objects.filter(events__event=event).order_by("pk")
            self._before[event.pk] = list(found)
        return self._before[event.pk]

    def read_again(self, tickets: Sequence[Ticket]) -> None:
        """Others than `place` changed these: what comes later in the batch has to see them as they are."""
        for ticket in Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]):
            self._known.add(ticket)

    def flush(self) -> None:
        """Write what was kept back; tickets in the order of their keys, as every other writer does."""
        insert_all(self._events)
        self._tickets.sort(key=lambda ticket: ticket.dedup_key)
        insert_all(self._tickets)
        insert_all(self._touched)
        for ticket, earlier_id in self._repeats:
            services.link_repeat(ticket, earlier_id)
        self._occurrences.store()
        self._events, self._tickets, self._touched, self._repeats = [], [], [], []


def place(
    failure: Failure, *, key_prefix: str, now: datetime, actor: Actor, is_replay: bool = False
) -> Placement:
    """Find or open the ticket of one failure that came by another way than the door, inside the caller's
    transaction."""
    for _ in range(2):
        try:
            with transaction.atomic():
                batch = Batch([failure], now)
                placement = batch.place(
                    failure, key_prefix=key_prefix, now=now, actor=actor, is_replay=is_replay
                )
                batch.flush()
        except IntegrityError as taken:  # the door opened it in the meantime: join it
            refused = taken
        else:
            return placement
    raise refused
