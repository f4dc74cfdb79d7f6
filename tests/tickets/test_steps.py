"""Recommendations as a checklist: ticked once, recorded with who and when, told to the dashboards."""

from __future__ import annotations

import pytest

from accounts.models import User
from audit import actions
from audit.models import ActorKind, AuditEntry
from audit.services import Actor
from tests.support.factories import make_ticket
from tests.support.people import client_of
from tickets import services
from tickets.models import DoneStep, LiveEvent, Ticket
from tickets.steps import digest_of, steps_of

pytestmark = pytest.mark.django_db

ANA = Actor(ActorKind.PERSON, "ana@example.com")
FIRST, SECOND = "Check that the file is there.", "Re-run the pipeline."


@pytest.fixture
def ticket() -> Ticket:
    return make_ticket(recommendations=[FIRST, SECOND])


def recorded(ticket: Ticket) -> list[tuple[str, str]]:
    wanted = (actions.STEP_DONE, actions.STEP_UNDONE)
    entries = AuditEntry.objects.filter(ticket_key=ticket.key, action__in=wanted).order_by("id")
    return [(entry.action, entry.summary) for entry in entries]


def test_ticked_step_is_kept_recorded_and_announced(ticket: Ticket) -> None:
    version = ticket.version
    changed = services.mark_step(ticket.pk, digest_of(SECOND), is_done=True, actor=ANA)
    assert [(step.text, step.is_done, step.done_by) for step in steps_of(changed)] == [
        (FIRST, False, ""),
        (SECOND, True, "ana@example.com"),
    ]
    assert recorded(ticket) == [(actions.STEP_DONE, SECOND)]
    assert changed.version == version + 1
    assert LiveEvent.objects.filter(ticket_key=ticket.key, event="ticket_updated").count() == 1


def test_tick_given_twice_is_recorded_once_and_can_be_taken_away(ticket: Ticket) -> None:
    for is_done in (True, True, False, False):
        services.mark_step(ticket.pk, digest_of(FIRST), is_done=is_done, actor=ANA)
    assert recorded(ticket) == [(actions.STEP_DONE, FIRST), (actions.STEP_UNDONE, FIRST)]
    assert not DoneStep.objects.exists()


def test_step_that_is_not_recommended_is_refused(ticket: Ticket) -> None:
    with pytest.raises(services.UnknownStepError):
        services.mark_step(ticket.pk, digest_of("Delete everything."), is_done=True, actor=ANA)
    assert recorded(ticket) == []


def test_tick_outlives_an_analysis_that_says_the_same_and_no_other(ticket: Ticket) -> None:
    services.mark_step(ticket.pk, digest_of(FIRST), is_done=True, actor=ANA)
    ticket.recommendations = ["Something new.", FIRST, FIRST]
    assert [(step.text, step.is_done) for step in steps_of(ticket)] == [
        ("Something new.", False),
        (FIRST, True),
    ]


def test_step_is_ticked_over_the_api_by_those_who_may(ticket: Ticket, analyst: User, viewer: User) -> None:
    body = {"id": digest_of(FIRST), "done": True}
    path = f"/api/tickets/{ticket.key}/steps"
    assert client_of(viewer).post(path, body, format="json").status_code == 403
    answer = client_of(analyst).post(path, body, format="json")
    assert answer.status_code == 200
    first, second = answer.json()["ticket"]["steps"]
    assert (first["is_done"], first["done_by"], second["is_done"]) == (True, analyst.email, False)
    assert first["done_at"] is not None
    assert client_of(analyst).post(path, {"id": "0" * 64, "done": True}, format="json").status_code == 404
    assert client_of(analyst).post(path, {"id": digest_of(FIRST)}, format="json").status_code == 400
