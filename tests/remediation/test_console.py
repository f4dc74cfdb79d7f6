"""Remediation in the console: the verb on tickets, the answers, the switches; and what the start says of settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from aiops.checks import check_remediation
from audit.models import AuditEntry
from ingestion import pipeline
from remediation import services
from remediation.models import Attempt, Decision, KillSwitch, Playbook, TeamMode
from remediation.states import State
from tests.remediation.conftest import Desk
from tests.support.estate import Estate
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

OVERVIEW = "/admin/remediation/attempt/overview/"
SWITCH = "/admin/remediation/attempt/switch/"


def console(user: User) -> Client:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def test_run_playbook_on_one_ticket_asks_the_vendor_in_a_worker(
    desk: Desk, estate: Estate, analyst: User, approver: User
) -> None:
    estate.pipeline_fails()
    ticket = desk.pipeline_ticket()
    page = reverse("admin:tickets_ticket_do", args=[ticket.pk, "run_playbook"])
    before = len(estate.vendor.requests)
    assert console(analyst).post(page, {"playbook": ""}).status_code == 302
    assert len(estate.vendor.requests) == before, "a request records the wish only"
    (attempt,) = desk.decide()
    assert (attempt.state, attempt.requested_by, attempt.rule) == (State.PROPOSED, analyst, "by_hand")
    detail = reverse("admin:tickets_ticket_change", args=[ticket.pk])
    shown = console(approver).get(f"{detail}?tab=remediation").content.decode()
    assert "Approve" in shown
    assert (
        "Approve" not in console(analyst).get(f"{detail}?tab=remediation").content.decode().split("nav")[-1]
    )
    answer = reverse("admin:remediation_answer", args=[attempt.pk, "approve"])
    assert console(analyst).post(answer).status_code == 403
    assert console(approver).get(answer).status_code == 405
    assert console(approver).post(answer, {"note": "go"}).status_code == 302
    desk.step()
    assert estate.writes() == ["createRun"]


def test_run_playbook_on_many_tells_each_ones_result(desk: Desk, estate: Estate, approver: User) -> None:
    estate.pipeline_fails()
    good = desk.pipeline_ticket()
    never = desk.pipeline_ticket(
        "run-1", error_code="AuthorizationFailed", error_message="403 AuthorizationFailed"
    )
    function = desk.pipeline_ticket("run-2", source="azure_functions", resource_type="function")
    body = {"action": "run_playbook_selected", "confirmed": "yes", "playbook": "",
            ACTION_CHECKBOX_NAME: [good.pk, never.pk, function.pk]}  # fmt: skip
    page = reverse("admin:tickets_ticket_changelist")
    shown: Any = console(approver).post(page, body, follow=True)
    told = [str(message) for message in shown.context["messages"]]
    assert any(good.key in text and "asked for" in text for text in told)
    assert any(never.key in text and "Never" in text for text in told)
    assert any(function.key in text and "no playbook" in text for text in told)
    assert [decision.ticket for decision in Decision.objects.all()] == [good]


def test_wish_that_the_vendor_makes_void_is_told_on_the_ticket(
    desk: Desk, estate: Estate, approver: User
) -> None:
    estate.pipeline_run("run-0", "load", "Succeeded")
    ticket = desk.pipeline_ticket()
    services.ask_for_playbook(ticket.pk, "retry_pipeline", approver)
    assert desk.decide() == []
    assert "has succeeded" in Decision.objects.get().reasons[0]
    assert AuditEntry.objects.filter(ticket_key=ticket.key, summary__contains="Not done as asked").exists()


def test_who_acts_may_stop_and_only_an_administrator_lets_go_on(
    viewer: User, analyst: User, approver: User, admin_person: User
) -> None:
    assert console(viewer).post(SWITCH, {"what": "stop"}).status_code == 403
    assert console(analyst).post(SWITCH, {"what": "stop", "reason": "odd"}).status_code == 302
    switch = KillSwitch.objects.get()
    assert (switch.is_on, switch.changed_by, switch.reason) == (True, analyst.email, "odd")
    assert console(approver).post(SWITCH, {"what": "go"}).status_code == 403
    console(admin_person).post(SWITCH, {"what": "go", "reason": "fine"})
    assert not KillSwitch.objects.get().is_on
    actions = AuditEntry.objects.filter(action__startswith="Remediation Kill").values_list(
        "action", flat=True
    )
    assert sorted(actions) == ["Remediation Kill Switch Off", "Remediation Kill Switch On"]


def test_administrator_sets_modes_and_switches_playbooks(approver: User, admin_person: User) -> None:
    client = console(admin_person)
    client.post(SWITCH, {"what": "mode", "name": "DataEng", "mode": "automatic"})
    client.post(SWITCH, {"what": "mode", "name": "DataEng", "mode": "reckless"})
    client.post(SWITCH, {"what": "disable", "name": "retry_job", "reason": "by hand"})
    client.post(SWITCH, {"what": "disable", "name": "rm -rf"})
    assert [(team.team, team.mode) for team in TeamMode.objects.all()] == [("DataEng", "automatic")]
    assert [(row.name, row.is_disabled) for row in Playbook.objects.all()] == [("retry_job", True)]
    assert (
        console(approver).post(SWITCH, {"what": "mode", "name": "X", "mode": "automatic"}).status_code == 403
    )


def test_overview_shows_policy_record_and_switches(
    desk: Desk, estate: Estate, viewer: User, outsider: User
) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    desk.step()
    estate.end_pipeline_run("new-1")
    desk.step()
    shown = console(viewer).get(OVERVIEW).content.decode()
    for text in (
        "30, 60, 120, 300, 600",
        "UserErrorSourceBlobNotExists",
        "100 %",
        "permission_denied",
        "Kill switch",
    ):
        assert text in shown
    assert "Stop everything" not in shown
    assert console(outsider).get(OVERVIEW).status_code == 403


def test_journey_of_an_alert_ends_with_the_wish_to_decide(
    desk: Desk, estate: Estate, settings: Settings
) -> None:
    estate.pipeline_fails()
    for is_on in (False, True):
        settings.AUTO_REMEDIATION_ENABLED = is_on
        ticket = desk.pipeline_ticket(f"run-{int(is_on)}", needs_work=True)
        Ticket.objects.filter(pk=ticket.pk).update(claim_token="t")
        pipeline.process_ticket(ticket.pk, "t")
    assert [decision.ticket for decision in Decision.objects.all()] == [ticket]
    assert Attempt.objects.count() == 0


def test_start_says_what_remediation_lacks(settings: Settings) -> None:
    settings.AUTO_REMEDIATION_ENABLED = True
    assert [message.id for message in check_remediation()] == ["aiops.W004"]
    settings.AZURE_MANAGEMENT_TOKEN = "t"
    settings.PLAYBOOK_URLS = {"RETRY_JOB": "https://playbook.example"}
    assert [message.id for message in check_remediation()] == ["aiops.E003", "aiops.W008"]
    settings.PLAYBOOK_SIGNING_SECRET, settings.REMEDIATION_FACTORIES = "s", ("/subscriptions/1",)
    assert check_remediation() == []
    settings.AUTO_REMEDIATION_ENABLED = False
    settings.PLAYBOOK_SIGNING_SECRET = ""
    assert check_remediation() == []


def test_metrics_tell_attempts_and_the_kill_switch(desk: Desk, estate: Estate, client: Client) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    text = client.get("/metrics").content.decode()
    assert 'aiops_remediation_attempts{playbook="retry_pipeline",state="scheduled"} 1.0' in text
    assert "aiops_remediation_stopped 0.0" in text
