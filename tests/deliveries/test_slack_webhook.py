"""Buttons in Slack: signed, answered at once, done once, by whom the desk knows."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from integrations.models import InboundCall
from integrations.webhooks import presses
from integrations.webhooks.presses import Presser, RefusedError
from integrations.webhooks.slack_events import safe_response_url
from tests.deliveries.calls import post_slack, press, slack_headers
from tests.deliveries.conftest import Worker
from tests.deliveries.test_exactly_once import told_ticket
from tests.support.factories import make_ticket
from tests.support.vendor_server import ok
from tests.support.world import World
from tickets.choices import ProcessingState, Status
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def work() -> None:
    for call_id in InboundCall.objects.filter(done_at=None).values_list("pk", flat=True):
        presses.act(call_id)


def test_secret_that_is_not_set_closes_the_address(client: Client, settings: Settings) -> None:
    settings.SLACK_SIGNING_SECRET = ""
    answer = post_slack(client, press("ticket.start", "X"))
    assert answer.status_code == 403
    assert "SLACK_SIGNING_SECRET" in answer.json()["detail"]


@pytest.mark.parametrize(("secret", "age"), [("wrong", 0), (None, 310), (None, -330)])
def test_wrong_or_old_signature_is_refused(
    client: Client, world: World, secret: str | None, age: int
) -> None:
    kept = {"secret": secret} if secret else {}
    assert post_slack(client, press("ticket.start", "X"), age=age, **kept).status_code == 401
    assert not InboundCall.objects.exists()


@pytest.mark.parametrize("body", [b"", b"payload=", b"payload=[1]", b"payload=%ff", b"{}"])
def test_signed_body_of_another_form_is_answered_400(client: Client, world: World, body: bytes) -> None:
    answer = client.post(
        "/webhook/slack/",
        body,
        content_type="application/x-www-form-urlencoded",
        headers=slack_headers(body),
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("action", "expected"),
    [("ticket.acknowledge", Status.ACKNOWLEDGED), ("ticket.start", Status.IN_PROGRESS)],
)
def test_unknown_person_acts_under_their_slack_name(
    client: Client, world: World, turn: Worker, action: str, expected: str
) -> None:
    ticket = told_ticket(turn)
    answer = post_slack(client, press(action, ticket.key))
    assert (answer.status_code, answer.content) == (200, b"")
    work()
    ticket.refresh_from_db()
    assert ticket.status == expected
    assert ticket.ack_user in {"slack:grace", ""}
    turn()
    assert len(world.slack.edits) == 1


def test_known_analyst_acts_as_themselves_and_a_repeat_changes_nothing(
    client: Client, world: World, analyst: User
) -> None:
    world.slack.people["U1"] = analyst.email.upper()
    ticket = make_ticket()
    payload = press("ticket.start", ticket.key, ts="1.5")
    for _ in range(3):
        assert post_slack(client, payload).status_code == 200
    work()
    ticket.refresh_from_db()
    assert (ticket.status, ticket.assigned_to) == (Status.IN_PROGRESS, analyst)
    assert InboundCall.objects.count() == 1
    assert "response_url" not in InboundCall.objects.get().content


def test_viewer_is_refused_and_told_so_alone(client: Client, world: World, viewer: User) -> None:
    world.slack.people["U1"] = viewer.email
    ticket = make_ticket()
    post_slack(client, press("ticket.acknowledge", ticket.key))
    presses.act(InboundCall.objects.get().pk, f"{world.vendor.url}/actions/1")
    ticket.refresh_from_db()
    assert ticket.status == Status.OPEN
    assert world.slack.whispers[0]["response_type"] == "ephemeral"
    assert "analyst" in world.slack.whispers[0]["text"]


def test_press_waits_while_slack_does_not_tell_who_pressed(
    client: Client, world: World, viewer: User
) -> None:
    world.slack.people["U1"] = viewer.email
    ticket = make_ticket()
    post_slack(client, press("ticket.acknowledge", ticket.key))
    call, away = InboundCall.objects.get(), ok({"ok": False, "error": "internal_error"}, 503)
    world.vendor.on("POST", "/api/users.info", away)
    presses.act(call.pk)
    ticket.refresh_from_db()
    call.refresh_from_db()
    assert (ticket.status, call.done_at) == (Status.OPEN, None)
    refused = ok({"ok": False, "error": "missing_scope"})
    world.vendor.on("POST", "/api/users.info", refused)
    InboundCall.objects.update(due_at=call.received_at)
    presses.act(call.pk, f"{world.vendor.url}/actions/1")
    ticket.refresh_from_db()
    call.refresh_from_db()
    assert ticket.status == Status.OPEN
    assert call.done_at is not None
    assert "who you are" in world.slack.whispers[0]["text"]


def test_move_that_does_not_exist_is_told_to_the_presser(client: Client, world: World) -> None:
    ticket = make_ticket(status=Status.ACKNOWLEDGED)
    post_slack(client, press("ticket.start", ticket.key))
    presses.act(InboundCall.objects.get().pk, f"{world.vendor.url}/actions/1")
    assert "allowed: open" in world.slack.whispers[0]["text"]


def test_reanalysis_needs_an_account(client: Client, world: World, analyst: User) -> None:
    ticket = make_ticket(processing_state=ProcessingState.NOTIFIED)
    post_slack(client, press("ticket.reanalyse", ticket.key))
    work()
    assert not Ticket.objects.get().needs_work
    world.slack.people["U1"] = analyst.email
    post_slack(client, press("ticket.reanalyse", ticket.key))
    work()
    assert Ticket.objects.get().needs_work


@pytest.mark.parametrize("action", ["ticket.open", "somebody.elses", ""])
def test_other_buttons_are_answered_and_nothing_is_done(client: Client, world: World, action: str) -> None:
    assert post_slack(client, press(action, "X")).status_code == 200
    assert not InboundCall.objects.exists()


def test_layer_above_adds_a_button_and_is_told_who_pressed(
    client: Client, world: World, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed: list[tuple[str, Presser]] = []

    def approve(value: str, presser: Presser) -> None:
        if presser.user is None:
            raise RefusedError("Only an approver may approve.")
        pressed.append((value, presser))

    monkeypatch.setitem(presses._handlers, "remediation.approve", approve)
    post_slack(client, press("remediation.approve", "17"))
    work()
    assert pressed == []
    world.slack.people["U1"] = approver.email
    post_slack(client, press("remediation.approve", "17"))
    work()
    assert [(value, presser.user) for value, presser in pressed] == [("17", approver)]


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://hooks.slack.com/actions/T1/2/x", True),
        ("http://hooks.slack.com/actions/T1/2/x", False),
        ("https://hooks.slack.com@evil.test/x", False),
        ("https://hooks.slack.com.evil.test/x", False),
        ("http://127.0.0.1:9/actions/1", True),
        ("http://127.0.0.1:10/actions/1", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_response_address_leads_to_slack_or_nowhere(url: str, is_safe: bool) -> None:
    assert safe_response_url(url, "http://127.0.0.1:9/api/") == (url if is_safe else "")


def test_press_whose_message_was_lost_is_found_by_the_sweep(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    ticket = make_ticket()
    post_slack(client, press("ticket.start", ticket.key))
    monkeypatch.setattr(presses, "_send", sent.append)
    assert presses.sweep(timezone.now()) == 0
    assert presses.sweep(timezone.now() + presses.LEASE) == 1
    assert sent == [InboundCall.objects.get().pk]
