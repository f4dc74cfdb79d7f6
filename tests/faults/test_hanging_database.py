"""A PostgreSQL that stands still without a word: its connections stay open and nothing is answered on them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from django.db import connection

from ingestion.fast_door.application import LONGEST_WAIT
from tests.faults.desk import MortalDesk, assert_nothing_is_lost, assert_record_holds, settled
from tests.faults.test_kill_points import post
from tests.production.processes import Postgres, postgres_folder
from tests.support.alerts import data_factory_alert

PROBES = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """In a folder of its own: pytest closes its folders to the user that PostgreSQL runs as."""
    with TemporaryDirectory(prefix="aiops-hanging-") as name:
        Path(name).chmod(0o755)
        running = Postgres("postgres", Path(name) / "postgres")
        running.prepare()
        running.start()
        with psycopg.connect(running.url(), autocommit=True) as made:
            made.execute("CREATE DATABASE aiops")
        yield running
        running.end()


@contextmanager
def standing_still(postgres: Postgres) -> Iterator[None]:
    """Its server and the server's children; those it has not made yet wait for it."""
    assert postgres.child is not None
    server = postgres.child.pid
    os.kill(server, signal.SIGSTOP)
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    stopped = [server, *map(int, children)]
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.server
@pytest.mark.proof
@pytest.mark.skipif(postgres_folder() is None, reason="PostgreSQL's initdb and postgres not found here")
def test_database_that_stands_still_is_503_in_time_and_then_well_again(
    postgres: Postgres, tmp_path: Path
) -> None:
    settings = {"RCA_PROVIDERS": "rules", "RECONCILE_MINUTES": "0", "DATABASE_URL": postgres.url("aiops")}
    desk = MortalDesk(tmp_path, settings)
    runs = [str(uuid.uuid4()) for _ in range(8)]

    def send(run_id: str) -> tuple[int, float]:
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=LONGEST_WAIT * 2)
        headers = {"X-Api-Key": desk.api_key, "Content-Type": "application/json"}
        connection.request("POST", "/azure-monitor", json.dumps(data_factory_alert(run_id)), headers)
        status = connection.getresponse().status
        connection.close()
        return status, time.monotonic() - began

    try:
        desk.live()
        accepted = [(run, post(desk, run)) for run in (str(uuid.uuid4()) for _ in range(5))]
        with standing_still(postgres), ThreadPoolExecutor(len(runs)) as senders:
            sent = [senders.submit(send, run) for run in runs]
            time.sleep(1)
            began = time.monotonic()
            assert desk.call("/healthz")[0] == 200
            assert time.monotonic() - began < 2, "the process itself stands still too"
            told = [each.result(LONGEST_WAIT * 3) for each in sent]
        assert {status for status, _ in told} == {503}
        assert max(seconds for _, seconds in told) < LONGEST_WAIT + 5
        accepted += [(run, post(desk, run)) for run in runs]  # as their senders do
        found = settled(desk, 120)
        assert_nothing_is_lost(found, [(run, answer) for run, answer in accepted if answer])
        assert len(found["tickets"]) == len(accepted)
        assert {state for _, _, state in found["tickets"]} == {"notified"}
        assert_record_holds(desk)
    finally:
        desk.kill()


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's connections")
def test_connection_to_a_server_that_vanished_is_given_up_within_half_a_minute() -> None:
    connection.ensure_connection()
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as line:
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        found = {name: line.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in PROBES}
    assert found == PROBES
