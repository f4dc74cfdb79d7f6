"""What an analyst does to a ticket: once or twice, in order or not, alone or beside a colleague."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from audit.models import AuditEntry
from tests.support.factories import make_ticket
from tests.support.people import client_of
from tickets.models import Ticket


@pytest.fixture
def client(analyst: User) -> APIClient:
    return client_of(analyst)


def act(client: APIClient, ticket: Ticket, verb: str, body: Any = None) -> Any:
    return client.post(f"/api/tickets/{ticket.key}/{verb}", body or {}, format="json")


def test_acknowledge_twice_changes_nothing_the_second_time(client: APIClient) -> None:
    ticket = make_ticket()
    first = act(client, ticket, "acknowledge", {"note": "Export re-run", "empid": "E-7"})
    assert first.status_code == 200
    told = first.json()["ticket"]
    assert (told["status"], told["ack_user"], told["ack_empid"]) == (
        "acknowledged",
        "analyst@example.com",
        "E-7",
    )
    assert told["resolution_note"] == "Export re-run"
    assert told["sla_status"] == "Met"
    before = AuditEntry.objects.count()
    second = act(client, ticket, "acknowledge", {"note": "Something else"})
    assert second.status_code == 200
    assert second.json()["ticket"] == told
    assert AuditEntry.objects.count() == before


def test_start_makes_the_caller_the_owner(client: APIClient) -> None:
    ticket = make_ticket()
    told = act(client, ticket, "start").json()["ticket"]
    assert (told["status"], told["assigned_to"]) == ("in_progress", "analyst@example.com")


def test_transition_that_does_not_exist_names_the_allowed_ones(client: APIClient) -> None:
    ticket = make_ticket(status="acknowledged")
    answer = act(client, ticket, "start")
    assert answer.status_code == 409
    assert answer.json() == {
        "detail": "A ticket that is acknowledged cannot become in_progress; allowed: open.",
        "code": "transition_not_allowed",
        "fields": {},
        "allowed": ["open"],
    }


@pytest.mark.parametrize(
    ("status", "recorded"), [("in_progress", "Ticket Returned To Open"), ("acknowledged", "Ticket Reopened")]
)
def test_reopen_leads_back_to_open_and_keeps_the_reason(
    client: APIClient, status: str, recorded: str
) -> None:
    ticket = make_ticket(status=status)
    told = act(client, ticket, "reopen", {"reason": "It came back"}).json()["ticket"]
    assert told["status"] == "open"
    assert told["timeline"][0]["action"] == recorded
    assert told["timeline"][0]["details"]["reason"] == "It came back"


def test_action_on_an_old_version_is_refused(client: APIClient, approver: User) -> None:
    ticket = make_ticket()
    act(client_of(approver), ticket, "start")
    answer = act(client, ticket, "acknowledge", {"version": 1})
    assert answer.status_code == 409
    assert answer.json()["code"] == "changed_meanwhile"
    assert Ticket.objects.get(pk=ticket.pk).status == "in_progress"


def test_comment_stands_in_the_detail_and_in_the_record(client: APIClient) -> None:
    ticket = make_ticket()
    told = act(client, ticket, "comment", {"text": "Done: check the export"}).json()["ticket"]
    assert [(c["author"], c["text"]) for c in told["comments"]] == [
        ("analyst@example.com", "Done: check the export")
    ]
    assert told["timeline"][0]["details"] == {"text": "Done: check the export"}


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("comment", {}, "text"),
        ("comment", {"text": ""}, "text"),
        ("comment", {"text": "x" * 10_001}, "text"),
        ("comment", {"text": "a\u0000b"}, "text"),
        ("comment", {"text": ["a"]}, "text"),
        ("acknowledge", {"empid": "x" * 65}, "empid"),
        ("acknowledge", {"note": {"a": 1}}, "note"),
        ("start", {"version": "soon"}, "version"),
    ],
)
def test_bad_body_is_refused_by_field_and_changes_nothing(
    client: APIClient, verb: str, body: dict[str, Any], field: str
) -> None:
    ticket = make_ticket()
    answer = act(client, ticket, verb, body)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert Ticket.objects.get(pk=ticket.pk).version == 1


def test_reanalyse_is_accepted_and_gives_the_ticket_back_to_the_worker(client: APIClient) -> None:
    ticket = make_ticket()
    answer = act(client, ticket, "reanalyse")
    assert answer.status_code == 202
    assert answer.json()["ticket"]["processing_state"] == "received"
    assert Ticket.objects.get(pk=ticket.pk).needs_work


def test_session_without_its_token_may_read_and_not_act(analyst: User) -> None:
    ticket = make_ticket()
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(analyst)
    assert client.get("/api/open-tickets").status_code == 200
    assert act(client, ticket, "start").status_code == 403
