"""The real server, killed with SIGKILL between an effect at a vendor and its record; then two workers at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.alerts import data_factory_alert
from tests.support.live_server import ROOT, TAKEOVER_SECONDS, LiveServer
from tests.support.world import JIRA_SECRET, World, living

pytestmark = pytest.mark.server

# Another worker process on the same database, without a broker: claims and delivers as fast as it can.
RIVAL = """
import time, django
django.setup()
from django.utils import timezone
from integrations.deliveries import claims
from integrations.services import deliver
claims.claim_waiting(claims.channels()[0], timezone.now())  # connected, before anything waits
print("ready", flush=True)
ends = time.monotonic() + 120
while time.monotonic() < ends:
    for channel in claims.channels():
        for delivery_id, token in claims.claim_waiting(channel, timezone.now()):
            print(deliver(delivery_id, token), flush=True)
    time.sleep(0.02)
"""


@pytest.fixture
def world() -> Iterator[World]:
    with living() as running:
        yield running


@pytest.fixture
def server(tmp_path: Path, world: World) -> Iterator[LiveServer]:
    running = LiveServer(tmp_path, environment=world.environment).start()
    yield running
    running.kill()


def until(server: LiveServer, what: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            raise AssertionError(f"It did not happen within {seconds} s:\n{server.log.read_text()[-3000:]}")
        time.sleep(0.05)


def ticket_of(server: LiveServer, token: str, key: str) -> dict[str, Any]:
    _, answer = server.call(f"/api/tickets/{key}", token=token)
    found: dict[str, Any] = answer["ticket"]
    return found


def archived(world: World) -> int:
    """How many payloads; the seals of the audit trail come to the same container every minute."""
    return sum(name.endswith("-payload.json") for name in world.blobs.blobs)


def send_alert(server: LiveServer) -> str:
    status, answer = server.call("/azure-monitor", data_factory_alert(), key=server.api_key)
    assert status == 202
    return str(answer["ticket_id"])


def is_told(ticket: dict[str, Any]) -> bool:
    return bool(
        ticket["itsm_ticket_id"]
        and ticket["slack_ts"]
        and ticket["blob_log_url"]
        and ticket["processing_state"] == "notified"
        and all(delivery["state"] == "sent" for delivery in ticket["deliveries"])
    )


@pytest.mark.lease
@pytest.mark.parametrize("effect", ["jira create", "slack post", "blob put"])
def test_killed_between_effect_and_record_makes_no_second_effect(
    server: LiveServer, world: World, effect: str
) -> None:
    token = server.token()
    world.faults.plan(effect, "hold after")
    key = send_alert(server)
    assert world.faults.reached.wait(20), server.log.read_text()[-3000:]
    server.kill()
    server.start()
    until(server, lambda: is_told(ticket_of(server, token, key)), seconds=TAKEOVER_SECONDS)
    assert len(world.jira.issues) == len(world.slack.posts) == archived(world) == 1
    assert dict(world.faults.effects) | {"jira search": 0, "slack look": 0, "slack edit": 0} == {
        "jira create": 1, "slack post": 1, "blob put": 1, "jira search": 0, "slack look": 0, "slack edit": 0,
    }  # fmt: skip


def test_two_workers_racing_tell_thirty_tickets_once_each(server: LiveServer, world: World) -> None:
    environment = {
        **world.environment,
        "PATH": os.environ["PATH"],
        "AIOPS_DATA_DIR": str(server.data_dir),
        "PUBLIC_BASE_URL": server.url,
        "DJANGO_SETTINGS_MODULE": "aiops.settings",
        **server.services,
    }
    rival = subprocess.Popen([sys.executable, "-c", RIVAL], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    assert rival.stdout is not None
    try:
        assert rival.stdout.readline() == b"ready\n"
        with ThreadPoolExecutor(6) as senders:
            keys = list(senders.map(lambda _: send_alert(server), range(30)))
        token = server.token()
        until(server, lambda: len(world.slack.posts) == archived(world) == 30, seconds=60)
        for key in keys:
            until(server, lambda key=key: is_told(ticket_of(server, token, key)))  # type: ignore[misc]
        assert rival.poll() is None
    finally:
        rival.kill()
        told_by_rival = rival.communicate(timeout=10)[0].split()
    assert told_by_rival, "the rival took part"
    labels = [issue.fields["labels"][2] for issue in world.jira.issues]
    assert sorted(labels) == sorted(f"aiops-{key}" for key in keys)
    told = [post["metadata"]["event_payload"]["ticket_id"] for post in world.slack.posts]
    assert sorted(told) == sorted(keys)
    assert archived(world) == 30


def test_hanging_jira_delays_neither_slack_nor_blob_nor_other_tickets(
    server: LiveServer, world: World
) -> None:
    token = server.token()
    world.faults.always["jira create"] = "hang before"
    started = time.monotonic()
    keys = [send_alert(server) for _ in range(6)]
    until(server, lambda: len(world.slack.posts) == 6 and archived(world) == 6, seconds=10)
    assert time.monotonic() - started < 6, "three seconds of waiting for the key, and the way"
    until(server, lambda: all(ticket_of(server, token, k)["processing_state"] == "notified" for k in keys))


def test_closed_in_jira_closes_here_within_a_second_and_nothing_goes_back(
    server: LiveServer, world: World
) -> None:
    token = server.token()
    key = send_alert(server)
    until(server, lambda: is_told(ticket_of(server, token, key)))
    world.jira.issues[0].state = "31"
    body = {
        "webhookEvent": "jira:issue_updated",
        "user": {"displayName": "Grace Hopper"},
        "issue": {"key": "OPS-1", "fields": {"status": {"name": "Done", "statusCategory": {"key": "done"}}}},
    }
    started = time.monotonic()
    assert server.call(f"/webhook/jira?secret={JIRA_SECRET}", body) == (200, {"status": "ok"})
    assert ticket_of(server, token, key)["ack_user"] == "Grace Hopper"
    assert time.monotonic() - started < 1
    until(server, lambda: "CLOSED by Grace Hopper" in world.slack.posts[0]["text"], seconds=5)
    time.sleep(2.5)  # a sweep later
    assert world.jira.issues[0].moves == []
