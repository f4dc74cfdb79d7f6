"""The database cannot be written: locked, read-only, disk full. A sender is told 503, and all is well again after."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from ingestion.models import AlertEvent
from tests.conftest import API_KEY
from tests.door.conftest import face, fast_face
from tests.faults.desk import MortalDesk, assert_nothing_is_lost, assert_record_holds, settled
from tests.faults.test_kill_points import post
from tests.support.alerts import data_factory_alert
from tests.support.faces import Face, Told

__all__ = ["face", "fast_face"]

ON_SQLITE = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="SQLite's file is what fails here"
)
READ_ONLY = {"sqlite": "PRAGMA query_only = {}", "postgresql": "SET default_transaction_read_only = {}"}


@contextmanager
def read_only_database() -> Iterator[None]:
    """As a standby is, or a server whose disk is protected: every connection refuses to write."""

    def refuse(connection: BaseDatabaseWrapper, **_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(READ_ONLY[connection.vendor].format("on"))

    connection_created.connect(refuse)
    refuse(connection)
    try:
        yield
    finally:
        connection_created.disconnect(refuse)
        with connection.cursor() as cursor:
            cursor.execute(READ_ONLY[connection.vendor].format("off"))


def send(face: Face) -> Told:
    return face.send("/azure-monitor", json.dumps(data_factory_alert()).encode(), {"X-Api-Key": API_KEY})


def test_read_only_database_is_503_with_retry_after_and_then_well_again(face: Face) -> None:
    with read_only_database():
        told = send(face)
    assert told.status == 503, told.body
    assert int(told.headers["retry-after"]) > 0
    assert AlertEvent.objects.count() == 0
    assert send(face).status == 202


def status_of(desk: MortalDesk) -> int:
    return desk.call("/azure-monitor", data_factory_alert(), key=desk.api_key)[0]


@ON_SQLITE
@pytest.mark.server
@pytest.mark.proof
def test_full_disk_is_503_and_the_work_goes_on_when_there_is_room(desk: MortalDesk) -> None:
    accepted = [(run, post(desk, run)) for run in (str(uuid.uuid4()) for _ in range(5))]
    assert desk.process is not None
    _, hard = resource.prlimit(desk.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(desk.process.pid, resource.RLIMIT_FSIZE, (4_096, hard))  # no file may grow beyond that
    statuses = {status_of(desk) for _ in range(5)}
    time.sleep(3)  # the clock's tasks meet it too
    resource.prlimit(desk.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    assert statuses == {503}
    accepted += [(run, post(desk, run)) for run in (str(uuid.uuid4()) for _ in range(5))]
    found = settled(desk)
    assert_nothing_is_lost(found, [(run, told) for run, told in accepted if told])
    assert len(found["tickets"]) == 10
    assert {state for _, _, state in found["tickets"]} == {"notified"}
    assert_record_holds(desk)


@ON_SQLITE
@pytest.mark.server
@pytest.mark.proof
def test_file_locked_by_another_program_is_503_in_time_and_then_well_again(desk: MortalDesk) -> None:
    other = sqlite3.connect(desk.data_dir / "aiops.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    assert status_of(desk) == 503
    assert time.monotonic() - began < 8  # Azure Monitor waits 10 s for its first try
    other.execute("ROLLBACK")
    other.close()
    assert status_of(desk) == 202
    assert {state for _, _, state in settled(desk)["tickets"]} == {"notified"}
