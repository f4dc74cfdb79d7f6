"""What the hub reads from the database: new events with each ticket as it is now. Called in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import Max, Q

from tickets.models import LiveEvent, Ticket
from tickets.rows import ticket_row, with_row_relations

MOST_EVENTS_AT_ONCE = 2_000
MOST_EVENTS_MISSED = 5_000
"""A client that missed more reads the lists anew: cheaper for both than telling it all."""


class Reader:
    """A thread of its own that keeps its database connection: twenty readings a second need not connect each time."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None

    async def read(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "aiops-live")

        def call() -> Any:
            try:
                return function(*arguments)
            except Exception:
                connections.close_all()  # the next reading begins with a fresh connection
                raise

        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.submit(connections.close_all)
            thread.shutdown(wait=False)


def newest_number() -> int:
    return LiveEvent.objects.aggregate(newest=Max("id"))["newest"] or 0


class Batch(NamedTuple):
    """The numbers that were read, and what there is to send; a number whose ticket is gone has nothing."""

    numbers: list[int]
    events: list[dict[str, Any]]


def events_after(last: int, gaps: tuple[int, ...]) -> Batch:
    return _batch(Q(id__gt=last) | Q(id__in=gaps) if gaps else Q(id__gt=last))


def events_since(number: int) -> Batch | None:
    """The next events after `number`, at most MOST_EVENTS_AT_ONCE; None when they are too many or no longer kept."""
    oldest = LiveEvent.objects.order_by("id").values_list("id", flat=True).first()
    newest = newest_number()
    if (
        number > newest
        or number < newest - MOST_EVENTS_MISSED
        or (oldest is not None and number < oldest - 1)
        or (oldest is None and number < newest)
    ):
        return None
    return _batch(Q(id__gt=number))


def _batch(wanted: Q) -> Batch:
    found = list(LiveEvent.objects.filter(wanted).order_by("id")[:MOST_EVENTS_AT_ONCE])
    return Batch([event.pk for event in found], render(found))


def render(events: Iterable[LiveEvent]) -> list[dict[str, Any]]:
    """The events as told, with each ticket as it is now; an event whose ticket is gone is left out."""
    found = list(events)
    keys = {event.ticket_key for event in found}
    tickets = {t.key: t for t in with_row_relations(Ticket.objects.filter(key__in=keys))}
    rows = {key: ticket_row(ticket) for key, ticket in tickets.items()}
    told: list[dict[str, Any]] = []
    for event in found:
        if event.ticket_key in rows:
            one = {
                "event": event.event,
                "seq": event.pk,
                "ticket_id": event.ticket_key,
                "ticket": rows[event.ticket_key],
            }
            if event.new_status:
                one["new_status"] = event.new_status
            told.append(one)
    return told
