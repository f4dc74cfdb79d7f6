"""A payload that kills every worker which takes it up, as one without memory does, is parked; the others go on."""

from __future__ import annotations

import shutil
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingestion.claims import MOST_ATTEMPTS
from tests.faults.desk import MORTAL, MortalDesk, Point, settled
from tests.faults.test_kill_points import post
from tests.production.processes import Redis, Role
from tests.support.live_server import TAKEOVER_SECONDS

pytestmark = [pytest.mark.server, pytest.mark.proof]

FIRST_TICKET = Point(
    "while the poisoned ticket is worked on", "ingestion.pipeline:collect_evidence", "before", "argument=1"
)


@pytest.mark.skipif(TAKEOVER_SECONDS > 60, reason="five leases in a row: minutes, for the same rows")
def test_poisoned_payload_is_parked_after_its_tries_and_the_others_are_told(tmp_path: Path) -> None:
    desk = MortalDesk(tmp_path, {"RCA_PROVIDERS": "rules", "RECONCILE_MINUTES": "0"})
    poisoned, healthy, deaths = str(uuid.uuid4()), [], 0
    try:
        desk.live(FIRST_TICKET)
        assert post(desk, poisoned) is not None
        while desk.has_died(8.0):
            deaths += 1
            assert deaths <= MOST_ATTEMPTS + 1, "it is never given up"
            desk.live(FIRST_TICKET)
            run_id = str(uuid.uuid4())
            if post(desk, run_id) is not None:
                healthy.append(run_id)
        found = settled(desk)
    finally:
        desk.kill()
    states = {run: state for run, _, state in found["tickets"]}
    assert deaths == MOST_ATTEMPTS
    assert states.pop(poisoned) == "failed"
    assert healthy
    assert set(states) >= set(healthy)
    assert set(states.values()) == {"notified"}


@dataclass
class MortalWorker(Role):
    """A worker apart, with Celery's pool of processes: the one that takes the poisoned ticket up dies."""

    def command(self) -> list[str]:
        arguments = (
            "-q",
            "-A",
            "aiops",
            "worker",
            "--loglevel",
            "warning",
            "--without-mingle",
            "--without-gossip",
        )
        return [sys.executable, MORTAL, *FIRST_TICKET.arguments(), "celery", *arguments, "--concurrency", "2"]


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server not found on this machine")
def test_poisoned_payload_in_a_pool_of_processes_is_parked_and_the_pool_lives_on(
    tmp_path: Path, broker: Redis
) -> None:
    """The kernel ends a process that takes all memory by the same signal."""
    desk = MortalDesk(
        tmp_path / "desk", {"RCA_PROVIDERS": "rules", "RECONCILE_MINUTES": "0", "REDIS_URL": broker.url}
    )
    desk.data_dir.mkdir()
    variables = {name: value for name, value in desk.variables().items() if name != "PATH"}
    worker = MortalWorker("worker", tmp_path, role="worker", variables=variables)
    clock = Role("beat", tmp_path, role="beat", variables=variables)
    poisoned, healthy = str(uuid.uuid4()), [str(uuid.uuid4()) for _ in range(10)]
    try:
        desk.is_web_only = True
        desk.live()
        for process in (worker, clock):
            process.start()
        for run_id in (poisoned, *healthy):
            assert post(desk, run_id) is not None
        found = settled(desk, 75.0 * (MOST_ATTEMPTS + 1))
        assert worker.is_running(), worker.tail()
    finally:
        for each in (worker, clock):
            each.end()
        desk.kill()
    states = {run: state for run, _, state in found["tickets"]}
    assert states.pop(poisoned) == "failed"
    assert [error for _, error in found["failed"]] == [
        f"Given up: {MOST_ATTEMPTS} workers ended while processing it; Re-analyse tries again."
    ]
    assert states == dict.fromkeys(healthy, "notified")
