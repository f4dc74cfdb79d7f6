"""SQLite's writers of one process: nobody overtakes, nobody starves, nobody is told that the database is locked."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction

from aiops.backends.sqlite3.gate import Gate, gate_of
from audit.models import AuditEntry
from tests.support.together import at_once

needs_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has the gate")


def test_turns_are_given_in_the_order_of_asking() -> None:
    gate, order = Gate(), list[int]()
    assert gate.enter(0)

    def wait(number: int) -> None:
        assert gate.enter(10)
        order.append(number)
        gate.leave()

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        while len(gate._waiting) <= number:
            time.sleep(0.001)
    gate.leave()
    for thread in threads:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]
    assert gate.enter(0)


def test_turn_that_does_not_come_in_time_is_given_up_and_not_lost() -> None:
    gate = Gate()
    assert gate.enter(0)
    assert not gate.enter(0.01)
    gate.leave()
    assert gate.enter(0)


@needs_sqlite
@pytest.mark.django_db(transaction=True)
def test_forty_threads_that_write_at_once_all_succeed() -> None:
    def write(number: int) -> None:
        for _ in range(5):
            if number % 2:
                AuditEntry.objects.create(action="outside of a transaction")
            else:
                with transaction.atomic():
                    AuditEntry.objects.create(action="inside")
                    AuditEntry.objects.count()

    at_once(*(partial(write, number) for number in range(40)))
    assert AuditEntry.objects.count() == 200


@needs_sqlite
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_turn_ends_with_the_transaction_however_it_ends(end: str) -> None:
    connection.ensure_connection()
    gate = gate_of(str(connection.settings_dict["NAME"]))
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    assert not gate.enter(0)
    getattr(connection, end)()
    assert gate.enter(0)
    gate.leave()
    connection.close()


@needs_sqlite
@pytest.mark.django_db(transaction=True)
def test_writer_that_never_ends_makes_others_fail_in_time_and_readers_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = gate_of(str(connection.settings_dict["NAME"]))
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    assert gate.enter(1)
    try:
        assert AuditEntry.objects.count() == 0
        with pytest.raises(OperationalError, match="locked"):
            AuditEntry.objects.create(action="waits in vain")
        with pytest.raises(OperationalError, match="locked"), transaction.atomic():
            AuditEntry.objects.count()
    finally:
        gate.leave()
    AuditEntry.objects.create(action="goes through again")
