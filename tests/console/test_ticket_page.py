"""The page of one ticket: the checklist, the verdict on an analysis, and where a change leads back to."""

from __future__ import annotations

import pytest

from audit import actions
from audit.models import AuditEntry
from ingestion.models import AlertEvent
from rca.models import Analysis, Feedback
from tests.console.conftest import Cast, full_ticket
from tickets.models import DoneStep, Ticket
from tickets.steps import steps_of

pytestmark = pytest.mark.django_db

MESSAGE = "ErrorCode=UserErrorSourceBlobNotExist, The required Blob is missing: landing/orders.csv"
READERS, ACTORS = ("viewer",), ("analyst", "approver", "admin")


def page(ticket: Ticket, tab: str = "") -> str:
    return f"/admin/tickets/ticket/{ticket.pk}/change/" + (f"?tab={tab}" if tab else "")


@pytest.fixture
def ticket() -> Ticket:
    made = full_ticket(MESSAGE)
    made.refresh_from_db()
    assert made.recommendations
    return made


def test_secrets_of_an_alert_body_are_masked_in_the_events_tab(cast: Cast, ticket: Ticket) -> None:
    body = b'{"error": "AccountKey=c2VjcmV0LXNlY3JldA==;x", "password": "hunter2hunter2"}'
    AlertEvent.objects.update(body=body, body_size=len(body))
    shown = cast.clients["viewer"].get(page(ticket, "events")).content.decode()
    assert "AccountKey=" in shown
    assert "c2VjcmV0LXNlY3JldA" not in shown
    assert "hunter2" not in shown


@pytest.mark.parametrize("name", ACTORS)
def test_step_is_ticked_and_shown_with_who_and_when(cast: Cast, ticket: Ticket, name: str) -> None:
    client, person = cast.clients[name], cast.people[name]
    step = steps_of(ticket)[0]
    path = f"/admin/tickets/ticket/{ticket.pk}/step/{step.digest}/"
    assert client.get(path).status_code == 405
    answer = client.post(path, {"done": "yes"}, follow=True)
    assert f"done by {person.email}" in answer.content.decode()
    entry = AuditEntry.objects.get(ticket_key=ticket.key, action=actions.STEP_DONE)
    assert (entry.actor, entry.summary) == (person.email, step.text)
    client.post(path, {"done": "no"})
    assert not DoneStep.objects.exists()


@pytest.mark.parametrize("name", [*READERS, "outsider"])
def test_step_is_not_ticked_by_those_who_only_read(cast: Cast, ticket: Ticket, name: str) -> None:
    step = steps_of(ticket)[0]
    path = f"/admin/tickets/ticket/{ticket.pk}/step/{step.digest}/"
    assert cast.clients[name].post(path, {"done": "yes"}).status_code == 403
    assert not DoneStep.objects.exists()


def test_step_of_an_older_analysis_is_refused_in_words(cast: Cast, ticket: Ticket) -> None:
    path = f"/admin/tickets/ticket/{ticket.pk}/step/{'0' * 64}/"
    answer = cast.clients["analyst"].post(path, {"done": "yes"}, follow=True)
    assert "does not recommend this step any more" in answer.content.decode()


@pytest.mark.parametrize("name", ACTORS)
def test_verdict_is_kept_and_shown_on_the_analyses_tab(cast: Cast, ticket: Ticket, name: str) -> None:
    client, person = cast.clients[name], cast.people[name]
    analysis = Analysis.objects.get(ticket=ticket, is_current=True)
    assert "Keep verdict" in client.get(page(ticket, "analyses")).content.decode()
    body = {
        "verdict": "wrong",
        "cause_class": "configuration_error",
        "root_cause": "<b>A typo</b>",
        "fix": "Fixed.",
    }
    answer = client.post(f"/admin/rca/analysis/{analysis.pk}/feedback/", body, follow=True)
    assert answer.redirect_chain[-1][0] == page(ticket, "analyses")
    html = answer.content.decode()
    assert "&lt;b&gt;A typo&lt;/b&gt;" in html
    assert "Change your verdict" in html
    kept = Feedback.objects.get()
    assert (kept.author, kept.verdict, kept.cause_class) == (person.email, "wrong", "configuration_error")


@pytest.mark.parametrize("name", [*READERS, "outsider"])
def test_verdict_is_neither_offered_to_nor_taken_from_those_who_only_read(
    cast: Cast, ticket: Ticket, name: str
) -> None:
    client = cast.clients[name]
    analysis = Analysis.objects.get(ticket=ticket, is_current=True)
    assert "Keep verdict" not in client.get(page(ticket, "analyses")).content.decode()
    answer = client.post(f"/admin/rca/analysis/{analysis.pk}/feedback/", {"verdict": "right"})
    assert answer.status_code == 403
    assert not Feedback.objects.exists()


@pytest.mark.parametrize(
    ("body", "told"),
    [({"verdict": "maybe"}, "Verdict"), ({"verdict": "right", "fix": "x" * 10_001}, "resolved")],
)
def test_verdict_that_cannot_be_read_is_told(
    cast: Cast, ticket: Ticket, body: dict[str, str], told: str
) -> None:
    analysis = Analysis.objects.get(ticket=ticket, is_current=True)
    path = f"/admin/rca/analysis/{analysis.pk}/feedback/"
    answer = cast.clients["analyst"].post(path, body, follow=True)
    assert told in answer.content.decode()
    assert not Feedback.objects.exists()


def test_what_was_sent_is_shown_to_those_who_act_only(cast: Cast, ticket: Ticket) -> None:
    Analysis.objects.filter(ticket=ticket).update(prompt_sent="the question as it left")
    shown = {
        name: "the question as it left" in cast.clients[name].get(page(ticket, "analyses")).content.decode()
        for name in (*READERS, *ACTORS)
    }
    assert shown == {"viewer": False, "analyst": True, "approver": True, "admin": True}


@pytest.mark.parametrize("tab", ["overview", "timeline", "deliveries", "nonsense"])
def test_action_leads_back_to_the_tab_it_was_started_from(cast: Cast, ticket: Ticket, tab: str) -> None:
    path = f"/admin/tickets/ticket/{ticket.pk}/do/start/"
    answer = cast.clients["analyst"].post(path, {"version": str(ticket.version), "tab": tab})
    assert answer.headers["Location"] == page(ticket, tab if tab in {"timeline", "deliveries"} else "")


def test_refused_form_stays_on_its_tab(cast: Cast, ticket: Ticket) -> None:
    path = f"/admin/tickets/ticket/{ticket.pk}/do/comment/"
    html = cast.clients["analyst"].post(path, {"text": "", "tab": "timeline"}).content.decode()
    assert "This field is required." in html
    assert "Audit entries of this ticket" in html
