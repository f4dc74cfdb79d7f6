"""Senders that behave as documented, through an outage of the real desk: zero loss, and no second ticket or act."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.play import FACTORY, Play, copy_activity, job_run, pipeline_run, task
from tests.faults.desk import MortalDesk, Point, assert_nothing_is_lost, assert_told_once, settled, until
from tests.faults.senders import AZURE, DATABRICKS, JIRA, Sender
from tests.support.alerts import data_factory_alert
from tests.support.live_server import TAKEOVER_SECONDS
from tests.support.vendor_server import serving
from tests.support.world import JIRA_SECRET, World, living

pytestmark = [pytest.mark.server, pytest.mark.proof]

AZURE_PACE, JIRA_PACE = 1.5, 100.0  # slow enough for a desk that takes half a minute to start
QUIET = {"RCA_PROVIDERS": "rules", "RECONCILE_MINUTES": "0"}
AFTER_COMMIT = Point("after the commit, before the answer", "ingestion.fast_door.writer:_tell", "before", "6")


@pytest.fixture
def world() -> Iterator[World]:
    with living() as running:
        yield running


def test_azure_and_jira_through_an_outage_lose_nothing_and_double_nothing(
    tmp_path: Path, world: World
) -> None:
    desk = MortalDesk(tmp_path, {**world.environment, **QUIET})
    try:
        desk.live()
        closed = desk.call("/azure-monitor", data_factory_alert(), key=desk.api_key)[1]["ticket_id"]
        settled(desk)
        desk.kill()
        desk.live(AFTER_COMMIT)  # its first death takes the answer of a committed alert with it
        azure = Sender(AZURE, desk.port, {"X-Api-Key": desk.api_key}, AZURE_PACE)
        jira = Sender(JIRA, desk.port, {}, JIRA_PACE)

        def send(count: int) -> None:
            for _ in range(count):
                run_id = str(uuid.uuid4())
                azure.send(run_id, "/azure-monitor", data_factory_alert(run_id))
                time.sleep(0.1)

        send(10)
        assert desk.has_died(20)
        world.jira.issues[0].state = "31"
        jira.send("closed", f"/webhook/jira?secret={JIRA_SECRET}", done(world.jira.issues[0].key))
        send(10)
        time.sleep(1.0)
        desk.live()
        send(5)
        azure.wait()
        jira.wait()
        found = settled(desk, TAKEOVER_SECONDS)
        assert (azure.given_up, azure.skipped, jira.given_up) == ([], [], [])
        assert azure.tries > 25, "nobody had to try again"
        assert jira.tries > 1
        assert len(found["tickets"]) == 26
        assert_nothing_is_lost(found, azure.taken)
        assert_told_once(found, world)
        ticket = desk.call(f"/api/tickets/{closed}", token=desk.token())[1]["ticket"]
        assert ticket["ack_user"] == "Grace Hopper"
        assert [entry["action"] for entry in ticket["timeline"]].count("Ticket Acknowledged") <= 1
    finally:
        desk.kill()


def done(key: str) -> dict[str, Any]:
    return {
        "webhookEvent": "jira:issue_updated",
        "user": {"displayName": "Grace Hopper"},
        "issue": {"key": key, "fields": {"status": {"name": "Done", "statusCategory": {"key": "done"}}}},
    }


def test_what_senders_gave_up_during_a_long_outage_is_found_at_the_vendors(tmp_path: Path) -> None:
    """Longer than Azure tries, and Databricks tries once: only the vendors' own lists still tell of these runs."""
    with serving() as vendor:
        play = Play(vendor)
        started = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
        desk = MortalDesk(
            tmp_path,
            {
                **QUIET,
                "AZURE_MANAGEMENT_ENDPOINT": vendor.url, "AZURE_MANAGEMENT_TOKEN": "arm-token",
                "DATABRICKS_HOST": vendor.url, "DATABRICKS_TOKEN": "dapi-token", "DATABRICKS_WORKSPACE_ID": "77",
                "NO_PROXY": "127.0.0.1,localhost", "RECONCILE_MINUTES": "1", "RECONCILE_FACTORIES": FACTORY,
            },
        )  # fmt: skip
        azure = Sender(AZURE, desk.port, {"X-Api-Key": desk.api_key}, pace=100.0)
        databricks = Sender(DATABRICKS, desk.port, {"X-Api-Key": desk.api_key})
        runs = [f"run-{number}" for number in range(4)]
        for run_id in runs:
            play.add_pipeline_run(pipeline_run(run_id, "load", started=started), copy_activity())
            azure.send(run_id, "/azure-monitor", data_factory_alert(run_id))
            azure.wait()
        play.add_job_run(job_run(900, started=started, tasks=[task(901)]), {"error": "KeyError: 'berth_id'"})
        body = {"event_type": "jobs.on_failure", "workspace_id": 77, "run": {"run_id": 900}}
        databricks.send("900", "/databricks-monitor", body)
        databricks.wait()
        assert [name for name, _ in azure.given_up] == runs[:1]
        assert azure.skipped == runs[1:], "the blackout is simulated"
        assert databricks.given_up == [("900", 0)]
        try:
            desk.live()
            assert until(lambda: len(desk.facts()["tickets"]) == 5, 75, pause=2), desk.log.read_text()[-3000:]
            found = settled(desk)
        finally:
            desk.kill()
    assert {run for run, _, _ in found["tickets"]} == {*runs, "900"}
    assert {state for _, _, state in found["tickets"]} == {"notified"}
