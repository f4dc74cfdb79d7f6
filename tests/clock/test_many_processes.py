"""Two clocks and three workers as real processes on Redis: no notice comes twice, and none is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.live_server import ROOT
from tests.support.own_services import own_services
from tests.support.world import World, living

TICKETS = 6
SEED = f"""
from datetime import datetime, time, timedelta
from django.db import transaction
from django.utils import timezone
from audit.services import Actor
from tickets import services
from tickets.models import EscalationStep, Mute, TeamPolicy
from tickets.quiet.services import set_quiet
policy = TeamPolicy.objects.create(team="", mention="here")
for target in ("U0FIRST", "U0SECOND"):
    EscalationStep.objects.create(policy=policy, delay_minutes=0, kind="slack", target=target)
set_quiet(Mute(resource_pattern="Night_*", reason="Known", expires_at=timezone.now() + timedelta(seconds=20)),
          actor=Actor(name="ann@example.com"))
for number in range({TICKETS} + 2):
    name = "Night_Load" if number >= {TICKETS} else "Sales_Load"
    new = services.NewTicket(dedup_key=f"adf:run:{{number}}", key_prefix="ADF-", source="adf",
        resource_type="pipeline", pipeline=name, severity="Critical", run_id=str(number), error_code="E1")
    with transaction.atomic():
        services.open_ticket(new, now=timezone.now())
"""
FIGURES = """
import json
from collections import Counter
from audit.models import AuditEntry
from integrations.models import ACTIVE, Broadcast, Delivery
from tickets import counter_store
print(json.dumps({
    "actions": Counter(AuditEntry.objects.values_list("action", flat=True)),
    "waiting": Delivery.objects.filter(state__in=ACTIVE).count() + Broadcast.objects.filter(state__in=ACTIVE).count(),
    "is_equal": counter_store.current() == counter_store.counted(),
}))
"""


@contextmanager
def running(arguments: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()


def manage(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if condition():
            return True
        time.sleep(0.2)
    return False


@pytest.mark.server
@pytest.mark.lease
@pytest.mark.skipif(
    not (os.environ.get("REDIS_URL") and os.environ.get("DATABASE_URL", "").startswith("postgres")),
    reason="REDIS_URL and a PostgreSQL DATABASE_URL are needed: one process cannot double a notice",
)
def test_two_clocks_and_three_workers_tell_everything_once(tmp_path: Path) -> None:
    with living() as world, ExitStack() as processes:
        world.slack.places |= {"U0FIRST", "U0SECOND"}
        environment = {
            **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}},
            **world.environment,
            **own_services(),
            "AIOPS_DATA_DIR": str(tmp_path),
            "SLA_SECONDS_P1": "4",
            "RCA_PROVIDERS": "rules",
            "DIGESTS": "none",
        }
        manage(environment, "migrate", "--verbosity", "0")
        worker = [
            "celery",
            "-A",
            "aiops",
            "worker",
            "--pool",
            "threads",
            "--concurrency",
            "3",
            "--loglevel",
            "warning",
        ]
        manage(environment, "shell", "-c", SEED)
        for number in range(3):
            named = [*worker, "--hostname", f"w{number}@test"]
            processes.enter_context(running(named, environment, tmp_path / f"worker{number}.log"))
        for number in range(2):
            beat = ["celery", "-A", "aiops", "beat", "--pidfile=", "--loglevel", "warning"]
            processes.enter_context(running(beat, environment, tmp_path / f"beat{number}.log"))
        assert wait_until(lambda: is_all_told(world), 150), (
            [message["text"] for message in world.slack.messages],
            manage(environment, "shell", "-c", FIGURES),
            [log.read_text()[-2000:] for log in tmp_path.glob("*.log")],
        )
        time.sleep(11)  # two more rounds of both clocks: nothing may come twice
        assert wait_until(lambda: '"waiting": 0' in manage(environment, "shell", "-c", FIGURES), 90)
        found = manage(environment, "shell", "-c", FIGURES)
    assert_once(world)
    assert '"SLA Breached": 8' in found
    assert '"Escalation Step Taken": 16' in found
    assert '"Quiet Time Ended": 1' in found
    assert '"is_equal": true' in found


def is_all_told(world: World) -> bool:
    escalated = [post for post in world.slack.posts if post["channel"].startswith("U0")]
    summaries = [post for post in world.slack.posts if post["text"].endswith("is over")]
    calls = [reply for reply in world.slack.replies if "SLA breached" in reply["text"]]
    return len(escalated) >= 2 * (TICKETS + 2) and len(calls) >= TICKETS and bool(summaries)


def assert_once(world: World) -> None:
    calls = [reply for reply in world.slack.replies if "SLA breached" in reply["text"]]
    warnings = Counter(reply["thread_ts"] for reply in world.slack.replies if reply not in calls)
    assert set(warnings.values()) <= {1}  # a clock that looks every five seconds may miss a warning of four
    threads = Counter(reply["thread_ts"] for reply in calls)
    # Those born in quiet get a reply only where the workers came after its end.
    assert TICKETS <= len(threads) <= TICKETS + 2
    assert set(threads.values()) == {1}
    marks = Counter(
        post["metadata"]["event_payload"]["ticket_id"] for post in world.slack.posts if "metadata" in post
    )
    assert set(marks.values()) == {1}, marks
    assert len([mark for mark in marks if "/escalation-0-" in mark]) == 2 * (TICKETS + 2)
    assert len([mark for mark in marks if mark.startswith("quiet-")]) == 1
