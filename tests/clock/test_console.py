"""Quiet times and policies as people set them: by the console's forms, and one mute by the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from audit.models import AuditEntry
from tests.support.factories import make_ticket
from tests.support.people import client_of
from tickets.escalation.services import shown_target
from tickets.models import EscalationStep, MaintenanceWindow, Mute, TeamPolicy
from tickets.quiet import is_quiet

pytestmark = pytest.mark.django_db

WINDOW = {
    "name": "Patching", "reason": "CHG-1", "repeat": "weekly", "weekdays": ["5", "6"], "start_date": "2026-11-20",
    "start_time": "22:00", "end_time": "04:00", "time_zone": "Europe/Berlin", "is_active": "on",
}  # fmt: skip
STEPS = {"steps-TOTAL_FORMS": "1", "steps-INITIAL_FORMS": "0", "steps-0-delay_minutes": "15"}


def console(person: User) -> Client:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    client = Client()
    client.force_login(person)
    return client


def send(person: User, page: str, body: dict[str, Any]) -> Any:
    return console(person).post(reverse(f"admin:tickets_{page}"), body)


def test_analyst_sets_a_window_and_is_on_record(analyst: User) -> None:
    assert send(analyst, "maintenancewindow_add", WINDOW).status_code == 302
    window = MaintenanceWindow.objects.get()
    assert (window.created_by, window.weekdays) == (analyst.email, "5,6")
    entry = AuditEntry.objects.get(action="Quiet Time Set")
    assert (entry.actor, entry.summary) == (analyst.email, 'Window "Patching" for everything: CHG-1')


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"time_zone": "Mars/Olympus"}, "IANA name"),
        ({"time_zone": "../../etc/passwd"}, "IANA name"),
        ({"weekdays": []}, "at least one day"),
        ({"end_date": "2026-11-19"}, "ends before it begins"),
        ({"repeat": "once", "end_time": "21:00"}, "ends before it begins"),
        ({"reason": ""}, "required"),
    ],
)
def test_window_that_makes_no_sense_is_refused_with_the_reason(
    analyst: User, wrong: dict[str, Any], said: str
) -> None:
    answer = send(analyst, "maintenancewindow_add", {**WINDOW, **wrong})
    assert said in answer.content.decode()
    assert not MaintenanceWindow.objects.exists()


def test_end_now_switches_it_off(analyst: User) -> None:
    send(analyst, "maintenancewindow_add", WINDOW)
    window = MaintenanceWindow.objects.get()
    body = {"action": "end_now", "_selected_action": [str(window.pk)]}
    assert send(analyst, "maintenancewindow_changelist", body).status_code == 302
    window.refresh_from_db()
    assert not window.is_active
    assert AuditEntry.objects.filter(action="Quiet Time Lifted", actor=analyst.email).count() == 1


def test_mute_of_a_ticket_by_its_id(analyst: User) -> None:
    ticket = make_ticket()
    until = timezone.now() + timedelta(hours=1)
    body = {"ticket_id": ticket.key, "expires_at": f"{until:%Y-%m-%d %H:%M}", "reason": "Known"}
    assert send(analyst, "mute_add", body).status_code == 302
    assert Mute.objects.get().ticket == ticket
    assert is_quiet(ticket, timezone.now())


@pytest.mark.parametrize(
    "wrong", [{}, {"ticket_id": "ADF-none"}, {"team": "Sales", "expires_at": "2020-01-01 10:00"}]
)
def test_mute_of_nothing_of_nobody_or_for_the_past_is_refused(analyst: User, wrong: dict[str, str]) -> None:
    answer = send(analyst, "mute_add", {"expires_at": "2999-01-01 10:00", "reason": "Known", **wrong})
    assert answer.status_code == 200
    assert not Mute.objects.exists()


def test_api_mutes_one_ticket(analyst: User) -> None:
    ticket = make_ticket()
    answer = client_of(analyst).post(
        f"/api/tickets/{ticket.key}/mute", {"minutes": 30, "reason": "Known"}, format="json"
    )
    assert answer.status_code == 200
    assert is_quiet(ticket, timezone.now() + timedelta(minutes=29))
    assert not is_quiet(ticket, timezone.now() + timedelta(minutes=31))
    assert Mute.objects.get().created_by == analyst.email


def test_administrator_saves_a_policy_with_its_steps_as_one_entry(admin_person: User) -> None:
    body = {
        "team": "Sales",
        "mention": "here",
        "steps-0-kind": "webhook",
        "steps-0-target": "https://example.com/s3cret",
    }
    assert send(admin_person, "teampolicy_add", {**STEPS, **body}).status_code == 302
    assert EscalationStep.objects.get().delay_minutes == 15
    assert TeamPolicy.objects.get().updated_by == admin_person.email
    entry = AuditEntry.objects.get(action="Team Policy Changed")
    assert entry.details["steps"] == [{"minutes": 15, "kind": "webhook", "target": "example.com"}]


@pytest.mark.parametrize(
    "wrong",
    [
        {"mention": "<!everyone>"},
        {"digest_emails": "a@example.com, nobody"},
        {"steps-0-kind": "email", "steps-0-target": "nobody"},
        {"steps-0-kind": "slack", "steps-0-target": ""},
        {"steps-0-kind": "jira_priority", "steps-0-target": "Urgent"},
        {"steps-0-kind": "webhook", "steps-0-target": "ftp://example.com"},
        {"steps-0-kind": "webhook", "steps-0-target": "https://name:s3cret@example.com/x"},
        {"steps-0-kind": "webhook", "steps-0-target": "http://example.com/x"},
        {"steps-0-kind": "webhook", "steps-0-target": "https://[::1/x"},
    ],
)
def test_policy_that_could_not_be_carried_out_is_refused(admin_person: User, wrong: dict[str, str]) -> None:
    body = {**STEPS, "team": "Sales", "steps-0-kind": "slack", "steps-0-target": "oncall", **wrong}
    assert send(admin_person, "teampolicy_add", body).status_code == 200
    assert not TeamPolicy.objects.exists()


def test_record_names_a_step_by_its_host_alone() -> None:
    step = EscalationStep(kind="webhook", target="https://name:s3cret@example.com:8443?k=s3cret")
    assert shown_target(step) == "example.com"


@pytest.mark.parametrize(
    ("page", "allowed"),
    [("maintenancewindow_add", Role.ANALYST), ("mute_add", Role.ANALYST), ("teampolicy_add", Role.ADMIN)],
)
def test_who_may_set_what(make_person: Callable[[Role | None], User], page: str, allowed: Role) -> None:
    for role in (None, *Role):
        answer = console(make_person(role)).get(reverse(f"admin:tickets_{page}"))
        assert answer.status_code == (200 if role is not None and role >= allowed else 403), role
