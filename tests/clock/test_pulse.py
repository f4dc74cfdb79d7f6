"""A clock that stood still: it catches up, tells everything once, and says that it was away."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from aiops.health import probes
from audit.models import AuditEntry
from tests.clock.conftest import START, Clock, Desk, policy
from tests.support.together import at_once
from tickets import pulse
from tickets.models import ClockPulse, Escalation
from tickets.tasks import watch_sla

pytestmark = pytest.mark.django_db


def test_clock_that_was_away_for_an_hour_tells_all_once_and_says_so(desk: Desk) -> None:
    policy("", (0, "slack", "U0ONCALL"), (20, "slack", "U0ONCALL"), (120, "slack", "U0ONCALL"))
    desk.tick()
    desk.open(1)
    desk.tick(hours=1)
    watch_sla()
    entry = AuditEntry.objects.get(action="Clock Caught Up")
    assert entry.details == {"away_seconds": 3600, "breaches": 1, "escalations": 0}
    assert AuditEntry.objects.filter(action="SLA Breached").count() == 1
    assert Escalation.objects.count() == 2
    assert len(desk.world.slack.replies) == 1


def test_regular_looks_say_nothing(desk: Desk) -> None:
    for _ in range(12):
        desk.tick(seconds=5)
    assert not AuditEntry.objects.filter(action="Clock Caught Up").exists()


def test_two_that_come_back_together_say_it_once(clock: Clock) -> None:
    pulse.look(clock.at)
    clock.on(hours=1)
    assert pulse.look(clock.at) is not None
    assert pulse.look(clock.at) is None
    assert AuditEntry.objects.filter(action="Clock Caught Up").count() == 1


@pytest.mark.django_db(transaction=True)
def test_several_that_come_back_at_the_same_moment_say_it_once() -> None:
    pulse.look(START)
    at_once(*[partial(pulse.look, START + timedelta(hours=1))] * 4)
    assert AuditEntry.objects.filter(action="Clock Caught Up").count() == 1


def test_health_says_when_nobody_looks_and_when_somebody_was_away(clock: Clock) -> None:
    assert probes.clock().state == "degraded"
    pulse.look(clock.at)
    assert probes.clock().state == "ok"
    clock.on(hours=1)
    assert "nobody has looked for 3600 s" in probes.clock().detail
    pulse.look(clock.at)
    found = probes.clock()
    assert found.state == "ok"
    assert "was away 3600 s" in found.detail
    assert ClockPulse.objects.get().back_at == clock.at
