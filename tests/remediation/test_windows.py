"""Quiet times: what waits for their end, and what goes on when they are changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.services import Actor
from remediation import claims, services
from remediation.models import Attempt, Decision
from remediation.states import State
from remediation.tasks import sweep
from tests.remediation.conftest import Desk, latest_reasons
from tests.support.estate import Estate
from tickets.clock_models import MaintenanceWindow, Repeat
from tickets.quiet.services import change_quiet, lift_quiet, mute_ticket, set_quiet

pytestmark = pytest.mark.django_db

SOMEBODY = Actor("person", "admin@example.com")


def window(**fields: Any) -> MaintenanceWindow:
    """From an hour ago for two hours, for the pipeline of the tests."""
    begins = timezone.now() - timedelta(hours=1)
    ends = begins + timedelta(hours=2)
    made = MaintenanceWindow(
        name="Night of the move", resource_pattern="load", time_zone="UTC", repeat=Repeat.ONCE, reason="Known",
        start_date=begins.date(), start_time=begins.time(), end_date=ends.date(), end_time=ends.time(), **fields,
    )  # fmt: skip
    set_quiet(made, actor=SOMEBODY)
    return made


def test_decision_waits_for_the_windows_end_without_asking_the_vendor(desk: Desk, estate: Estate) -> None:
    made = window()
    estate.pipeline_fails()
    assert desk.take(desk.pipeline_ticket()) == []
    assert "Maintenance: Night of the move, until" in latest_reasons()
    assert estate.vendor.requests == []
    decision = Decision.objects.get()
    assert (decision.is_waiting, decision.verdict) == (True, "wait")
    assert decision.due_at > timezone.now() + timedelta(minutes=58)
    Decision.objects.update(asked_since=timezone.now() - timedelta(hours=6, minutes=30))
    desk.decide()
    assert Decision.objects.get().is_waiting, "the hour to come does not count"
    lift_quiet(made, actor=SOMEBODY, now=timezone.now())
    assert [attempt.state for attempt in desk.decide()] == [State.SCHEDULED]


def test_decision_goes_on_at_once_when_its_window_is_lifted_and_only_the_wait_that_was_is_left_out(
    desk: Desk, estate: Estate
) -> None:
    made = window()
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    asked_since = timezone.now() - timedelta(hours=1)
    Decision.objects.update(asked_since=asked_since + (Decision.objects.get().due_at - timezone.now()))
    assert services.resume_after_windows(timezone.now()) == 0, "the window stands"
    lift_quiet(made, actor=SOMEBODY, now=timezone.now())
    assert services.resume_after_windows(timezone.now()) == 1
    decision = Decision.objects.get()
    assert decision.due_at <= timezone.now()
    assert abs(decision.asked_since - asked_since) < timedelta(seconds=30)
    assert claims.claim_decisions(timezone.now())


def test_attempt_goes_on_at_once_when_its_window_is_shortened_or_lifted(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    made = window()
    assert desk.step() == [State.SCHEDULED]
    end = timezone.now() + timedelta(minutes=20)
    made.end_date, made.end_time = end.date(), end.time()
    change_quiet(made, actor=SOMEBODY, now=timezone.now())
    assert [services.resume_after_windows(timezone.now()) for _ in range(2)] == [1, 0]
    attempt = Attempt.objects.get()
    assert attempt.due_at == attempt.paused_until == end
    lift_quiet(made, actor=SOMEBODY, now=timezone.now())
    assert sweep() == 1, "the next sweep hands it on"
    attempt.refresh_from_db()
    services.step(attempt.pk, attempt.claim_token)
    assert Attempt.objects.get().state == State.VERIFYING


def test_attempt_stays_where_another_window_holds_as_long(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    first, second = window(), window()
    assert desk.step() == [State.SCHEDULED]
    lift_quiet(first, actor=SOMEBODY, now=timezone.now())
    assert claims.claim_attempts(timezone.now()) == []
    services.resume_after_windows(timezone.now())
    assert claims.claim_attempts(timezone.now()) == []
    lift_quiet(second, actor=SOMEBODY, now=timezone.now())
    services.resume_after_windows(timezone.now())
    assert len(claims.claim_attempts(timezone.now())) == 1


def test_scheduled_attempt_waits_for_the_windows_end_and_is_begun_then(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    made = window()
    before = len(estate.vendor.requests)
    assert desk.step() == [State.SCHEDULED]
    attempt = Attempt.objects.get()
    assert attempt.due_at == attempt.paused_until
    assert attempt.due_at > timezone.now() + timedelta(minutes=58)
    assert len(estate.vendor.requests) == before
    lift_quiet(made, actor=SOMEBODY, now=timezone.now())
    Attempt.objects.update(created_at=timezone.now() - timedelta(hours=9), paused_until=timezone.now())
    assert desk.step() == [State.VERIFYING], "nine hours in a window are no waiting"


def test_mute_silences_people_and_stops_no_repair(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    ticket = desk.pipeline_ticket()
    mute_ticket(ticket, until=timezone.now() + timedelta(hours=1), reason="Known", actor=SOMEBODY)
    desk.take(ticket)
    assert desk.step() == [State.VERIFYING]
