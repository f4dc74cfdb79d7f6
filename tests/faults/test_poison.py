"""A payload that kills every worker which takes it up, as one without memory does, is parked; the others go on."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from ingestion.claims import MOST_ATTEMPTS
from tests.faults.desk import MortalDesk, Point, settled
from tests.faults.test_kill_points import post
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
