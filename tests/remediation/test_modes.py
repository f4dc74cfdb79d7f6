"""What a team lets the desk do: dry run, observe, propose, approve, automatic."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.services import Actor
from remediation import services, switches
from remediation.models import Approval, Attempt
from remediation.states import State
from tests.remediation.conftest import Desk
from tests.support.estate import Estate

pytestmark = pytest.mark.django_db

SOMEBODY = Actor("person", "admin@example.com")


def test_dry_run_says_what_it_would_have_done(desk: Desk, estate: Estate, settings: Settings) -> None:
    settings.REMEDIATION_DRY_RUN = True
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    assert desk.step() == [State.DRY_RUN]
    assert "load" in Attempt.objects.get().detail
    assert estate.writes() == []


def test_observing_team_is_asked_nothing(desk: Desk, estate: Estate) -> None:
    services.set_mode("DataEng", "observe", actor=SOMEBODY)
    estate.pipeline_fails()
    (attempt,) = desk.take(desk.pipeline_ticket())
    assert attempt.state == State.DRY_RUN
    desk.step(2)
    assert estate.writes() == []


def test_one_yes_covers_the_step_in_mode_approve_and_one_try_in_mode_propose(
    desk: Desk, estate: Estate, approver: User, mode: Callable[[str], None]
) -> None:
    for name, state in (("approve", State.SCHEDULED), ("propose", State.PROPOSED)):
        mode(name)
        Attempt.objects.all().delete()
        estate.pipeline_fails(run_id=f"run-{name}", parameters={"mode": name})
        desk.take(desk.pipeline_ticket(f"run-{name}"))
        attempt = Attempt.objects.get()
        assert attempt.state == State.PROPOSED
        services.approve(attempt.pk, approver, way="api")
        desk.step()
        attempt.refresh_from_db()
        estate.end_pipeline_run(attempt.new_run_id, "Failed")
        desk.step()
        desk.decide()
        assert Attempt.objects.latest("id").state == state


@pytest.mark.parametrize("mode_now", ["observe", "propose", "approve"])
def test_scheduled_attempt_ends_when_its_team_is_put_back_unless_somebody_said_yes(
    desk: Desk, estate: Estate, approver: User, mode_now: str
) -> None:
    estate.pipeline_fails()
    (attempt,) = desk.take(desk.pipeline_ticket())
    services.set_mode("DataEng", mode_now, actor=SOMEBODY)
    assert desk.step() == [State.SKIPPED]
    assert f"the team's mode is {mode_now} now" in Attempt.objects.get().detail
    assert estate.writes() == []
    Attempt.objects.update(state=State.SCHEDULED, ended_at=None)
    Approval.objects.create(attempt=attempt, person=approver, email=approver.email, answer="yes")
    assert desk.step() == [State.VERIFYING]


def test_try_that_an_earlier_yes_covers_runs_on_in_mode_approve(
    desk: Desk, estate: Estate, approver: User, mode: Callable[[str], None]
) -> None:
    mode("approve")
    estate.pipeline_fails()
    (attempt,) = desk.take(desk.pipeline_ticket())
    services.approve(attempt.pk, approver, way="api")
    desk.step()
    estate.end_pipeline_run("new-1", "Failed")
    desk.step()
    desk.decide()
    assert desk.step() == [State.FAILED, State.VERIFYING]


def test_attempt_that_was_due_while_the_desk_was_off_for_long_is_not_begun(
    desk: Desk, estate: Estate
) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    Attempt.objects.update(created_at=timezone.now() - timedelta(hours=3))
    assert desk.step() == [State.SKIPPED]
    assert "Waited too long" in Attempt.objects.get().detail
    assert estate.writes() == []


def test_teams_mode_wins_over_the_setting() -> None:
    services.set_mode("DataEng", "automatic", actor=SOMEBODY)
    assert (switches.mode_of("DataEng"), switches.mode_of("Other")) == ("automatic", "propose")
    services.set_mode("DataEng", "", actor=SOMEBODY)
    assert switches.mode_of("DataEng") == "propose"
