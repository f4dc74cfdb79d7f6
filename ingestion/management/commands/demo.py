"""`manage.py demo`: a night on call in a minute, against a running desk (contract, section 1)."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from dataclasses import dataclass, field
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.services import Actor
from ingestion.samples.sending import Desk, desk_at
from integrations.errors import IntegrationError
from tickets import services
from tickets.choices import ProcessingState
from tickets.models import Ticket

ACTOR = Actor(name="demo")
ANALYSIS_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Step:
    """One alert. Steps with the same `story` share their ids; `then` is done to the ticket: "acknowledge", "start"."""

    source: str
    event: str
    words: str
    story: str = ""
    then: str = ""


STORY = (
    Step("adf", "common-log-v2-fired", "A pipeline found no file, says a log alert", "orders"),
    Step(
        "adf",
        "common-log-v2-fired",
        "The same alert again: an occurrence, no second ticket",
        "orders",
        "start",
    ),
    Step("adf", "common-log-v2-resolved", "The alert is resolved: noted on the ticket", "orders"),
    Step("databricks", "job-duration-warning", "A Databricks job takes too long", "churn"),
    Step("databricks", "task-failed", "Its task fails: the warning's ticket becomes the failure's", "churn"),
    Step("databricks", "job-failed", "And then the job, in a second notification", "churn", "acknowledge"),
    Step("databricks_clusters", "common-log-v1-fired", "Two of three ended clusters failed"),
    Step("databricks", "cluster-failed", "A cluster cannot be started"),
    Step("azure_functions", "simple-failed", "A function times out", then="acknowledge"),
    Step("synapse", "simple-failed", "A Synapse pipeline misses a table"),
    Step("databricks", "library-failed", "A library cannot be installed", then="acknowledge"),
    Step("adf", "simple-failed", "A login is refused, severity 0", then="start"),
)


@dataclass(slots=True)
class Night:
    """What the steps of one story share, and how many tickets were opened."""

    ids: dict[str, dict[str, Any]] = field(default_factory=dict)
    opened: int = 0


class Command(BaseCommand):
    help = "Send sample alerts of all sources to a running desk, with pauses, and act on some of the tickets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", help="the desk's address; default: PUBLIC_BASE_URL")
        parser.add_argument("--pause", type=float, default=3.0, help="seconds between the alerts")

    def handle(self, *args: Any, **options: Any) -> None:
        desk = desk_at(options["url"])
        if not 0 <= options["pause"] <= 600:
            raise CommandError("--pause: expected seconds from 0 to 600.")
        self.stdout.write(f"Watch {desk.url}/dashboard while {len(STORY)} alerts arrive.")
        night = Night()
        for number, step in enumerate(STORY, 1):
            if number > 1:
                time.sleep(options["pause"])
            self.stdout.write(f"{number:2}/{len(STORY)}  {step.words}.")
            self._take(desk, night, step)
        self.stdout.write(f"{night.opened} tickets were opened: {desk.url}/dashboard")

    def _take(self, desk: Desk, night: Night, step: Step) -> None:
        ids = night.ids.setdefault(step.story, {}) if step.story else {}
        try:
            answer = desk.send(step.source, step.event, timezone.now(), ids)
        except IntegrationError as error:
            raise CommandError(
                f"The desk at {desk.url} did not take the alert: {error}. Start it with `make run`."
            ) from error
        keys = [entry["ticket_id"] for entry in answer["tickets"]]
        night.opened += sum(entry["status"] == "created" for entry in answer["tickets"])
        self.stdout.write(f"       {answer['status']}: {', '.join(keys) or answer['message']}")
        for ticket_id in keys:
            self._follow(ticket_id, step.then)

    def _follow(self, key: str, then: str) -> None:
        ticket = _analysed(key)
        if ticket is None:
            self.stdout.write(
                "       (its analysis is not to be seen from here: another database, or no worker)"
            )
            return
        finding = f"{ticket.severity}, {ticket.error_type or 'no code'}, {ticket.cause_class}"
        self.stdout.write(f"       {ticket.key}: {finding}")
        if then == "acknowledge" and not ticket.is_closed:
            services.acknowledge(ticket.pk, actor=ACTOR, note="Seen in the demo.")
            self.stdout.write(f"       {ticket.key}: acknowledged")
        elif then == "start" and ticket.status == "open":
            services.start(ticket.pk, actor=ACTOR)
            self.stdout.write(f"       {ticket.key}: in progress")


def _analysed(key: str) -> Ticket | None:
    """The ticket once its analysis is there; None when that takes too long or the ticket is not in this database."""
    deadline = time.monotonic() + ANALYSIS_SECONDS
    done = {ProcessingState.ANALYSED, ProcessingState.NOTIFIED, ProcessingState.FAILED}
    while time.monotonic() < deadline:
        ticket = Ticket.objects.filter(key=key).first()
        if ticket is None:
            return None
        if ticket.processing_state in done and not ticket.needs_work:
            return ticket
        time.sleep(0.2)
    return None
