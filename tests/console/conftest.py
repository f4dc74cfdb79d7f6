"""The console's cast: five people as clients, and one row of everything that can be looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.db import models
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.service_keys import create_key
from audit import actions, sealing
from audit.integrity import keep_result
from audit.services import Actor, record
from audit.verification import verify
from ingestion.models import AlertEvent, EventTicket
from integrations.models import Broadcast, Delivery, DeliveryAttempt
from rca.services import analyse_ticket
from remediation.models import Attempt
from tests.support.factories import make_ticket
from tickets import services
from tickets.models import EscalationStep, MaintenanceWindow, Mute, QuietSummary, TeamPolicy, Ticket

CAST: dict[str, Role | None] = {
    "viewer": Role.VIEWER,
    "analyst": Role.ANALYST,
    "approver": Role.APPROVER,
    "admin": Role.ADMIN,
    "outsider": None,
}
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'


@dataclass(frozen=True)
class Cast:
    """Everybody signed in; the outsider may enter the console and holds no role."""

    clients: dict[str, Client]
    people: dict[str, User]


@pytest.fixture
def cast(make_person: Callable[[Role | None], User]) -> Cast:
    clients, people = {}, {}
    for name, role in CAST.items():
        person = make_person(role)
        User.objects.filter(pk=person.pk).update(is_staff=True)
        person.refresh_from_db()
        clients[name], people[name] = Client(), person
        clients[name].force_login(person)
    return Cast(clients, people)


def full_ticket(text: str = "plain", **fields: Any) -> Ticket:
    """A ticket with evidence, an analysis, a delivery with an attempt, an event and a comment, all saying `text`."""
    ticket = make_ticket(pipeline=text[:300], error_message=text, **fields)
    analyse_ticket(ticket.pk)
    services.add_comment(ticket.pk, text, actor=services_actor(text))
    event = AlertEvent.objects.create(
        source="adf", body=f'{{"m": "{text}"}}'.encode(), body_size=9, outcome="accepted", message=text[:500],
        event_type=text[:80], key_name=text[:100], ticket_key=ticket.key,
    )  # fmt: skip
    EventTicket.objects.create(event=event, ticket=ticket, verdict="created")
    delivery = Delivery.objects.create(
        ticket=ticket, channel="slack", operation="post", state="parked", remote_id=text[:200],
        last_error=text, advice=text,
    )  # fmt: skip
    DeliveryAttempt.objects.create(delivery=delivery, number=1, result="failed", response=text, status=403)
    Attempt.objects.create(
        ticket=ticket, playbook="retry_pipeline", state="failed", resource=text[:700], resource_key="k",
        run_id=text[:300], detail=text, reasons=[text], token=ticket.key,
    )  # fmt: skip
    other = make_ticket(pipeline=text[:300])
    services.link(ticket.pk, other.pk)
    ticket.refresh_from_db()
    return ticket


def services_actor(name: str) -> Any:

    return Actor("person", name[:254])


@pytest.fixture
def everything(db: None) -> Ticket:
    """One row at least of every registered model but prunings and erasures, which the database lets nobody invent."""
    ticket = full_ticket()
    create_key(name="a sender", sources=("adf",))
    record(actions.TICKET_CREATED, subject=ticket.subject)
    sealing.seal_entries(settle=timedelta(0))
    keep_result(verify())
    now = timezone.now()
    MaintenanceWindow.objects.create(
        name="Patching", reason="Monthly", resource_pattern="Nothing_*", start_date=now.date(), start_time=time(1),
        end_time=time(2),
    )  # fmt: skip
    Mute.objects.create(ticket=other_ticket(), reason="Known", expires_at=now + timedelta(hours=1))
    QuietSummary.objects.create(rule="window:1", name="Patching", ended_at=now)
    policy = TeamPolicy.objects.create(team="Nobody")
    EscalationStep.objects.create(policy=policy, kind="slack", target="oncall")
    Broadcast.objects.create(identity="quiet-1", channel="slack", subject="Over", text="Over", state="sent")
    return ticket


def other_ticket() -> Ticket:
    return Ticket.objects.order_by("-pk")[0]


def registered() -> list[tuple[type[models.Model], Any]]:
    return sorted(site._registry.items(), key=lambda pair: pair[0]._meta.label)


def snapshot() -> dict[str, list[Any]]:
    """Every row of every table of ours, but for what signing in and merely being seen leaves behind."""
    ours = {"accounts", "audit", "tickets", "integrations", "rca", "remediation", "ingestion", "admin"}

    found = [model for model in apps.get_models() if model._meta.app_label in ours]
    return {model._meta.label: list(model._base_manager.order_by("pk").values_list()) for model in found}
