"""SQLite's file locked by another program: a sender is told so while it still listens."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.db import OperationalError, connection, transaction

from audit.models import AuditEntry
from ingestion import services
from ingestion.fast_door import writer as writer_module
from ingestion.reading import Inbound
from ingestion.sources import registry
from tests.conftest import API_KEY
from tests.support.alerts import data_factory_alert
from tests.support.faces import Face, FastFace

pytestmark = [
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has one lock for all that write"),
    pytest.mark.django_db(transaction=True),
]


def alert() -> bytes:
    return json.dumps(data_factory_alert()).encode()


@pytest.fixture
def other() -> Iterator[sqlite3.Connection]:
    """Another program, which has begun to write."""
    connection.ensure_connection()
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as program:
        program.execute("BEGIN IMMEDIATE")
        yield program


def test_azure_still_listens_when_it_is_told() -> None:
    assert services.LOCK_SECONDS <= 5


def test_both_faces_answer_503_in_time_and_take_the_alert_afterwards(
    face: Face, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "LOCK_SECONDS", 0.3)
    began = time.monotonic()
    told = face.send("/azure-monitor", alert(), {"X-Api-Key": API_KEY})
    assert (told.status, told.headers["retry-after"]) == (503, "5")
    assert 0.3 <= time.monotonic() - began < 3
    other.execute("ROLLBACK")
    assert face.send("/azure-monitor", alert(), {"X-Api-Key": API_KEY}).status == 202


def test_alert_queued_behind_one_that_waits_in_vain_does_not_wait_as_long_again(
    fast_face: FastFace, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "LOCK_SECONDS", 2.0)
    monkeypatch.setattr(writer_module, "LEAST_LOCK_SECONDS", 0.1)

    async def ask() -> list[int]:
        first = fast_face.writer.submit(registry()["adf"], Inbound(alert()))
        await asyncio.sleep(0.2)
        second = fast_face.writer.submit(registry()["adf"], Inbound(alert()))
        return [answer.http_status for answer in await asyncio.gather(first, second)]

    began = time.monotonic()
    assert asyncio.run(ask()) == [503, 503]
    assert time.monotonic() - began < 3.5


def test_others_wait_as_long_as_ever_afterwards() -> None:
    with connection.waiting_for_lock(0.05):  # type: ignore[attr-defined]
        AuditEntry.objects.create(action="goes through")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (10_000,)


def test_the_bound_holds_for_a_statement_outside_of_a_transaction(other: sqlite3.Connection) -> None:
    began = time.monotonic()
    with connection.waiting_for_lock(0.2):  # type: ignore[attr-defined]
        with pytest.raises(OperationalError, match="locked"):
            AuditEntry.objects.create(action="waits in vain")
        with pytest.raises(OperationalError, match="locked"), transaction.atomic():
            AuditEntry.objects.count()
    assert 0.2 <= time.monotonic() - began < 2
