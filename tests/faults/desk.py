"""A desk that dies where the test says, and what must hold of it afterwards."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.live_server import ROOT, TAKEOVER_SECONDS, LiveServer
from tests.support.world import World

MORTAL = str(Path(__file__).with_name("mortal.py"))

FACTS = """
import json
from collections import Counter
from audit.models import AuditEntry
from ingestion.models import AlertEvent, RunLookup
from integrations.models import ACTIVE, Delivery
from rca.models import Evidence
from tickets.models import Ticket
print(json.dumps({
    "events": list(AlertEvent.objects.values_list("pk", flat=True)),
    "tickets": list(Ticket.objects.values_list("run_id", "key", "processing_state")),
    "unfinished": Ticket.objects.filter(needs_work=True).count()
        + Delivery.objects.filter(state__in=ACTIVE).count()
        + RunLookup.objects.filter(state="waiting").count(),
    "failed": list(Ticket.objects.filter(processing_state="failed").values_list("key", "processing_error")),
    "parked": list(Delivery.objects.filter(state="parked").values_list("channel", "operation", "last_error")),
    "born": list(AuditEntry.objects.filter(action="Ticket Created").values_list("ticket_key", flat=True)),
}, default=str))
"""


@dataclass(frozen=True)
class Point:
    """A place at which the process dies; `which` as in mortal.py."""

    name: str
    place: str
    when: str
    which: str = "1"

    def arguments(self) -> list[str]:
        return [self.place, self.when, self.which]


@dataclass
class MortalDesk(LiveServer):
    """The embedded desk, or the web server alone; `point` is where its next life ends."""

    point: Point | None = None
    is_web_only: bool = False

    def command(self) -> list[str]:
        whole = super().command() + (["--web-only"] if self.is_web_only else [])
        if self.point is None:
            return whole
        python, _, *arguments = whole
        return [python, MORTAL, *self.point.arguments(), *arguments]

    def live(self, point: Point | None = None) -> None:
        self.point = point
        self.start()

    def _wait_until_ready(self) -> None:
        """Work that an earlier life left behind may bring this one to its point before it listens."""
        try:
            super()._wait_until_ready()
        except AssertionError:
            if self.point is None or self.process is None or self.process.poll() != -signal.SIGKILL:
                raise

    def has_died(self, seconds: float) -> bool:
        assert self.process is not None
        try:
            return self.process.wait(seconds) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            return False

    def manage(
        self, *arguments: str, point: Point | None = None, seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        program = [MORTAL, *point.arguments()] if point else [str(ROOT / "manage.py")]
        return subprocess.run(
            [sys.executable, *program, *arguments], cwd=ROOT, env=self.variables(), capture_output=True,
            text=True, check=False, timeout=seconds,
        )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        told = self.manage("shell", "--no-imports", "-c", FACTS)
        assert told.returncode == 0, told.stderr[-3000:]
        found: dict[str, Any] = json.loads(told.stdout.strip().splitlines()[-1])
        return found


def until(what: Callable[[], bool], seconds: float, pause: float = 0.2) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(pause)
    return what()


def settled(desk: MortalDesk, seconds: float = TAKEOVER_SECONDS) -> dict[str, Any]:
    """The facts once nothing is left to do; fails when something stays."""
    found: dict[str, Any] = {}

    def is_done() -> bool:
        found.update(desk.facts())
        return not found["unfinished"]

    assert until(is_done, seconds, pause=0.5), f"{found['unfinished']} stuck\n{desk.log.read_text()[-4000:]}"
    return found


def assert_nothing_is_lost(found: dict[str, Any], accepted: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Every 202 has its event, every failure one ticket with one birth on record. `accepted`: run id and answer."""
    events, keys = set(found["events"]), {run: key for run, key, _ in found["tickets"]}
    assert max(Counter(run for run, _, _ in found["tickets"]).values()) == 1
    for run_id, answer in accepted:
        assert answer["event_id"] in events
        assert keys[run_id] == answer["ticket_id"]
    assert Counter(found["born"]) == Counter(keys.values())


def assert_told_once(found: dict[str, Any], world: World) -> None:
    """One issue, one message, one blob for each ticket."""
    keys = Counter(key for _, key, _ in found["tickets"])
    labels = (label.removeprefix("aiops-") for issue in world.jira.issues for label in issue.fields["labels"])
    assert Counter(label for label in labels if label in keys) == keys
    assert Counter(post["metadata"]["event_payload"]["ticket_id"] for post in world.slack.posts) == keys
    assert found["parked"] == []


def assert_record_holds(desk: MortalDesk) -> None:
    """The audit record verifies and the counters equal a recount."""
    for command in (("verify_audit", "--seal-now"), ("rebuild_counters", "--check")):
        told = desk.manage(*command)
        assert told.returncode == 0, f"{command}: {told.stdout[-2000:]}{told.stderr[-2000:]}"
