"""Jira talks back: its status reaches the ticket once, in the right order, and nothing goes back."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.models import AuditEntry
from audit.services import Actor
from integrations.models import Delivery, JiraIssue, Operation
from integrations.webhooks import reconcile
from integrations.webhooks.jira_events import read_event
from tests.deliveries.calls import issue_updated, post_jira
from tests.deliveries.conftest import Worker
from tests.deliveries.test_exactly_once import told_ticket
from tests.support.world import JIRA_SECRET, World
from tickets import services as ticket_services
from tickets.choices import SlaStatus, Status
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

ANN = Actor("person", "ann@example.com", "E-17")
OK = {"status": "ok"}


def status_of(ticket: Ticket) -> str:
    ticket.refresh_from_db()
    return ticket.status


def test_secret_that_is_not_set_closes_the_address_and_names_the_variable(
    client: Client, settings: Settings
) -> None:
    settings.JIRA_WEBHOOK_SECRET = ""
    for headers in ({}, {"x-api-key": settings.RCA_API_KEY}):
        answer = client.post("/webhook/jira", {}, content_type="application/json", headers=headers)
        assert answer.status_code == 403
        assert "JIRA_WEBHOOK_SECRET" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/webhook/jira", "/webhook/jira/"])
@pytest.mark.parametrize("secret", ["", "wrong", "ungültig"])
def test_wrong_secret_is_refused(client: Client, world: World, path: str, secret: str) -> None:
    assert post_jira(client, issue_updated("OPS-1", "Done"), secret=secret, path=path).status_code == 401


def test_signature_over_the_raw_bytes_is_taken_and_one_over_others_is_not(
    client: Client, world: World
) -> None:
    body = b'{"webhookEvent":  "jira:issue_updated", "issue": {"key": "OPS-9"}}'
    digest = hmac.new(JIRA_SECRET.encode(), body, hashlib.sha256).hexdigest()
    signed = {"x-hub-signature": f"sha256={digest}"}
    answer = client.post("/webhook/jira", body, content_type="application/json", headers=signed)
    assert (answer.status_code, answer.json()) == (200, {"status": "not_found"})
    again = json.dumps(json.loads(body)).encode()
    assert (
        client.post("/webhook/jira", again, content_type="application/json", headers=signed).status_code
        == 401
    )


def test_guesses_of_the_secret_are_throttled_and_the_right_one_still_enters(
    client: Client, world: World, settings: Settings
) -> None:
    settings.WEBHOOK_FAILURE_LIMIT = (2, 60)
    event = issue_updated("OPS-1", "Done")
    told = [post_jira(client, event, secret=f"guess-{number}") for number in range(3)]
    assert [answer.status_code for answer in told] == [401, 401, 429]
    assert 1 <= int(told[-1].headers["Retry-After"]) <= 30
    assert post_jira(client, event).status_code == 200


@pytest.mark.parametrize("path", ["/webhook/jira", "/webhook/slack/"])
def test_other_methods_are_405_with_a_sentence(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.json() == {"detail": "GET is not taken at this address; expected POST."}


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff\xfe", b"[" * 200_000])
def test_body_that_is_no_object_is_answered_400(client: Client, world: World, body: bytes) -> None:
    assert post_jira(client, body).status_code == 400


def test_closed_in_jira_closes_here_tells_slack_and_sends_nothing_back(
    client: Client, world: World, turn: Worker
) -> None:
    ticket = told_ticket(turn)
    Ticket.objects.filter(pk=ticket.pk).update(sla_started_at=timezone.now() - timedelta(seconds=90))
    world.jira.issues[0].state = "31"
    assert post_jira(client, issue_updated("OPS-1", "Erledigt")).json() == OK
    turn()
    ticket.refresh_from_db()
    assert (ticket.status, ticket.ack_user, ticket.sla_status) == (
        Status.ACKNOWLEDGED, "Grace Hopper", SlaStatus.MET,
    )  # fmt: skip
    assert ticket.ack_seconds in {90, 91}
    assert "CLOSED by Grace Hopper" in world.slack.posts[0]["text"]
    assert "MTTR 1 min 30 s" in world.slack.posts[0]["text"]
    assert world.jira.issues[0].moves == []
    assert not Delivery.objects.filter(operation=Operation.TRANSITION).exists()
    assert AuditEntry.objects.filter(action="Jira: Erledigt", actor="Grace Hopper").count() == 1


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Done", Status.ACKNOWLEDGED), ("resolved", Status.ACKNOWLEDGED), ("Closed", Status.ACKNOWLEDGED),
        ("In Progress", Status.IN_PROGRESS), ("Selected for Development", Status.IN_PROGRESS),
        ("In Review", Status.IN_PROGRESS),
    ],
)  # fmt: skip
def test_bare_changelog_is_read_by_name(
    client: Client, world: World, turn: Worker, name: str, wanted: str
) -> None:
    ticket = told_ticket(turn)
    body = {
        "webhookEvent": "jira:issue_updated",
        "issue": {"key": "OPS-1"},
        "changelog": {"items": [{"field": "resolution"}, {"field": "status", "toString": name}]},
    }
    assert post_jira(client, body).json() == OK
    assert status_of(ticket) == wanted


def test_status_is_read_from_the_issue_where_the_changelog_has_none(
    client: Client, world: World, turn: Worker
) -> None:
    ticket = told_ticket(turn)
    body = issue_updated("OPS-1", "Done", changelog={"items": [{"field": "resolution", "toString": "Done"}]})
    assert post_jira(client, body).json() == OK
    assert status_of(ticket) == Status.ACKNOWLEDGED


@pytest.mark.parametrize(
    "move",
    [
        ("acknowledged", "To Do", Status.OPEN), ("acknowledged", "In Progress", Status.IN_PROGRESS),
        ("in_progress", "Backlog", Status.OPEN), ("in_progress", "Done", Status.ACKNOWLEDGED),
    ],
)  # fmt: skip
def test_every_way_in_jira_has_a_way_here(
    client: Client, world: World, turn: Worker, move: tuple[str, str, str]
) -> None:
    start, category, expected = move
    ticket = told_ticket(turn)
    post_jira(client, issue_updated("OPS-1", "Done" if start == "acknowledged" else "In Progress"))
    assert status_of(ticket) == start
    assert post_jira(client, issue_updated("OPS-1", category)).json() == OK
    assert status_of(ticket) == expected
    turn()
    assert world.jira.issues[0].moves == []


def test_repeated_delivery_gets_the_same_answer_and_changes_nothing(
    client: Client, world: World, turn: Worker
) -> None:
    ticket = told_ticket(turn)
    body = issue_updated("OPS-1", "Done")
    headers = {"x-atlassian-webhook-identifier": "hook-1"}
    assert post_jira(client, body, **headers).json() == OK
    ticket_services.reopen(ticket.pk, actor=ANN)
    assert post_jira(client, body, **headers).json() == OK
    assert status_of(ticket) == Status.OPEN


def test_delivery_without_a_change_is_ignored_with_a_reason(
    client: Client, world: World, turn: Worker
) -> None:
    ticket = told_ticket(turn)
    answer = post_jira(client, issue_updated("OPS-1", "To Do")).json()
    assert answer["status"] == "ignored"
    assert "open" in answer["reason"]
    assert status_of(ticket) == Status.OPEN


def test_late_delivery_does_not_undo_what_came_after_it(client: Client, world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    now = timezone.now()
    later, earlier = (now + timedelta(seconds=9)).isoformat(), (now + timedelta(seconds=3)).isoformat()
    assert post_jira(client, issue_updated("OPS-1", "Done", at=later)).json() == OK
    answer = post_jira(client, issue_updated("OPS-1", "In Progress", at=earlier)).json()
    assert answer == {"status": "ignored", "reason": "a later change is known"}
    assert status_of(ticket) == Status.ACKNOWLEDGED


def test_older_change_in_jira_does_not_undo_a_later_one_here(
    client: Client, world: World, turn: Worker
) -> None:
    ticket = told_ticket(turn)
    moment = timezone.now().isoformat()
    ticket_services.acknowledge(ticket.pk, actor=ANN)
    assert post_jira(client, issue_updated("OPS-1", "In Progress", at=moment)).json()["status"] == "ignored"
    assert status_of(ticket) == Status.ACKNOWLEDGED


def test_times_from_before_the_issue_existed_are_not_believed(
    client: Client, world: World, turn: Worker
) -> None:
    ticket = told_ticket(turn)
    ticket_services.acknowledge(ticket.pk, actor=ANN)
    turn()
    post_jira(client, issue_updated("OPS-1", "To Do", at="2020-01-01T00:00:00.000+0000"))
    assert status_of(ticket) == Status.OPEN


def test_echo_of_our_own_move_does_not_close_a_ticket_reopened_meanwhile(
    client: Client, world: World, turn: Worker
) -> None:
    ticket = told_ticket(turn)
    ticket_services.acknowledge(ticket.pk, actor=ANN)
    turn()
    ticket_services.reopen(ticket.pk, actor=ANN)
    echo = issue_updated("OPS-1", "Done", user={"accountId": "acc-desk", "displayName": "Desk"})
    assert post_jira(client, echo).json()["reason"] == "the desk's own change"
    turn()
    assert status_of(ticket) == Status.OPEN
    assert world.jira.issues[0].moves == ["Done", "To Do"]


def test_unknown_issue_is_not_found_and_other_events_are_ignored(
    client: Client, world: World, turn: Worker
) -> None:
    told_ticket(turn)
    assert post_jira(client, issue_updated("OPS-99", "Done")).json() == {"status": "not_found"}
    for kind in ("jira:issue_created", "jira:issue_deleted", "worklog_created"):
        answer = post_jira(client, issue_updated("OPS-1", "Done", webhookEvent=kind)).json()
        assert answer["status"] == "ignored"
        assert answer["reason"]


@pytest.mark.parametrize("kind", ["comment_created", "jira:issue_updated"])
@pytest.mark.parametrize(
    "body",
    [
        "Looked at it",
        {
            "type": "doc",
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Looked at it"}]}],
        },
    ],
    ids=["wiki", "document"],
)
def test_comment_in_jira_becomes_a_comment_here_once(
    client: Client, world: World, turn: Worker, kind: str, body: object
) -> None:
    ticket = told_ticket(turn)
    event = {
        "webhookEvent": kind,
        "issue_event_type_name": "issue_commented",
        "comment": {"id": "77", "body": body, "author": {"displayName": "Grace Hopper"}},
        "issue": {"key": "OPS-1"},
    }
    assert post_jira(client, event).json() == OK
    assert post_jira(client, event).json()["status"] == "ignored"
    assert list(ticket.comments.values_list("author", "text")) == [("Grace Hopper", "Looked at it")]


def test_the_desks_own_closing_comment_is_known_before_its_number_is(
    client: Client, world: World, turn: Worker
) -> None:
    ticket = told_ticket(turn)
    ticket_services.acknowledge(ticket.pk, actor=ANN, note="Rotated the key.\nAsked for a new one.")
    said = {"type": "hardBreak"}
    words = [
        {"type": "text", "text": text}
        for text in (f"Acknowledged by {ANN.name}: Rotated the key.", "Asked for a new one.")
    ]
    event = {
        "webhookEvent": "comment_created",
        "comment": {
            "id": "78",
            "body": {
                "type": "doc",
                "content": [{"type": "paragraph", "content": [words[0], said, words[1]]}],
            },
            "author": {"displayName": "Desk"},
        },
        "issue": {"key": "OPS-1"},
    }
    assert post_jira(client, event).json()["status"] == "ignored"
    assert not ticket.comments.exists()


@pytest.mark.parametrize("how", ["webhook", "reconciled"])
def test_a_close_that_came_from_jira_brings_no_comment_back(
    client: Client, world: World, turn: Worker, how: str
) -> None:
    ticket = told_ticket(turn)
    if how == "webhook":
        post_jira(client, issue_updated("OPS-1", "Done"))
    else:
        world.jira.issues[0].state = "31"
        reconcile.reconcile(timezone.now())
    turn()
    assert status_of(ticket) == Status.ACKNOWLEDGED
    assert world.jira.issues[0].comments == []


def test_what_the_webhook_missed_is_reconciled_and_not_sent_back(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    world.jira.issues[0].state = "31"
    assert reconcile.reconcile(timezone.now()) == 1
    assert status_of(ticket) == Status.ACKNOWLEDGED
    assert ticket.ack_user == "Jira"
    turn()
    assert world.jira.issues[0].moves == []
    assert reconcile.reconcile(timezone.now()) == 0


def test_reconciling_leaves_a_change_on_its_way_out_alone(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    ticket_services.acknowledge(ticket.pk, actor=ANN)
    world.jira.issues[0].state = "21"
    assert reconcile.reconcile(timezone.now() + timedelta(hours=1)) == 0
    assert status_of(ticket) == Status.ACKNOWLEDGED


@pytest.mark.parametrize(
    "document", [{}, {"issue": 3}, {"issue": {"fields": []}, "user": "x", "changelog": []}]
)
def test_odd_shapes_are_read_as_nothing(document: dict[str, object]) -> None:
    assert read_event(document).category == ""


def test_issue_that_moved_here_is_known_by_its_row(world: World, turn: Worker) -> None:
    told_ticket(turn)
    assert JiraIssue.objects.get().key == "OPS-1"
