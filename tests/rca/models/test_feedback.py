"""Corrections and resolution notes: given over the API, found again for similar failures."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit import actions
from audit.models import ActorKind, AuditEntry
from audit.services import Actor
from rca.case import Finding
from rca.models import Analysis, Feedback
from rca.services import analyse_ticket, give_feedback
from rca.similar import similar_cases
from tests.support.factories import make_ticket
from tests.support.people import client_of
from tickets import services as ticket_services
from tickets.api.detail import ticket_detail
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

PERSON = Actor(ActorKind.PERSON, "analyst@example.com")
OTHER = Actor(ActorKind.PERSON, "other@example.com")
MESSAGE = "ErrorCode=UserErrorSourceBlobNotExist, The required Blob is missing: landing/orders/{}.csv"


def analysed(number: int = 1, **fields: object) -> Ticket:
    ticket = make_ticket(**{"error_message": MESSAGE.format(number), **fields})
    analyse_ticket(ticket.pk)
    ticket.refresh_from_db()
    return ticket


def current(ticket: Ticket) -> Analysis:
    return Analysis.objects.get(ticket=ticket, is_current=True)


def finding_of(ticket: Ticket) -> Finding:
    return Finding("rules", "", ticket.error_type, ticket.cause_class, "")


def closed(number: int, note: str, **fields: object) -> Ticket:
    ticket = analysed(number, **fields)
    return ticket_services.acknowledge(ticket.pk, actor=PERSON, note=note)


def test_feedback_over_the_api_is_kept_recorded_and_shown(analyst: User) -> None:
    ticket = analysed()
    body = {
        "analysis": current(ticket).pk,
        "verdict": "wrong",
        "cause_class": "configuration_error",
        "root_cause": "The path parameter is wrong.",
        "fix": "Corrected the parameter.",
    }
    answer = client_of(analyst).post(f"/api/tickets/{ticket.key}/feedback", body, format="json")
    assert answer.status_code == 200
    (shown,) = answer.json()["ticket"]["analyses"][0]["feedback"]
    assert (shown["author"], shown["verdict"], shown["fix"]) == (
        analyst.email, "wrong", "Corrected the parameter.",
    )  # fmt: skip
    kept = Feedback.objects.get()
    assert (kept.cause_class, kept.fingerprint) == ("configuration_error", current(ticket).fingerprint)
    entry = AuditEntry.objects.get(ticket_key=ticket.key, action=actions.RCA_FEEDBACK_GIVEN)
    assert "Corrected the parameter." in entry.summary
    assert entry.details == body


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"verdict": "maybe"}, 400, "verdict"),
        ({"verdict": None}, 400, "verdict"),
        ({"fix": ["x"]}, 400, "fix"),
        ({"analysis": "x"}, 400, "analysis"),
        ({"cause_class": "aliens"}, 400, "cause_class"),
        ({"fix": "x" * 10_001}, 400, "fix"),
        ({"analysis": 999_999}, 404, ""),
    ],
)
def test_feedback_that_cannot_be_taken_is_refused_by_field(
    analyst: User, changes: dict[str, object], status: int, field: str
) -> None:
    ticket = analysed()
    body = {"analysis": current(ticket).pk, "verdict": "right", **changes}
    answer = client_of(analyst).post(f"/api/tickets/{ticket.key}/feedback", body, format="json")
    assert answer.status_code == status
    assert field in answer.content.decode()
    assert not Feedback.objects.exists()


def test_analysis_of_another_ticket_is_not_found(analyst: User) -> None:
    ticket, other = analysed(1), analysed(2, pipeline="Other")
    body = {"analysis": current(other).pk, "verdict": "right"}
    answer = client_of(analyst).post(f"/api/tickets/{ticket.key}/feedback", body, format="json")
    assert answer.status_code == 404


def test_second_verdict_of_a_person_replaces_the_first() -> None:
    ticket = analysed()
    for verdict in ("wrong", "right"):
        give_feedback(ticket.pk, current(ticket).pk, verdict=verdict, actor=PERSON)
    give_feedback(ticket.pk, current(ticket).pk, verdict="wrong", actor=OTHER)
    assert sorted(Feedback.objects.values_list("author", "verdict")) == [
        ("analyst@example.com", "right"),
        ("other@example.com", "wrong"),
    ]


def test_correction_comes_before_resolution_notes() -> None:
    noted, corrected = closed(1, "Asked the supplier."), analysed(2)
    give_feedback(
        corrected.pk, current(corrected).pk, verdict="wrong", actor=PERSON, fix="Moved the trigger."
    )
    now = analysed(3)
    found = similar_cases(now, finding_of(now), current(now).fingerprint)
    assert [(case.ticket_id, case.resolution) for case in found] == [
        (corrected.key, "Moved the trigger."),
        (noted.key, "Asked the supplier."),
    ]


def test_equal_failure_comes_before_one_of_the_same_class() -> None:
    alike = closed(1, "Other pipeline.", pipeline="DataEng_Other")
    equal = closed(2, "Equal.")
    now = analysed(3)
    found = similar_cases(now, finding_of(now), current(now).fingerprint)
    assert [case.ticket_id for case in found] == [equal.key, alike.key]


def test_open_and_unexplained_tickets_are_no_help_to_a_model() -> None:
    analysed(1)
    closed(2, "")
    now = analysed(3)
    assert similar_cases(now, finding_of(now), current(now).fingerprint) == ()


def test_section_shows_what_resolved_them_and_the_closed_ones_beside() -> None:
    silent, noted = closed(1, ""), closed(2, "Asked the supplier.")
    rows = ticket_detail(analysed(3))["similar"]
    assert [(row["id"], row["resolution"], row["status"]) for row in rows] == [
        (noted.key, "Asked the supplier.", "acknowledged"),
        (silent.key, "", "acknowledged"),
    ]
    assert set(rows[0]) >= {"id", "pipeline", "error_type", "root_cause", "resolution", "status"}


def test_search_costs_the_same_number_of_queries_with_many_tickets() -> None:
    def queries(ticket: Ticket) -> int:
        with CaptureQueriesContext(connection) as seen:
            ticket_detail(ticket)
        return len(seen)

    now = analysed(99)
    closed(1, "One.")
    few = queries(now)
    for number in range(2, 22):
        closed(number, "More.")
    assert queries(now) <= few <= 6
