"""One desk, killed with SIGKILL at each point of an alert's way, one life after the other; then all must hold."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.desk import (
    MortalDesk,
    Point,
    assert_nothing_is_lost,
    assert_record_holds,
    assert_told_once,
    settled,
)
from tests.support.alerts import data_factory_alert
from tests.support.live_server import TAKEOVER_SECONDS
from tests.support.world import World, living

pytestmark = [pytest.mark.server, pytest.mark.proof]

POINTS = [
    Point("before the commit", "ingestion.services:Batch.flush", "after"),
    Point("after the commit, before the answer", "ingestion.fast_door.writer:_tell", "before"),
    Point("after the claim", "ingestion.claims:claim_waiting", "after"),
    Point("after the work has begun", "ingestion.claims:begin", "after"),
    Point("during evidence", "ingestion.pipeline:collect_evidence", "before"),
    Point("after evidence", "ingestion.pipeline:collect_evidence", "after"),
    Point("after the analysis", "ingestion.pipeline:analyse_ticket", "after"),
    Point("after the plan of deliveries", "ingestion.pipeline:plan_deliveries", "after"),
    Point("before the work is marked done", "ingestion.claims:finish", "before"),
    Point("after a delivery was claimed", "integrations.deliveries.claims:claim_waiting", "after"),
    Point("while the counters are folded", "tickets.counter_store:_add_to_totals", "after"),
]


# A ticket whose workers died five times is given up as poisoned, which is another test's business.
LIVES = 4


@pytest.fixture
def world() -> Iterator[World]:
    with living() as running:
        yield running


def post(desk: MortalDesk, run_id: str) -> dict[str, Any] | None:
    """The answer of a 202; nothing when the desk was dead or died over it."""
    connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=20)
    try:
        headers = {"X-Api-Key": desk.api_key, "Content-Type": "application/json"}
        connection.request("POST", "/azure-monitor", json.dumps(data_factory_alert(run_id)), headers)
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    assert answer.status == 202, text
    told: dict[str, Any] = json.loads(text)
    return told


def live_in_peace(desk: MortalDesk) -> None:
    desk.live()
    settled(desk, TAKEOVER_SECONDS * 2)
    desk.kill()


def test_killed_at_each_point_of_the_way_loses_and_doubles_nothing(tmp_path: Path, world: World) -> None:
    desk = MortalDesk(tmp_path, {**world.environment, "RCA_PROVIDERS": "rules", "RECONCILE_MINUTES": "0"})
    accepted, unanswered = [], []
    try:
        for number, point in enumerate(POINTS):
            if number % LIVES == LIVES - 1:
                live_in_peace(desk)
            desk.live(point)
            run_id = str(uuid.uuid4())
            answer = post(desk, run_id)
            accepted += [(run_id, answer)] if answer else []
            unanswered += [] if answer else [run_id]
            assert desk.has_died(TAKEOVER_SECONDS), f"{point.name} was never reached"
        desk.live()
        for run_id in unanswered:  # as every sender does that got no answer
            told = post(desk, run_id)
            assert told is not None
            accepted.append((run_id, told))
        found = settled(desk, TAKEOVER_SECONDS * 2)
        assert_nothing_is_lost(found, accepted)
        assert len(found["tickets"]) == len(POINTS)
        assert found["failed"] == []
        assert {state for _, _, state in found["tickets"]} == {"notified"}
        assert_told_once(found, world)
        assert_record_holds(desk)
    finally:
        desk.kill()
