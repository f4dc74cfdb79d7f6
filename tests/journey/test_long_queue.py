"""A ticket that waits long for its turn is worked on all the same; one whose workers keep dying is parked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ingestion import claims, pipeline
from tests.support.factories import TicketFactory
from tickets.choices import ProcessingState
from tickets.models import Ticket

pytestmark = pytest.mark.django_db(transaction=True)


def claimed_again_and_again(ticket: Ticket, times: int, *, begins: bool) -> str:
    """The token of the last claim, after so many leases ran out."""
    now = timezone.now() - (times + 1) * (claims.LEASE + timedelta(seconds=1))
    Ticket.objects.filter(pk=ticket.pk).update(needs_work=True, work_due_at=now)
    token = ""
    for _ in range(times):
        now += claims.LEASE + timedelta(seconds=1)
        ((_, token),) = claims.claim_waiting(now)
        if begins:
            assert claims.begin(ticket.pk, token, now)
    return token


def test_ticket_whose_claim_ran_out_many_times_in_the_queue_is_not_given_up() -> None:
    ticket = TicketFactory()
    token = claimed_again_and_again(ticket, claims.MOST_ATTEMPTS + 5, begins=False)
    pipeline.process_ticket(ticket.pk, token)
    ticket.refresh_from_db()
    assert ticket.processing_state != ProcessingState.FAILED
    assert not ticket.needs_work


def test_ticket_whose_workers_died_many_times_is_parked() -> None:
    ticket = TicketFactory()
    token = claimed_again_and_again(ticket, claims.MOST_ATTEMPTS + 1, begins=True)
    pipeline.process_ticket(ticket.pk, token)
    ticket.refresh_from_db()
    assert ticket.processing_state == ProcessingState.FAILED
    assert ticket.processing_error.startswith("Given up")
