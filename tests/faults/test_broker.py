"""A Redis of its own for one desk, emptied under load or hanging without a word: it delays, and loses nothing."""

from __future__ import annotations

import os
import shutil
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.faults.desk import MortalDesk, assert_nothing_is_lost, assert_record_holds, settled
from tests.faults.test_kill_points import post
from tests.production.processes import Redis
from tests.support.live_server import TAKEOVER_SECONDS

pytestmark = [
    pytest.mark.server,
    pytest.mark.proof,
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server not found on this machine"),
]

SETTLE_SECONDS = max(TAKEOVER_SECONDS, 90.0)  # what the broker forgot is found when its lease ends
AZURE_WAITS_SECONDS = 10.0


@pytest.fixture
def desk(tmp_path: Path, broker: Redis) -> Iterator[MortalDesk]:
    running = MortalDesk(
        tmp_path / "desk", {"RCA_PROVIDERS": "rules", "RECONCILE_MINUTES": "0", "REDIS_URL": broker.url}
    )
    running.data_dir.mkdir()
    running.live()
    yield running
    running.kill()


def test_broker_emptied_under_load_loses_no_work(desk: MortalDesk, broker: Redis) -> None:
    accepted = []
    with redis.Redis.from_url(broker.url) as client:
        for _ in range(30):
            run_id = str(uuid.uuid4())
            told = post(desk, run_id)
            assert told is not None
            accepted.append((run_id, told))
            client.flushall()
    found = settled(desk, SETTLE_SECONDS)
    assert_nothing_is_lost(found, accepted)
    assert {state for _, _, state in found["tickets"]} == {"notified"}
    assert_record_holds(desk)


def test_broker_that_hangs_holds_no_sender(desk: MortalDesk, broker: Redis) -> None:
    assert post(desk, str(uuid.uuid4())) is not None
    assert broker.child is not None
    os.kill(broker.child.pid, signal.SIGSTOP)
    accepted, longest = [], 0.0
    try:
        ends = time.monotonic() + 8
        while time.monotonic() < ends:
            run_id, began = str(uuid.uuid4()), time.monotonic()
            told = post(desk, run_id)
            longest = max(longest, time.monotonic() - began)
            assert told is not None
            accepted.append((run_id, told))
            time.sleep(0.2)
    finally:
        os.kill(broker.child.pid, signal.SIGCONT)
    assert longest < AZURE_WAITS_SECONDS / 2
    found = settled(desk, SETTLE_SECONDS)
    assert_nothing_is_lost(found, accepted)
    assert {state for _, _, state in found["tickets"]} == {"notified"}
