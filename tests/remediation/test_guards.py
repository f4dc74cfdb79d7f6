"""What stands between a verdict and a call."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.services import Actor
from rca.models import RunMention
from remediation import guards, services
from remediation.models import Attempt, Playbook
from remediation.states import State
from tests.remediation.conftest import Desk, latest_reasons
from tests.support.estate import Estate
from tests.support.factories import make_ticket
from tickets import services as ticket_services
from tickets.models import TicketLink

pytestmark = pytest.mark.django_db

SOMEBODY = Actor("person", "admin@example.com")


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
    assert "kill switch" in latest_reasons()
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
    assert "within the hour" in latest_reasons()
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
    assert "under way" in latest_reasons()


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
    assert "did not last a day" in latest_reasons()
    assert len(estate.effects) == 3
    services.set_playbook(row.name, is_disabled=False, reason="fixed", actor=SOMEBODY)
    assert (Playbook.objects.get().is_disabled, Playbook.objects.get().relapses) == (False, 0)


def test_run_that_somebody_repaired_or_runs_already_is_left_alone(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    estate.pipeline_run("by-hand", "load", "InProgress", started=estate.now, group="run-0")
    ticket = desk.pipeline_ticket()
    assert desk.take(ticket) == []
    assert "runs already" in latest_reasons()
    estate.pipeline_runs["by-hand"]["status"] = "Succeeded"
    assert desk.decide() == []
    assert "repaired already" in latest_reasons()
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
    assert "parent-1" in latest_reasons()


def test_run_that_reopened_a_ticket_is_repaired_from_its_parent_too(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails(run_id="run-9")
    parent, ticket = make_ticket(run_id="parent"), desk.pipeline_ticket()
    RunMention.objects.create(ticket=parent, source="adf", run_id="run-9", is_cause=True)
    ticket_services.acknowledge(ticket.pk, actor=SOMEBODY)
    again = ticket_services.AnotherRun("adf:run:run-9", run_id="run-9", error_code="GatewayTimeout")
    with transaction.atomic():
        ticket = ticket_services.join_run(ticket.pk, again, now=timezone.now())
    assert desk.take(ticket) == []
    assert parent.key in latest_reasons()


def test_changed_error_goes_to_people(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    desk.step()
    estate.end_pipeline_run("new-1", "Failed", "ThrottlingError")
    desk.step()
    desk.decide()
    assert len(estate.effects) == 1
    assert "The error changed" in latest_reasons() or "people decide" in latest_reasons()


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
