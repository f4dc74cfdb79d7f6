"""The verb of the door: take bodies, decide in one transaction, answer.

Nothing that can be slow or absent stands before the answer: no broker, no vendor, no model. One request or
sixty-four take the same way through this module.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import cast

from django.conf import settings
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.utils import timezone

from audit import context
from audit.appending import appended_together
from audit.services import Actor
from ingestion import answers, metrics
from ingestion.answers import Answer
from ingestion.batch import Batch
from ingestion.decisions import Decision, decide_reading, note_on_open_tickets
from ingestion.models import AlertEvent
from ingestion.reading import Inbound, Reading, read
from ingestion.sources.base import SourceSpec
from tickets.models import Ticket

__all__ = [
    "Inbound",
    "database_away",
    "note_on_open_tickets",
    "read",
    "receive",
    "receive_together",
    "replay",
    "too_many_waiting",
    "waiting_count",
]

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = "5"
LOCK_SECONDS = 5.0
"""How long an alert waits for SQLite's lock: Azure Monitor ends its first try after 10 s, and 503 is to come before."""
MOST_ATTEMPTS = 3
RETRIED_STATES = frozenset({"40001", "40P01"})  # serialisation failure, deadlock: the other side has won

Waiting = Callable[[], int]


def receive(spec: SourceSpec, inbound: Inbound) -> Answer:
    """Store the body and its tickets, then answer; 503 (never 500) when the database cannot take it.

    PostgreSQL that only reads, as a standby does, says so by an InternalError.
    """
    try:
        return receive_together([read(spec, inbound)], waiting_count())[0]
    except (DatabaseError, InterfaceError) as error:
        return database_away(error)


def receive_together(
    readings: Sequence[Reading], waiting: int, *, lock_seconds: float | None = None
) -> list[Answer]:
    """Store readings in one transaction and answer each; `waiting` tickets wait for the workers already.

    A reading that the database refuses is kept as failed and costs the others nothing. Raises OperationalError or
    InterfaceError when the database itself is away, or locked for `lock_seconds`: then nothing was stored.
    """
    with _waiting_for_lock(LOCK_SECONDS if lock_seconds is None else lock_seconds):
        return _receive_together(readings, waiting)


def _waiting_for_lock(seconds: float) -> AbstractContextManager[None]:
    """Only the project's backend for SQLite knows it (`aiops.backends`)."""
    bound = getattr(connection, "waiting_for_lock", None)
    return cast("AbstractContextManager[None]", bound(seconds)) if bound else nullcontext()


def _receive_together(readings: Sequence[Reading], waiting: int) -> list[Answer]:
    try:
        return _store(readings, waiting)
    except (OperationalError, InterfaceError) as error:
        if getattr(error.__cause__, "sqlstate", None) not in RETRIED_STATES:
            raise
    except Exception:  # each is tried alone, where the guilty one is told apart
        if len(readings) > 1:
            logger.debug("A batch of %d is taken apart", len(readings), exc_info=True)
    return [_store_alone(reading, waiting) for reading in readings]


def _store_alone(reading: Reading, waiting: int) -> Answer:
    error: Exception | None = None
    for _ in range(MOST_ATTEMPTS):
        try:
            return _store([reading], waiting)[0]
        except IntegrityError as taken:  # another process opened the ticket in the meantime: join it
            error = taken
        except (OperationalError, InterfaceError) as away:
            return database_away(away)
        except Exception as fault:  # noqa: BLE001 - our own fault: the alert is kept and replayed after the fix
            error = fault
            break
    assert error is not None
    return _store([reading.given_up(error)], waiting)[0]


def _store(readings: Sequence[Reading], waiting: int) -> list[Answer]:
    told: list[Decision | Answer] = []
    with transaction.atomic(), appended_together():
        batch = Batch([failure for reading in readings for failure in reading.failures], timezone.now())
        for reading in readings:
            if waiting >= settings.INGESTION_QUEUE_LIMIT:
                told.append(too_many_waiting())
                continue
            with _acting_for(reading.inbound):
                decision = decide_reading(batch, reading)
            waiting += decision.asks_for_work
            told.append(decision)
        batch.flush()
    answered = [each.told() if isinstance(each, Decision) else each for each in told]
    metrics.count_answers(readings, answered)
    return answered


def _acting_for(inbound: Inbound) -> AbstractContextManager[None]:
    if not inbound.request_id:
        return nullcontext()
    return context.acting_for(inbound.request_id, inbound.remote_address)


def replay(event: AlertEvent, reading: Reading, *, actor: Actor) -> Answer:
    """Take a stored event through the door again: no new event is stored, this one takes the new outcome.

    Raises OperationalError or InterfaceError when the database is away.
    """
    for _ in range(MOST_ATTEMPTS):
        try:
            return _replay_once(event.pk, reading, actor)
        except IntegrityError as taken:  # the door opened the ticket in the meantime: join it
            error: Exception = taken
        except (OperationalError, InterfaceError):
            raise
        except Exception as fault:  # noqa: BLE001 - our own fault: the event says so and waits for the fix
            error = fault
            break
    return _replay_once(event.pk, reading.given_up(error), actor)


def _replay_once(event_id: int, reading: Reading, actor: Actor) -> Answer:
    with transaction.atomic(), appended_together():
        event = AlertEvent.objects.select_for_update().get(pk=event_id)
        batch = Batch(reading.failures, timezone.now())
        decision = decide_reading(batch, reading, replay_of=event, replayed_by=actor)
        batch.flush()
    return decision.told()


def waiting_count() -> int:
    """How many tickets wait for the worker, counted no further than the limit."""
    # Unordered, so that the work index alone is read.
    waiting = Ticket.objects.filter(needs_work=True).order_by().values("pk")
    return waiting[: settings.INGESTION_QUEUE_LIMIT].count()


def too_many_waiting() -> Answer:
    detail = f"More than {settings.INGESTION_QUEUE_LIMIT} tickets wait for processing; try again later."
    return answers.refused(503, detail, Retry_After=RETRY_AFTER_SECONDS)


def database_away(error: Exception) -> Answer:
    logger.error("The database could not take an alert: %s", type(error).__name__)
    return answers.refused(503, "The database is not reachable; try again.", Retry_After=RETRY_AFTER_SECONDS)
