"""Work that nobody was told of, and no later alert that would bring it along: only the clock's sweeps find it."""

from __future__ import annotations

import shutil
import time
import uuid
from pathlib import Path

import pytest

from tests.faults.desk import MortalDesk, Point, assert_nothing_is_lost, assert_told_once, settled, until
from tests.faults.test_kill_points import post
from tests.production.processes import Redis
from tests.support.world import living

pytestmark = [pytest.mark.server, pytest.mark.proof]

QUIET = {"RCA_PROVIDERS": "rules", "RECONCILE_MINUTES": "0"}
STILL_AWAY = 6.0  # seconds; what was asked for while the first wake-up was tried is lost too
LONG_PAUSE = "31"  # seconds; from half a minute on a pause is left to the sweep


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server not found on this machine")
def test_one_alert_whose_wake_up_was_lost_is_worked_on_all_the_same(tmp_path: Path) -> None:
    broker = Redis("redis", tmp_path)
    broker.start()
    desk = MortalDesk(tmp_path / "desk", {**QUIET, "REDIS_URL": broker.url})
    desk.data_dir.mkdir()
    try:
        desk.live()
        broker.kill()
        run_id = str(uuid.uuid4())
        told = post(desk, run_id)
        assert told is not None
        assert until(lambda: "Wake-ups for tickets are lost" in desk.log.read_text(), 30), "it got through"
        time.sleep(STILL_AWAY)
        broker.start()
        found = settled(desk, 60)
        assert_nothing_is_lost(found, [(run_id, told)])
        assert {state for _, _, state in found["tickets"]} == {"notified"}
    finally:
        desk.kill()
        broker.end()


def test_one_delivery_after_the_long_pause_that_its_vendor_asked_for_is_made(tmp_path: Path) -> None:
    with living() as world:
        desk = MortalDesk(tmp_path, {**world.environment, **QUIET})
        world.faults.pause = LONG_PAUSE
        world.faults.plan("slack post", "429")
        try:
            desk.live()
            run_id = str(uuid.uuid4())
            told = post(desk, run_id)
            assert told is not None
            found = settled(desk, float(LONG_PAUSE) + 30)
            assert_nothing_is_lost(found, [(run_id, told)])
            assert_told_once(found, world)
        finally:
            desk.kill()


def test_worker_inside_that_its_broker_ended_is_started_anew(tmp_path: Path) -> None:
    desk = MortalDesk(tmp_path, QUIET)
    try:
        desk.live(Point("worker ends", "celery.worker.consumer.consumer:Consumer.start", "instead"))
        run_id = str(uuid.uuid4())
        told = post(desk, run_id)
        assert told is not None
        found = settled(desk, 20)
        assert_nothing_is_lost(found, [(run_id, told)])
        assert "as the test wanted it" in desk.log.read_text()
    finally:
        desk.kill()
