"""Whatever happens to a call, the outside is told once: one issue, one message, one blob."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from audit.models import AuditEntry
from integrations.deliveries import claims, jira_acts, wakeup
from integrations.models import Channel, Delivery, DeliveryAttempt, State
from integrations.services import deliver, plan_deliveries
from tests.deliveries.conftest import RECEIVED_AT, Worker, make_due, states
from tests.support.factories import make_ticket
from tests.support.faults import Fault
from tests.support.world import World
from tickets.choices import ProcessingState
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

ANALYSED = {
    "processing_state": ProcessingState.ANALYSED,
    "root_cause": "The export was late.",
    "error_type": "UserErrorSourceBlobNotExist",
    "confidence": "High",
    "recommendations": ["Check the export"],
}


def told_ticket(turn: Worker) -> Ticket:
    ticket = make_ticket(**ANALYSED)
    plan_deliveries(ticket.pk)
    turn()
    ticket.refresh_from_db()
    return ticket


def assert_told_once(world: World, ticket: Ticket) -> None:
    assert [i.fields["labels"][2] for i in world.jira.issues] == [f"aiops-{ticket.key}"]
    assert len(world.slack.posts) == 1
    assert list(world.blobs.blobs.values()) == [b'{"a": 1}']
    assert ticket.itsm_ticket_id == "OPS-1"
    assert ticket.slack_ts == world.slack.posts[0]["ts"]
    assert ticket.blob_log_url.endswith(f"/audit-logs/{RECEIVED_AT:%Y-%m-%d}/{ticket.key}-payload.json")
    assert ticket.processing_state == ProcessingState.NOTIFIED
    assert Delivery.objects.exclude(state__in=[State.SENT, State.SKIPPED]).count() == 0


def test_all_well_tells_each_once_with_the_key_in_the_message(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    assert_told_once(world, ticket)
    assert "OPS-1" in str(world.slack.posts[0]["blocks"])
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {
        "Jira Ticket Created", "Slack Notification Sent", "Blob Payload Saved",
    }  # fmt: skip


@pytest.mark.parametrize("effect", ["jira create", "slack post", "blob put"])
@pytest.mark.parametrize(
    "faults",
    [
        ["500", "500"], ["500 after"], ["429"], ["cut before"], ["cut after"], ["hang before"], ["hang after"],
        ["cut after", "500", "429"],
    ],
    ids="+".join,
)  # fmt: skip
@pytest.mark.usefixtures("short_deadlines")
def test_fault_of_a_vendor_makes_no_second_effect_and_loses_none(
    world: World, turn: Worker, monkeypatch: pytest.MonkeyPatch, effect: str, faults: list[Fault]
) -> None:
    if effect == "blob put" and any("hang" in fault for fault in faults):
        monkeypatch.setattr("tests.support.faults.HANG_SECONDS", 0.2)  # ends in a cut, the SDK's own case
    world.faults.plan(effect, *faults)
    ticket = told_ticket(turn)
    assert_told_once(world, ticket)
    assert world.faults.effects[effect] == 1
    assert DeliveryAttempt.objects.filter(result="failed").exists()


def test_planned_twice_is_told_once(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    plan_deliveries(ticket.pk)
    turn()
    assert_told_once(world, ticket)


def test_two_claimers_get_a_delivery_once_and_a_repeated_message_does_nothing(world: World) -> None:
    plan_deliveries(make_ticket(**ANALYSED).pk)
    now = timezone.now()
    first = claims.claim_waiting(Channel.JIRA, now)
    assert len(first) == 1
    assert claims.claim_waiting(Channel.JIRA, now) == []
    deliver(*first[0])
    deliver(*first[0])
    assert len(world.jira.issues) == 1


@pytest.mark.parametrize("effect", ["jira create", "slack post", "blob put"])
def test_worker_that_died_after_the_effect_leaves_the_look_to_the_next(
    world: World, turn: Worker, monkeypatch: pytest.MonkeyPatch, effect: str
) -> None:
    ticket = make_ticket(**ANALYSED)
    plan_deliveries(ticket.pk)
    make_due()
    with monkeypatch.context() as dying:
        # Killed before it could write anything down: every claim stays as it was.
        dying.setattr("integrations.deliveries.outcomes.succeed", lambda *_: None)
        for delivery_id, token in claims.claim_waiting(effect.partition(" ")[0], timezone.now()):
            deliver(delivery_id, token)
    assert world.faults.effects[effect] == 1
    turn()
    ticket.refresh_from_db()
    assert_told_once(world, ticket)
    assert DeliveryAttempt.objects.filter(result="lost").count() == 1


def test_lost_answer_is_not_repeated_while_the_search_may_lag_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = make_ticket(**ANALYSED)
    plan_deliveries(ticket.pk)
    world.faults.plan("jira create", "cut after")
    world.jira.search_lag = 3600

    def once() -> Delivery:
        make_due()
        for delivery_id, token in claims.claim_waiting(Channel.JIRA, timezone.now()):
            deliver(delivery_id, token)
        return Delivery.objects.get(channel=Channel.JIRA)

    assert once().state == State.RETRYING
    assert once().state == State.PENDING
    assert len(world.jira.issues) == 1
    world.jira.search_lag = 0
    assert once().state == State.SENT
    assert len(world.jira.issues) == 1


def test_answer_that_was_no_effect_is_repeated_after_the_lag(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_deliveries(make_ticket(**ANALYSED).pk)
    world.faults.plan("jira create", "cut before")
    for lag in (jira_acts.SEARCH_LAG, timedelta(0)):
        monkeypatch.setattr(jira_acts, "SEARCH_LAG", lag)
        make_due()
        for delivery_id, token in claims.claim_waiting(Channel.JIRA, timezone.now()):
            deliver(delivery_id, token)
    assert len(world.jira.issues) == 1


def test_permanent_refusal_is_parked_with_advice_and_can_be_sent_again(
    world: World, turn: Worker, settings: pytest.FixtureRequest
) -> None:
    settings.SLACK_ALERT_CHANNEL = "no-such-channel"  # type: ignore[attr-defined]
    ticket = told_ticket(turn)
    post = Delivery.objects.get(channel=Channel.SLACK)
    assert (post.state, post.attempts) == (State.PARKED, 1)
    assert "SLACK_ALERT_CHANNEL" in post.advice
    assert ticket.processing_state == ProcessingState.NOTIFIED, "Jira was told"
    assert AuditEntry.objects.filter(action="Slack Notification Failed").count() == 1


def test_vendor_that_hangs_holds_only_its_own_places(world: World) -> None:
    for _ in range(5):
        plan_deliveries(make_ticket(**ANALYSED).pk)
    make_due()
    now = timezone.now()
    assert len(claims.claim_waiting(Channel.JIRA, now)) == 2
    assert claims.claim_waiting(Channel.JIRA, now) == []
    assert len(claims.claim_waiting(Channel.SLACK, now)) == 2
    assert len(claims.claim_waiting(Channel.JIRA, now + claims.LEASE)) == 2, "a dead worker's places are free"


def test_throttled_channel_is_left_alone_for_as_long_as_it_asked(world: World) -> None:
    for _ in range(2):
        plan_deliveries(make_ticket(**ANALYSED).pk)
    make_due()
    world.faults.always["slack post"] = "429"
    claimed = claims.claim_waiting(Channel.SLACK, timezone.now())
    deliver(*claimed[0])
    claims.give_back(*claimed[1], timezone.now())
    make_ready = Delivery.objects.filter(channel=Channel.SLACK)
    make_ready.update(due_at=timezone.now())
    assert claims.claim_waiting(Channel.SLACK, timezone.now()) == []
    assert len(claims.claim_waiting(Channel.SLACK, timezone.now() + timedelta(seconds=1.5))) == 2


def test_broker_that_is_away_gives_the_claim_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_deliveries(make_ticket(**ANALYSED).pk)

    def away(*_: object, **__: object) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(current_app, "send_task", away)
    wakeup.dispatch(Channel.JIRA)
    create = Delivery.objects.get(channel=Channel.JIRA)
    assert (create.state, create.attempts) == (State.PENDING, 0)


def test_nothing_configured_skips_all_with_one_line_of_advice_each() -> None:
    ticket = make_ticket(**ANALYSED)
    plan_deliveries(ticket.pk)
    ticket.refresh_from_db()
    assert set(states().values()) == {State.SKIPPED}
    advice = {d.channel: d.advice for d in Delivery.objects.all()}
    assert "ITSM_TOOL=jira" in advice["jira"]
    assert "SLACK_BOT_TOKEN" in advice["slack"]
    assert "AZURE_BLOB_ENABLED" in advice["blob"]
    assert ticket.processing_state == ProcessingState.NOTIFIED
    assert [claims.claim_waiting(channel, timezone.now()) for channel in claims.channels()] == [[]] * 5
