"""The clock jumps, or two machines disagree: work neither waits for a time that was wrong nor is done twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit import sealing
from audit.services import record
from audit.verification import verify
from ingestion import claims, pipeline, reconcile, run_lookups
from ingestion.models import AlertEvent, RunLookup, WorkerPulse
from integrations.deliveries import claims as delivery_claims
from integrations.deliveries.outcomes import pause_channel
from integrations.deliveries.schedule import LONGEST_RETRY_AFTER
from integrations.errors import IntegrationError
from integrations.jira.client import JiraClient
from integrations.jira.config import JiraConfig
from integrations.models import ChannelState, Delivery, State
from integrations.webhooks import reconcile as jira_reconcile
from rca import questions
from rca.evidence import late
from rca.models import EvidenceCollection, Question, QuestionWait
from tests.support.factories import make_ticket
from tests.support.vendor_server import ok, serving
from tickets.choices import ProcessingState
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

AHEAD = [timedelta(hours=1), timedelta(days=400)]
FAR = timedelta(days=2)  # beyond any pause that a vendor may ask for


@pytest.mark.parametrize("ahead", AHEAD)
def test_ticket_of_a_machine_whose_clock_was_ahead_does_not_wait_for_that_time(ahead: timedelta) -> None:
    now = timezone.now()
    ticket = make_ticket(needs_work=True, work_due_at=now + ahead)
    assert [ticket_id for ticket_id, _ in claims.claim_waiting(now)] == [ticket.pk]
    assert claims.claim_waiting(now) == []


def test_retry_that_was_planned_is_not_taken_before_its_time() -> None:
    now = timezone.now()
    make_ticket(needs_work=True, work_due_at=now + pipeline.RETRY_DELAYS[-1])
    assert claims.claim_waiting(now) == []


@pytest.mark.parametrize("jump", [timedelta(days=1), -timedelta(days=1)])
def test_claim_that_another_took_over_after_a_jump_is_not_worked_on_by_the_first(jump: timedelta) -> None:
    now = timezone.now()
    ticket = make_ticket(needs_work=True, work_due_at=now - timedelta(days=2))
    ((_, first),) = claims.claim_waiting(now)
    ((_, second),) = claims.claim_waiting(now + jump)
    pipeline.process_ticket(ticket.pk, first)
    ticket.refresh_from_db()
    assert (ticket.processing_state, ticket.work_attempts) == (ProcessingState.RECEIVED, 0)
    pipeline.process_ticket(ticket.pk, second)
    assert not Ticket.objects.get().needs_work


@pytest.mark.parametrize("jump", [timedelta(hours=5), -timedelta(hours=5)])
def test_record_sealed_across_a_jump_verifies(jump: timedelta) -> None:
    now = timezone.now()
    for moment in (now, now + jump, now):
        record("Test", summary="one more")
        assert sealing.seal_entries(now=moment, settle=-timedelta(hours=6))
    assert verify().is_whole


def delivery(state: str, due_at: datetime, **fields: object) -> Delivery:
    return Delivery.objects.create(
        ticket=make_ticket(), channel="jira", operation="create", state=state, due_at=due_at, **fields
    )


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("state", [State.PENDING, State.SENDING])
def test_delivery_of_a_machine_whose_clock_was_ahead_does_not_wait_for_that_time(
    state: str, ahead: timedelta
) -> None:
    now = timezone.now()
    wanted = delivery(state, now + ahead)
    assert [pk for pk, _ in delivery_claims.claim_waiting("jira", now)] == [wanted.pk]
    assert delivery_claims.claim_waiting("jira", now) == []


def test_claims_of_a_clock_that_was_ahead_take_no_place_from_others() -> None:
    now = timezone.now()
    for _ in range(20):
        delivery(State.SENDING, now + FAR)
    mine = delivery(State.PENDING, now - timedelta(seconds=1))
    assert mine.pk in {pk for pk, _ in delivery_claims.claim_waiting("jira", now)}


def test_retry_that_a_vendor_asked_for_is_waited_for_and_one_beyond_that_is_not() -> None:
    now = timezone.now()
    delivery(State.RETRYING, now + LONGEST_RETRY_AFTER)
    wrong = delivery(State.RETRYING, now + FAR)
    assert [pk for pk, _ in delivery_claims.claim_waiting("jira", now)] == [wrong.pk]


def test_pause_of_a_channel_holds_unless_it_ends_beyond_the_longest() -> None:
    now = timezone.now()
    delivery(State.PENDING, now)
    asked = IntegrationError("slow down", vendor="jira", permanent=False, status=429, retry_after=60.0)
    ChannelState.objects.create(channel="jira", paused_until=now + FAR)
    pause_channel("jira", asked, now)
    assert delivery_claims.claim_waiting("jira", now) == []
    assert ChannelState.objects.get().paused_until == now + timedelta(seconds=60)
    ChannelState.objects.update(paused_until=now + FAR)
    assert len(delivery_claims.claim_waiting("jira", now)) == 1


@pytest.mark.parametrize("ahead", AHEAD)
def test_look_up_of_a_clock_that_was_ahead_is_done_now(ahead: timedelta) -> None:
    now = timezone.now()
    event = AlertEvent.objects.create(source="adf", body=b"{}", body_size=2)
    look_up = RunLookup.objects.create(
        event=event,
        source="adf",
        dedup_key="k",
        query={},
        fallback={},
        give_up_at=now,
        work_due_at=now + ahead,
    )
    assert [pk for pk, _ in run_lookups.claim_waiting_lookups(now)] == [look_up.pk]
    assert run_lookups.claim_waiting_lookups(now) == []


@pytest.mark.parametrize("ahead", AHEAD)
def test_late_evidence_of_a_clock_that_was_ahead_is_collected_now(ahead: timedelta) -> None:
    now = timezone.now()
    row = EvidenceCollection.objects.create(ticket=make_ticket(), is_waiting=True, due_at=now + ahead)
    assert late.claim_due(now) == [row.ticket_id]
    assert late.claim_due(now) == []


@pytest.mark.parametrize("state", [Question.State.ASKING, Question.State.WAITING])
def test_question_of_a_clock_that_was_ahead_is_asked_now(state: str) -> None:
    now, ticket = timezone.now(), make_ticket()
    question = Question.objects.create(key="k", ticket=ticket, state=state, due_at=now + FAR)
    QuestionWait.objects.create(ticket=ticket, question=question)
    lease = timedelta(minutes=1)
    assert [each.pk for each in questions.claim_due(now, lease)] == [question.pk]
    assert questions.claim_due(now, lease) == []


def test_model_that_asks_for_days_is_asked_again_within_the_hour() -> None:
    now, ticket = timezone.now(), make_ticket()
    question = Question.objects.create(key="k", ticket=ticket, claim_token="t", asked_at=now, attempts=1)
    questions.close_unanswered(question, now, permanent=False, retry_after=FAR.total_seconds())
    question.refresh_from_db()
    assert question.due_at == now + questions.LONGEST_BACKOFF


def test_turn_of_the_comparison_that_was_taken_in_the_future_stops_no_later_one(settings: Settings) -> None:
    settings.RECONCILE_MINUTES = 10
    now = timezone.now()
    WorkerPulse.objects.create(name=reconcile.PULSE, seen_at=now + FAR)
    assert reconcile.take_turn(now)
    assert not reconcile.take_turn(now + timedelta(seconds=1))
    assert not reconcile.take_turn(now - timedelta(seconds=30)), "clocks that differ a little take one turn"


def test_jira_is_asked_for_the_whole_week_after_a_time_that_is_yet_to_come() -> None:
    now = timezone.now()
    ChannelState.objects.create(channel="jira", reconciled_at=now + FAR)
    with serving() as vendor:
        vendor.on("POST", "/rest/api/3/search/jql", ok({"issues": [], "isLast": True}))
        client = JiraClient(JiraConfig(vendor.url, email="desk@example.com", token="t", project_key="OPS"))
        jira_reconcile.reconcile(now, client)
        (asked,) = vendor.requests
    assert f"updated >= -{7 * 24 * 60}m" in asked.json()["jql"]
    assert ChannelState.objects.get().reconciled_at == now
