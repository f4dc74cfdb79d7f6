"""PostgreSQL cuts the connections of the running server: the door says 503 at worst, and is well again at once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.journey.test_storm_and_death import assert_all_exist, new_alert
from tests.support.live_server import LiveServer
from tests.support.senders import Senders

DATABASE_URL = os.environ.get("DATABASE_URL", "")

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not DATABASE_URL.startswith("postgres"), reason="DATABASE_URL names no PostgreSQL"),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    running = LiveServer(tmp_path, {"INGESTION_QUEUE_LIMIT": "1000000"}).start()
    yield running
    running.kill()


def cut_all_connections(server: LiveServer) -> int:
    with psycopg.connect(server.services["DATABASE_URL"], autocommit=True) as other:
        found = other.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_connection_cut_while_idle_costs_no_alert(server: LiveServer) -> None:
    path, first = new_alert()
    assert server.call(path, first, key=server.api_key)[0] == 202
    assert cut_all_connections(server) >= 1
    path, second = new_alert()
    assert server.call(path, second, key=server.api_key)[0] == 202


def test_connections_cut_under_load_are_503_at_worst_and_lose_nothing(server: LiveServer) -> None:
    senders = Senders(server, new_alert, count=6)
    for _ in range(4):
        time.sleep(0.4)
        cut_all_connections(server)
    before = len(senders.accepted)
    time.sleep(1.0)
    senders.stop()
    assert len(senders.accepted) > before
    assert {status for status, _ in senders.others} <= {503}
    assert senders.cut == 0
    assert_all_exist(server, senders.accepted)
