"""Another process opens the same ticket and commits first: whoever loses the race joins the winner's ticket.

Only where writers work side by side, and without the guards that mostly prevent the race: the unique key decides.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.services import SYSTEM
from ingestion import batch, services
from ingestion.identity import DUPLICATE, ticket_of
from ingestion.models import AlertEvent, Outcome
from ingestion.reading import Inbound, read
from ingestion.replay import replay_event
from ingestion.sources import registry
from ingestion.sources.base import Failure
from tests.door.test_bodies_of_many import many_rows
from tests.support.alerts import data_factory_alert
from tickets.models import Ticket
from tickets.services import announce_opened

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]

BODIES = [
    pytest.param("adf", data_factory_alert(), id="one failure"),
    pytest.param("databricks_clusters", many_rows(2), id="two failures, two races lost in a row"),
]
WAITERS = "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"


class Rival:
    """Another process that has opened the failure's ticket and has not committed yet."""

    def __init__(self, failure: Failure) -> None:
        self._failure = failure
        self._has_opened, self._may_commit = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._open, daemon=True)
        self._thread.start()
        assert self._has_opened.wait(10)

    def _open(self) -> None:
        try:
            with transaction.atomic():
                ticket = ticket_of(self._failure, key_prefix="RIVAL", now=timezone.now())
                ticket.save(force_insert=True)
                announce_opened(ticket)
                self.pid = connection.connection.info.backend_pid
                self._has_opened.set()
                self._may_commit.wait(30)
        finally:
            connection.close()

    def is_waited_for(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(WAITERS, [self.pid])
            return bool(cursor.fetchone()[0])

    def commit(self) -> None:
        self._may_commit.set()
        self._thread.join(10)


def lose_to_rivals(failures: list[Failure], act: Callable[[], Any]) -> Any:
    """What `act` returns when each failure's ticket is committed by another just as `act` inserts its own."""
    rivals = [Rival(failure) for failure in sorted(failures, key=lambda failure: failure.dedup_key)]

    def apart() -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(apart)
        try:
            for rival in rivals:
                deadline = time.monotonic() + 10
                while not rival.is_waited_for() and time.monotonic() < deadline:
                    assert not done.done(), "there was no race"
                    time.sleep(0.01)
                assert rival.is_waited_for()
                rival.commit()
        finally:
            for rival in rivals:
                rival.commit()
        return done.result(20)


def assert_all_joined(count: int, *, times: int) -> None:
    assert [ticket.key[:5] for ticket in Ticket.objects.all()] == ["RIVAL"] * count
    assert set(Ticket.objects.values_list("occurrences", flat=True)) == {times}
    assert not AlertEvent.objects.filter(outcome=Outcome.FAILED).exists()


@pytest.mark.parametrize(("source", "body"), BODIES)
def test_alert_that_loses_the_race_joins_the_winners_ticket(source: str, body: dict[str, Any]) -> None:
    spec, inbound = registry()[source], Inbound(json.dumps(body).encode())
    failures = list(read(spec, inbound).failures)
    answer = lose_to_rivals(failures, lambda: services.receive(spec, inbound))
    assert answer.http_status == 202
    assert answer.body["status"] == "duplicate_ignored"
    assert_all_joined(len(failures), times=2)


@pytest.mark.parametrize(("source", "body"), BODIES)
def test_replay_that_loses_the_race_joins_the_winners_ticket(source: str, body: dict[str, Any]) -> None:
    spec, inbound = registry()[source], Inbound(json.dumps(body).encode())
    failures = list(read(spec, inbound).failures)
    event = AlertEvent.objects.create(source=source, body=inbound.body, body_size=len(inbound.body))
    replayed = lose_to_rivals(failures, lambda: replay_event(event.pk))
    assert replayed.result == DUPLICATE
    assert_all_joined(len(failures), times=2)


def test_run_that_was_looked_up_and_loses_the_race_joins_the_winners_ticket() -> None:
    spec, inbound = registry()["adf"], Inbound(json.dumps(data_factory_alert()).encode())
    (failure,) = read(spec, inbound).failures

    def place() -> Any:
        return batch.place(failure, key_prefix="ADF", now=timezone.now(), actor=SYSTEM)

    assert lose_to_rivals([failure], place).verdict == DUPLICATE
    assert_all_joined(1, times=2)
