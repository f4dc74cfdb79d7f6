"""Each row of the policy walks its path against vendors with a memory: asked, called, watched, closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.models import AuditEntry
from audit.services import SYSTEM
from remediation import services
from remediation.models import Attempt
from remediation.states import State
from tests.remediation.conftest import Desk
from tests.support.estate import Estate
from tests.support.vendor_server import ok
from tickets.choices import Status
from tickets.models import Ticket
from tickets.services import reopen

pytestmark = pytest.mark.django_db


def actions_of(ticket: Ticket) -> list[str]:
    return list(
        AuditEntry.objects.filter(ticket_key=ticket.key).order_by("id").values_list("action", flat=True)
    )


@pytest.mark.parametrize(
    ("code", "waits"),
    [
        ("GatewayTimeout", [10, 30, 60]),
        ("HttpConnectionFailed", [5, 15, 30]),
        ("ThrottlingError", [30, 60, 120, 300, 600]),
        ("InternalServerError", [30, 60]),
    ],
)
def test_pipeline_is_run_again_with_the_back_off_of_record_then_left_to_people(
    desk: Desk, estate: Estate, code: str, waits: list[int]
) -> None:
    estate.pipeline_fails(code)
    ticket = desk.pipeline_ticket(error_code=code, error_message=f"{code}: the service did not answer.")
    desk.take(ticket)
    for number, wait in enumerate(waits, 1):
        attempt = Attempt.objects.latest("id")
        assert (attempt.state, attempt.wait_seconds, attempt.try_number) == (State.SCHEDULED, wait, number)
        assert attempt.due_at - attempt.created_at == timedelta(seconds=wait)
        desk.step()
        estate.end_pipeline_run(f"new-{number}", "Failed", code)
        desk.step()
        desk.decide()
    last = ["run-0", *(f"new-{number}" for number in range(1, len(waits)))]
    assert estate.effects == [("createRun", f"{run} true") for run in last]
    assert {attempt.state for attempt in Attempt.objects.all()} == {State.FAILED}
    assert actions_of(ticket).count("Auto-Remediation Failed") == len(waits)
    assert actions_of(ticket)[-1] == "Auto-Remediation Max Retries Reached"
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN


def test_good_new_run_closes_the_ticket_with_the_playbooks_name_and_the_time_it_took(
    desk: Desk, estate: Estate
) -> None:
    estate.pipeline_fails()
    ticket = desk.pipeline_ticket()
    desk.take(ticket)
    assert desk.step() == [State.VERIFYING]
    assert desk.step() == [State.VERIFYING], "the run goes on"
    estate.end_pipeline_run("new-1")
    assert desk.step() == [State.SUCCEEDED]
    ticket.refresh_from_db()
    assert ticket.status == Status.ACKNOWLEDGED
    assert ticket.resolution_note.startswith("remediated by Run the pipeline again")
    assert ticket.ack_user == "auto-remediation"
    attempt = Attempt.objects.get()
    assert (attempt.run_id, attempt.new_run_id) == ("run-0", "new-1")
    assert attempt.mttr_seconds is not None
    steps = [name for name in actions_of(ticket) if name.startswith("Auto") or name == "Ticket Closed"]
    assert steps == [
        "Auto-Remediation Scheduled", "Auto-Remediation Attempted", "Auto-Remediation Succeeded", "Ticket Closed",
    ]  # fmt: skip


def test_repaired_run_is_the_recovery_of_its_pipeline(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    ticket = desk.pipeline_ticket()
    earlier, other = desk.pipeline_ticket("run-old"), desk.pipeline_ticket("run-x", pipeline="another")
    desk.take(ticket)
    desk.step()
    estate.end_pipeline_run("new-1")
    assert desk.step() == [State.SUCCEEDED]
    for each in (ticket, earlier, other):
        each.refresh_from_db()
    assert ticket.recovered_at is not None
    assert ticket.recovery_seconds == round((ticket.recovered_at - ticket.opened_at).total_seconds())
    assert (earlier.recovered_at, other.recovered_at) == (ticket.recovered_at, None)
    assert (earlier.is_closed, actions_of(earlier)[-1]) == (False, "Pipeline Recovered")


@pytest.mark.parametrize(
    ("code", "result", "waits"),
    [
        ("DRIVER_NOT_RESPONDING", "FAILED", [60]),
        ("RUN_EXECUTION_ERROR", "TIMEDOUT", [30, 60]),
        ("CLUSTER_ERROR", "FAILED", [60, 120]),
        ("LIBRARY_INSTALLATION_ERROR", "FAILED", [60]),
    ],
)
def test_job_run_is_repaired_with_its_failed_tasks_only(
    desk: Desk, estate: Estate, code: str, result: str, waits: list[int]
) -> None:
    estate.job_fails(code, result=result)
    ticket = desk.job_ticket()
    (attempt,) = desk.take(ticket)
    assert (attempt.wait_seconds, attempt.most_tries) == (waits[0], len(waits))
    assert desk.step() == [State.VERIFYING]
    estate.end_job_run()
    assert desk.step() == [State.SUCCEEDED]
    assert estate.effects == [("repair", "900")]
    body = estate.vendor.to("/api/2.2/jobs/runs/repair")[0].json()
    assert body == {"run_id": 900, "rerun_all_failed_tasks": True}
    ticket.refresh_from_db()
    assert ticket.is_closed


def test_second_repair_names_the_first_one(desk: Desk, estate: Estate) -> None:
    estate.job_fails("CLUSTER_ERROR")
    desk.take(desk.job_ticket())
    desk.step()
    estate.end_job_run(is_good=False, code="CLUSTER_ERROR")
    assert desk.step() == [State.FAILED]
    desk.decide()
    desk.step()
    assert estate.writes() == ["repair", "repair"]
    assert estate.vendor.to("/api/2.2/jobs/runs/repair")[1].json()["latest_repair_id"] == 5001


def test_vendors_own_patience_is_longer_than_the_back_off(desk: Desk, estate: Estate) -> None:
    estate.job_fails("CLUSTER_ERROR")
    desk.take(desk.job_ticket())
    busy = ok({"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"}, 429, Retry_After="500")
    estate.vendor.on("POST", "/api/2.2/jobs/runs/repair", busy)
    assert desk.step() == [State.SCHEDULED]
    attempt = Attempt.objects.get()
    assert attempt.due_at - timezone.now() > timedelta(seconds=490)
    estate.vendor.on("POST", "/api/2.2/jobs/runs/repair", lambda request: estate._repair(request.json()))
    desk.step()
    estate.end_job_run(is_good=False, code="CLUSTER_ERROR")
    assert desk.step() == [State.FAILED]
    desk.decide()
    assert Attempt.objects.latest("id").wait_seconds == 500


def test_run_that_was_repaired_and_fails_again_the_same_day_is_a_relapse_and_a_question(
    desk: Desk, estate: Estate
) -> None:
    estate.job_fails("DRIVER_NOT_RESPONDING")
    ticket = desk.job_ticket()
    desk.take(ticket)
    desk.step()
    estate.end_job_run()
    assert desk.step() == [State.SUCCEEDED]
    estate.end_job_run(is_good=False)
    reopen(ticket.pk, actor=SYSTEM, reason="The run failed anew.")
    desk.take(ticket)
    first, second = Attempt.objects.order_by("id")
    assert first.relapsed_at is not None
    assert (second.state, second.episode, second.number) == (State.PROPOSED, 1, 1)


def test_run_without_tasks_is_run_now_with_the_attempts_token(desk: Desk, estate: Estate) -> None:
    estate.job_fails("DRIVER_NOT_RESPONDING", tasks=[])
    desk.take(desk.job_ticket())
    desk.step()
    assert estate.effects == [("run-now", "5")]
    attempt = Attempt.objects.get()
    assert list(estate.tokens) == [attempt.token]
    estate.end_job_run(attempt.new_run_id)
    assert desk.step() == [State.SUCCEEDED]


def test_cluster_is_started_twice_then_its_fallback_node_type_needs_two_people(
    desk: Desk, estate: Estate, settings: Settings, approver: User, admin_person: User
) -> None:
    settings.REMEDIATION_NODE_FALLBACKS = {"Standard_DS3_v2": "Standard_DS4_v2"}
    estate.cluster_ends("CLOUD_PROVIDER_LAUNCH_FAILURE")
    ticket = desk.cluster_ticket()
    desk.take(ticket)
    for _ in range(2):
        desk.step()
        estate.cluster_ends("CLOUD_PROVIDER_LAUNCH_FAILURE")
        desk.step()
        desk.decide()
    proposal = Attempt.objects.latest("id")
    assert (proposal.playbook, proposal.state, proposal.people_needed) == (
        "fallback_node_type",
        State.PROPOSED,
        2,
    )
    assert services.approve(proposal.pk, approver, way="api").state == State.AWAITING_APPROVAL
    assert services.approve(proposal.pk, admin_person, way="api").state == State.SCHEDULED
    desk.step()
    assert estate.effects[2:] == [("update", "Standard_DS4_v2"), ("start", "Standard_DS4_v2")]
    estate.cluster_runs()
    desk.step()
    ticket.refresh_from_db()
    assert ticket.is_closed


def test_terminated_cluster_is_started_again(desk: Desk, estate: Estate) -> None:
    estate.cluster_ends("COMMUNICATION_LOST")
    desk.take(desk.cluster_ticket())
    assert desk.step() == [State.VERIFYING]
    assert desk.step() == [State.VERIFYING]
    estate.cluster_runs()
    assert desk.step() == [State.SUCCEEDED]
    assert estate.writes() == ["start"]


@pytest.mark.parametrize("code", ["INACTIVITY", "USER_REQUEST", "JOB_FINISHED"])
def test_cluster_that_ended_as_it_should_stays_down(desk: Desk, estate: Estate, code: str) -> None:
    estate.cluster_ends(code, "SUCCESS")
    assert desk.take(desk.cluster_ticket()) == []
    assert estate.writes() == []


def test_library_is_installed_again_then_the_last_good_version_with_approval(
    desk: Desk, estate: Estate, approver: User
) -> None:
    estate.library_fails()
    good = estate.job_fails(run_id=800)
    estate.end_job_run(800)
    good["tasks"][0]["cluster_instance"] = {"cluster_id": "c-1"}
    good["tasks"][0]["libraries"] = [{"pypi": {"package": "pandas==2.2"}}]
    ticket = desk.cluster_ticket("library")
    desk.take(ticket)
    desk.step()
    estate.end_installation("FAILED")
    desk.step()
    desk.decide()
    proposal = Attempt.objects.latest("id")
    assert (proposal.playbook, proposal.state) == ("last_good_libraries", State.PROPOSED)
    services.approve(proposal.pk, approver, way="api")
    desk.step()
    estate.end_installation("INSTALLED")
    desk.step()
    assert estate.effects == [("install", "pandas==3.0"), ("install", "pandas==2.2")]
    ticket.refresh_from_db()
    assert ticket.is_closed


def test_exhausted_resources_are_only_proposed(desk: Desk, estate: Estate) -> None:
    estate.job_fails("MAX_CONCURRENT_RUNS_EXCEEDED")
    (attempt,) = desk.take(desk.job_ticket())
    assert (attempt.rule, attempt.state, attempt.people_needed) == ("resources_exhausted", State.PROPOSED, 1)
    assert desk.step(2) == [State.PROPOSED]
    assert estate.writes() == []


def test_missing_blob_waits_for_its_upstream_then_runs_again(
    desk: Desk, estate: Estate, settings: Settings
) -> None:
    settings.REMEDIATION_UPSTREAMS = {"load": "export"}
    estate.pipeline_fails(
        "2200",
        kind="Copy",
        message="ErrorCode=UserErrorSourceBlobNotExist,'Type=Microsoft.X,Message=missing,'",
    )
    ticket = desk.pipeline_ticket(
        error_code="UserErrorSourceBlobNotExist", error_message="The required Blob is missing."
    )
    (attempt,) = desk.take(ticket)
    assert (attempt.playbook, attempt.state, attempt.wait_seconds) == ("rerun_upstream", State.SCHEDULED, 300)
    estate.pipeline_run("up-1", "export", "InProgress", started=estate.now)
    assert desk.step(2) == [State.SCHEDULED]
    assert estate.writes() == []
    assert actions_of(ticket).count("Waiting for Upstream") == 1
    estate.pipeline_runs["up-1"]["status"] = "Succeeded"
    assert desk.step() == [State.VERIFYING]
    assert estate.effects == [("createRun", "run-0 true")]


def test_missing_blob_without_a_known_upstream_is_a_question(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails("UserErrorSourceBlobNotExist")
    (attempt,) = desk.take(
        desk.pipeline_ticket(error_code="UserErrorSourceBlobNotExist", error_message="Blob is missing")
    )
    assert attempt.state == State.PROPOSED
    assert "REMEDIATION_UPSTREAMS" in " ".join(attempt.reasons)
