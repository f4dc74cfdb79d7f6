"""The clock jumps, or two machines disagree: work neither waits for a time that was wrong nor is done twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from audit import sealing
from audit.services import record
from audit.verification import verify
from ingestion import claims, pipeline
from tests.support.factories import make_ticket
from tickets.choices import ProcessingState
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=400)])
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
