"""Each process of the production shape is killed and started again under load, and nothing is lost.

Then the web processes are exchanged one after the other, as in a rolling upgrade.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.production import processes
from tests.production.desk import Desk, running
from tests.production.load import Load, post
from tests.production.processes import Process, until
from tests.support.alerts import data_factory_forms

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(bool(processes.missing_services()), reason=processes.missing_services()),
]

DOWN_SECONDS = 0.7
BETWEEN_SECONDS = 2.0
SETTLE_SECONDS = 180.0  # well above the lease of what a killed worker held; a busy machine is slow


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """In a folder of its own: pytest closes its folders to the user that PostgreSQL runs as."""
    with TemporaryDirectory(prefix="aiops-production-") as name:
        Path(name).chmod(0o755)
        with running(Path(name)) as desk:
            yield desk


def kill_and_restart(process: Process) -> None:
    process.kill()
    time.sleep(DOWN_SECONDS)
    process.start()


def takes_an_alert(port: int) -> bool:
    path, body = data_factory_forms(str(uuid.uuid4()))[0]
    return post(port, path, json.dumps(body))[0] == 202


def assert_nothing_is_lost(desk: Desk, load: Load) -> None:
    """Every 202 has its event, every failure one ticket, every ticket one effect at each vendor."""
    assert load.given_up == []
    assert load.strange == []
    events = {row[0] for row in desk.postgres.ask("SELECT id FROM ingestion_alertevent")}
    tickets = {row[0]: row[1] for row in desk.postgres.ask("SELECT run_id, key FROM tickets_ticket")}
    answers = [answer for told in load.accepted.values() for answer in told]
    assert {answer["event_id"] for answer in answers} <= events
    assert {run: {told["ticket_id"] for told in told_of} for run, told_of in load.accepted.items()} == {
        run: {tickets[run]} for run in load.accepted
    }


def assert_everything_was_told_once(desk: Desk) -> None:
    keys = Counter(str(row[0]) for row in desk.postgres.ask("SELECT key FROM tickets_ticket"))
    assert max(keys.values()) == 1
    runs = desk.postgres.ask("SELECT run_id FROM tickets_ticket GROUP BY run_id HAVING count(*) > 1")
    assert runs == []
    labels = (label for issue in desk.world.jira.issues for label in issue.fields["labels"])
    assert (
        Counter(label.removeprefix("aiops-") for label in labels if label.removeprefix("aiops-") in keys)
        == keys
    )
    posts = (post["metadata"]["event_payload"]["ticket_id"] for post in desk.world.slack.posts)
    assert Counter(posts) == keys
    assert len(desk.world.blobs.blobs) >= len(keys)


def assert_record_and_counters_hold(desk: Desk) -> None:
    for command in (("verify_audit", "--seal-now"), ("rebuild_counters", "--check")):
        ended = desk.manage(*command)
        assert ended.returncode == 0, f"{command}: {ended.stdout[-2000:]}{ended.stderr[-2000:]}"


def test_each_process_killed_and_each_web_exchanged_under_load_loses_nothing(desk: Desk) -> None:
    """Killed first is what leaves leases behind: they run out while the others are killed and exchanged."""
    load = Load(desk.ports)
    time.sleep(BETWEEN_SECONDS)
    for process in (desk.worker, desk.redis, desk.beat, *desk.webs, desk.postgres):
        kill_and_restart(process)
        time.sleep(BETWEEN_SECONDS)
    assert load.refusals, "nothing was killed under load"
    lasting = [process for process in desk.processes if process is not desk.worker]
    assert all(process.is_running() for process in lasting), desk.logs()
    desk.supervise()
    # Each by itself, before it is exchanged: what lived through the loss takes alerts again.
    for port in desk.ports:
        assert until(partial(takes_an_alert, port), within=10), f"{port}\n{desk.logs()}"
    for web in desk.webs:
        assert web.stop() == 0, web.tail()
        web.start()
    load.stop()
    assert len(load.accepted) > 20
    is_done = until(lambda: not desk.unfinished(), within=SETTLE_SECONDS, pause=0.5)
    assert is_done, f"{desk.unfinished()}\n{desk.logs()}"
    assert_nothing_is_lost(desk, load)
    assert_everything_was_told_once(desk)
    assert_record_and_counters_hold(desk)


def test_readiness_tells_of_a_lost_broker_and_a_lost_database(desk: Desk) -> None:
    assert until(lambda: desk.readiness()[1]["status"] == "ok", within=10), desk.readiness()
    desk.redis.kill()
    status, told = desk.readiness()
    assert (status, told["status"], told["checks"]["broker"]["state"]) == (200, "degraded", "degraded")
    desk.postgres.kill()
    status, told = desk.readiness()
    assert (status, told["status"], told["checks"]["database"]["state"]) == (503, "down", "down")
    desk.postgres.start()
    desk.redis.start()
    assert until(lambda: desk.readiness()[1]["status"] == "ok", within=30), (
        f"{desk.readiness()}\n{desk.logs()}"
    )


def test_log_lines_are_json_with_the_ticket_and_without_a_secret(desk: Desk) -> None:
    for process in (*desk.webs, desk.worker, desk.beat):
        text = process.log.read_text()
        assert "production-test-key" not in text
        assert "xoxb-test" not in text
        assert "jira-token" not in text
    lines = [json.loads(line) for line in desk.worker.log.read_text().splitlines() if line.startswith("{")]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
