"""A clock that the test holds, a world of vendors, and the worker's rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.services import Actor
from integrations import broadcasts
from integrations.models import ACTIVE, Broadcast
from integrations.services import plan_deliveries
from tests.deliveries.conftest import turn as deliver_all
from tests.deliveries.conftest import world as vendors
from tests.support.vendor_server import ok
from tests.support.world import World
from tickets import services
from tickets.clock_models import EscalationStep, MaintenanceWindow, TeamPolicy
from tickets.models import Ticket
from tickets.quiet import rules
from tickets.quiet.services import set_quiet
from tickets.services import NewTicket
from tickets.tasks import watch_sla

world = vendors
turn = deliver_all

ANN = Actor("person", "ann@example.com", "E-17")
HOOK_SECRET = "a-secret-for-the-hook-0123456789"
START = datetime(2020, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """`timezone.now()` for all of the desk."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def to(self, moment: datetime) -> None:
        assert moment >= self.at
        self.at = moment
        rules.forget()

    def on(self, **delta: float) -> None:
        self.to(self.at + timedelta(**delta))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    held = Clock()
    monkeypatch.setattr(timezone, "now", held)
    rules.forget()
    yield held
    rules.forget()


@pytest.fixture
def desk(world: World, turn: Callable[[], None], clock: Clock, settings: Settings) -> Desk:
    settings.EMAIL_HOST = "mail.example.com"
    settings.ESCALATION_SIGNING_SECRET = HOOK_SECRET
    settings.ESCALATION_WEBHOOK_HOSTS = ("127.0.0.1",)
    settings.DIGESTS = ()
    world.slack.places |= {"U0ONCALL", "team-sales"}
    world.vendor.on("POST", "/hook", ok({"ok": True}))
    return Desk(world, turn, clock)


@dataclass
class Desk:
    world: World
    deliver: Callable[[], None]
    clock: Clock

    def open(self, number: int, pipeline: str = "Sales_Load", severity: str = "Critical") -> Ticket:
        """A ticket that went the whole way: born, analysed, told."""
        new = NewTicket(
            dedup_key=f"adf:run:{number}",
            key_prefix="ADF-",
            source="adf",
            resource_type="pipeline",
            pipeline=pipeline,
            severity=severity,
            run_id=str(number),
            error_message="The required Blob is missing.",
            error_type="UserErrorSourceBlobNotExist",
        )
        with transaction.atomic():
            ticket = services.open_ticket(new, now=self.clock.at)
        assert ticket is not None
        services.set_fields(ticket.pk, needs_work=False, processing_state="analysed")
        plan_deliveries(ticket.pk)
        self.work()
        return self.read(ticket)

    def read(self, ticket: Ticket) -> Ticket:
        return Ticket.objects.get(pk=ticket.pk)

    def tick(self, **delta: float) -> None:
        """Time passes, the beat looks, the workers work."""
        self.clock.on(**delta)
        watch_sla()
        self.work()

    def work(self) -> None:
        self.deliver()
        Broadcast.objects.filter(state__in=ACTIVE).update(due_at=self.clock.at)
        broadcasts.send_due(timezone.now)

    def hooks(self) -> list[Any]:
        return [request for request in self.world.vendor.requests if request.path == "/hook"]


def policy(team: str = "", *steps: tuple[int, str, str], **fields: Any) -> TeamPolicy:
    made = TeamPolicy.objects.create(team=team, **fields)
    for minutes, kind, target in steps:
        EscalationStep.objects.create(policy=made, delay_minutes=minutes, kind=kind, target=target)
    return made


def window(name: str = "Patching", **fields: Any) -> MaintenanceWindow:
    """One from noon to two o'clock UTC on the clock's first day, for everything, unless said otherwise."""
    usual: dict[str, Any] = {
        "reason": "Planned", "start_date": START.date(), "start_time": time(12), "end_time": time(14),
        "time_zone": "UTC",
    }  # fmt: skip
    made = MaintenanceWindow(name=name, **{**usual, **fields})
    set_quiet(made, actor=ANN)
    return made
