"""What stands between a verdict and a call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.services import Actor
from rca.models import RunMention
from remediation import guards, services, switches
from remediation.models import Approval, Attempt, Decision, Playbook
from remediation.states import State
from tests.remediation.conftest import Desk
from tests.support.estate import Estate
from tests.support.factories import make_ticket
from tickets import services as ticket_services
from tickets.clock_models import MaintenanceWindow, Repeat
from tickets.models import TicketLink
from tickets.quiet.services import lift_quiet, mute_ticket, set_quiet

pytestmark = pytest.mark.django_db

SOMEBODY = Actor("person", "admin@example.com")


def reasons() -> str:
    return " ".join(Decision.objects.latest("decided_at").reasons)


def repaired(desk: Desk, estate: Estate, run_id: str = "run-0") -> Attempt:
    estate.pipeline_fails(run_id=run_id, parameters={"run": run_id})
    desk.take(desk.pipeline_ticket(run_id))
    desk.step()
    attempt = Attempt.objects.latest("id")
    estate.end_pipeline_run(attempt.new_run_id)
    desk.step()
    attempt.refresh_from_db()
    assert attempt.state == State.SUCCEEDED
    return attempt


def test_kill_switch_stops_what_is_scheduled_and_what_comes(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    services.set_kill_switch(True, reason="strange things", actor=SOMEBODY)
    assert desk.step() == [State.SKIPPED]
    desk.take(desk.pipeline_ticket(run_id="run-5"))
    assert "kill switch" in reasons()
    assert estate.writes() == []


def test_kill_switch_that_comes_between_guard_and_call_is_in_time(
    desk: Desk, estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    monkeypatch.setattr(guards, "_kill_switch", lambda: None)
    services.set_kill_switch(True, reason="now", actor=SOMEBODY)
    assert desk.step() == [State.SKIPPED]
    assert estate.writes() == []


def test_run_under_way_is_watched_to_its_end_with_the_kill_switch_on(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    desk.step()
    services.set_kill_switch(True, reason="now", actor=SOMEBODY)
    estate.end_pipeline_run("new-1")
    assert desk.step() == [State.SUCCEEDED]


def test_many_failing_resources_are_only_proposed(desk: Desk, estate: Estate, settings: Settings) -> None:
    settings.REMEDIATION_BLAST_RADIUS = 3
    for number in range(3):
        make_ticket(pipeline=f"other-{number}")
    estate.pipeline_fails()
    (attempt,) = desk.take(desk.pipeline_ticket())
    assert attempt.state == State.PROPOSED
    assert "something larger is wrong" in " ".join(attempt.reasons)


def test_attempt_that_was_to_run_by_itself_is_a_question_when_many_fail_before_its_call(
    desk: Desk, estate: Estate, settings: Settings, approver: User
) -> None:
    settings.REMEDIATION_BLAST_RADIUS = 3
    estate.pipeline_fails()
    (attempt,) = desk.take(desk.pipeline_ticket())
    assert attempt.state == State.SCHEDULED
    for number in range(3):
        make_ticket(pipeline=f"other-{number}")
    assert desk.step() == [State.PROPOSED]
    assert estate.writes() == []
    attempt.refresh_from_db()
    assert "something larger is wrong" in attempt.reasons[0]
    assert attempt.expires_at is not None
    assert attempt.expires_at > timezone.now() + timedelta(minutes=239)
    services.approve(attempt.pk, approver, way="api")
    assert desk.step() == [State.VERIFYING]


def test_attempt_that_was_to_run_by_itself_is_a_question_when_somebody_begins_work(
    desk: Desk, estate: Estate
) -> None:
    estate.pipeline_fails()
    ticket = desk.pipeline_ticket()
    desk.take(ticket)
    ticket_services.start(ticket.pk, actor=SOMEBODY)
    assert desk.step() == [State.PROPOSED]
    assert estate.writes() == []


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
    assert "Maintenance: Night of the move, until" in reasons()
    assert estate.vendor.requests == []
    decision = Decision.objects.get()
    assert (decision.is_waiting, decision.verdict) == (True, "wait")
    assert decision.due_at > timezone.now() + timedelta(minutes=58)
    Decision.objects.update(asked_since=timezone.now() - timedelta(hours=6, minutes=30))
    desk.decide()
    assert Decision.objects.get().is_waiting, "the hour to come does not count"
    lift_quiet(made, actor=SOMEBODY, now=timezone.now())
    assert [attempt.state for attempt in desk.decide()] == [State.SCHEDULED]


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


@pytest.mark.parametrize("limit", ["REMEDIATION_PER_RESOURCE_HOUR", "REMEDIATION_PER_HOUR"])
def test_attempts_within_the_hour_are_bounded(
    desk: Desk, estate: Estate, settings: Settings, limit: str
) -> None:
    setattr(settings, limit, 2)
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    for number in (1, 2):
        desk.step()
        estate.end_pipeline_run(f"new-{number}", "Failed")
        desk.step()
        desk.decide()
    assert "within the hour" in reasons()
    desk.step()
    assert estate.writes() == ["createRun"] * 2
    Attempt.objects.update(called_at=timezone.now() - timedelta(hours=2))
    desk.decide()
    desk.step()
    assert len(estate.effects) == 3


def test_database_refuses_a_second_active_attempt_on_a_resource(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    (attempt,) = desk.take(desk.pipeline_ticket())
    twin = Attempt(
        ticket=make_ticket(), playbook=attempt.playbook, state=State.SCHEDULED, resource="x",
        resource_key=attempt.resource_key, token="another",
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


def test_second_failure_of_a_resource_waits_for_the_first_attempt(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails(parameters={"day": "1"})
    estate.pipeline_fails(run_id="run-1", parameters={"day": "2"})
    desk.take(desk.pipeline_ticket())
    assert len(desk.take(desk.pipeline_ticket("run-1"))) == 1
    assert "under way" in reasons()


def test_soon_after_an_attempt_the_next_failure_is_a_question(desk: Desk, estate: Estate) -> None:
    repaired(desk, estate)
    Attempt.objects.update(state=State.FAILED)
    estate.pipeline_fails(run_id="run-1", parameters={"day": "2"})
    attempt = desk.take(desk.pipeline_ticket("run-1"))[-1]
    assert attempt.state == State.PROPOSED
    assert "minutes ago" in " ".join(attempt.reasons)


def test_three_fixes_that_do_not_last_a_day_disable_their_playbook(
    desk: Desk, estate: Estate, settings: Settings, approver: User
) -> None:
    settings.REMEDIATION_COOLDOWN_MINUTES = 0
    for number in range(3):
        estate.pipeline_fails(run_id=f"run-{number}", parameters={"run": str(number)})
        attempt = desk.take(desk.pipeline_ticket(f"run-{number}"))[-1]
        if attempt.state == State.PROPOSED:
            services.approve(attempt.pk, approver, way="api")
        desk.step()
        attempt.refresh_from_db()
        estate.end_pipeline_run(attempt.new_run_id)
        desk.step()
    assert Playbook.objects.get().relapses == 2
    estate.pipeline_fails(run_id="run-9", parameters={"run": "9"})
    desk.take(desk.pipeline_ticket("run-9"))
    row = Playbook.objects.get()
    assert (row.is_disabled, row.relapses) == (True, 3)
    assert "did not last a day" in reasons()
    assert len(estate.effects) == 3
    services.set_playbook(row.name, is_disabled=False, reason="fixed", actor=SOMEBODY)
    assert (Playbook.objects.get().is_disabled, Playbook.objects.get().relapses) == (False, 0)


def test_run_that_somebody_repaired_or_runs_already_is_left_alone(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    estate.pipeline_run("by-hand", "load", "InProgress", started=estate.now, group="run-0")
    ticket = desk.pipeline_ticket()
    assert desk.take(ticket) == []
    assert "runs already" in reasons()
    estate.pipeline_runs["by-hand"]["status"] = "Succeeded"
    assert desk.decide() == []
    assert "repaired already" in reasons()
    assert estate.writes() == []


def test_run_repaired_between_proposal_and_call_is_left_alone(desk: Desk, estate: Estate) -> None:
    estate.job_fails("DRIVER_NOT_RESPONDING")
    desk.take(desk.job_ticket())
    estate.end_job_run()
    assert desk.step() == [State.SKIPPED]
    assert estate.writes() == []


def test_tickets_of_runs_that_an_attempt_started_join_it(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    first = desk.pipeline_ticket()
    desk.take(first)
    desk.step()
    estate.end_pipeline_run("new-1", "Failed")
    second = desk.pipeline_ticket("new-1")
    desk.take(second)
    assert Attempt.objects.count() == 1
    assert TicketLink.objects.filter(ticket=second, other=first).exists()
    desk.step()
    desk.decide()
    desk.step()
    estate.end_pipeline_run("new-2")
    desk.step()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.is_closed, second.is_closed) == (True, True)


def test_child_run_is_repaired_from_its_parent(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails(invokedBy={"pipelineRunId": "parent-1", "pipelineName": "nightly"})
    assert desk.take(desk.pipeline_ticket()) == []
    assert "parent-1" in reasons()


def test_run_that_reopened_a_ticket_is_repaired_from_its_parent_too(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails(run_id="run-9")
    parent, ticket = make_ticket(run_id="parent"), desk.pipeline_ticket()
    RunMention.objects.create(ticket=parent, source="adf", run_id="run-9", is_cause=True)
    ticket_services.acknowledge(ticket.pk, actor=SOMEBODY)
    again = ticket_services.AnotherRun("adf:run:run-9", run_id="run-9", error_code="GatewayTimeout")
    with transaction.atomic():
        ticket = ticket_services.join_run(ticket.pk, again, now=timezone.now())
    assert desk.take(ticket) == []
    assert parent.key in reasons()


def test_changed_error_goes_to_people(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    desk.step()
    estate.end_pipeline_run("new-1", "Failed", "ThrottlingError")
    desk.step()
    desk.decide()
    assert len(estate.effects) == 1
    assert "The error changed" in reasons() or "people decide" in reasons()


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


def test_closed_ticket_ends_what_is_scheduled(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    ticket = desk.pipeline_ticket()
    desk.take(ticket)
    ticket_services.acknowledge(ticket.pk, actor=SOMEBODY)
    assert desk.step() == [State.SKIPPED]
    assert estate.writes() == []


def test_run_that_does_not_end_is_given_to_people(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    desk.step()
    Attempt.objects.update(watch_until=timezone.now())
    assert desk.step() == [State.FAILED]
    assert desk.decide()[-1].number == 1
    assert "did not end" in Attempt.objects.get().detail
