"""The sweep: on time in a storm, without sending those who stand in the tickets' queue to its end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery.canvas import Signature
from django.db import OperationalError
from django.utils import timezone
from kombu.connection import Connection

from aiops.celery import app
from ingestion import claims, pipeline, tasks, worker_pulse
from ingestion.fast_door.pressure import STORM_BATCH, pressure
from ingestion.models import AlertEvent, RunLookup
from tests.support.factories import make_ticket
from tickets.models import Ticket
from tickets.tasks import watch_sla

pytestmark = pytest.mark.django_db


def line(queue: str = "aiops") -> list[tuple[str, int | None]]:
    """What stands in a queue, taken out: the task and the row that it is about."""
    found: list[tuple[str, int | None]] = []
    with app.connection_for_read() as connection:
        while (message := _next(connection, queue)) is not None:
            found.append(message)
    return found


def _next(connection: Connection, queue: str) -> tuple[str, int | None] | None:
    channel = connection.default_channel
    bound = app.amqp.queues[queue](channel)
    bound.declare()
    message = bound.get(no_ack=True)
    if message is None:
        return None
    arguments = message.payload[0]
    return message.headers["task"], arguments[0] if arguments else None


@pytest.fixture(autouse=True)
def _empty() -> None:
    line()


def lookup(**fields: object) -> RunLookup:
    event = AlertEvent.objects.create(source="adf", body=b"{}", body_size=2, outcome="accepted")
    now = timezone.now()
    return RunLookup.objects.create(
        event=event, source="adf", dedup_key=str(event.pk), query={}, fallback={}, give_up_at=now,
        **{"work_due_at": now, **fields},
    )  # fmt: skip


def test_sweep_has_the_clocks_queue_and_hands_on_to_the_tickets() -> None:
    def queue_of(task: Signature) -> str:
        return str(app.amqp.router.route({}, task.name)["queue"].name)

    assert queue_of(tasks.sweep) == queue_of(watch_sla) == "aiops.clock"
    assert {queue_of(each) for each in (tasks.process_waiting, tasks.process_ticket)} == {"aiops"}


def test_sweep_claims_what_nobody_holds_and_leaves_what_may_stand_in_the_line() -> None:
    now = timezone.now()
    late = now - timedelta(seconds=1)
    held = make_ticket(needs_work=True, work_due_at=late, claim_token="of-a-message-in-the-line")
    forgotten = make_ticket(needs_work=True, work_due_at=late)
    held_lookup = lookup(work_due_at=late, claim_token="of-another")
    forgotten_lookup = lookup(work_due_at=late)
    assert tasks.sweep() == 2
    assert line() == [
        ("ingestion.process_waiting", None),
        ("ingestion.look_up_waiting", None),
        ("ingestion.look_up_runs", forgotten_lookup.pk),
        ("ingestion.process_ticket", forgotten.pk),
    ]
    held.refresh_from_db()
    held_lookup.refresh_from_db()
    assert (held.claim_token, held_lookup.claim_token) == ("of-a-message-in-the-line", "of-another")
    assert (tasks.process_waiting(), tasks.look_up_waiting()) == (1, 1), "whose turn in the line it is"
    assert line() == [("ingestion.look_up_runs", held_lookup.pk)]
    held.refresh_from_db()
    assert (held.processing_state, held.needs_work) == ("notified", False), "done by who claimed it"


def test_first_of_several_is_done_by_who_claims_them_and_the_others_are_handed_out() -> None:
    now = timezone.now()
    first, second, third = (
        make_ticket(needs_work=True, work_due_at=now - timedelta(seconds=3 - number)) for number in range(3)
    )
    assert tasks.process_waiting() == 3
    assert line() == [("ingestion.process_ticket", second.pk), ("ingestion.process_ticket", third.pk)]
    first.refresh_from_db()
    assert (first.processing_state, first.needs_work) == ("notified", False)


def test_ticket_whose_claimer_lost_the_database_is_handed_to_a_task_that_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = make_ticket(needs_work=True, work_due_at=timezone.now() - timedelta(seconds=1))

    def away(*_: object) -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(pipeline, "process_ticket", away)
    assert tasks.process_waiting() == 1
    assert line() == [("ingestion.process_ticket", ticket.pk)]


def test_sweep_claims_nothing_while_alerts_storm_in_and_waits_for_nothing() -> None:
    make_ticket(needs_work=True, work_due_at=timezone.now())
    pressure.note_batch(STORM_BATCH)
    assert tasks.sweep() == 0
    assert [task for task, _ in line()] == ["ingestion.process_waiting", "ingestion.look_up_waiting"]
    assert Ticket.objects.get().claim_token == ""


def test_sign_of_life_is_given_by_who_takes_up_tickets_and_not_by_the_sweep() -> None:
    tasks.sweep()
    assert worker_pulse.last_seen() is None
    ticket = make_ticket(needs_work=True)
    ((_, token),) = claims.claim_waiting(timezone.now())
    tasks.process_ticket(ticket.pk, token)
    assert worker_pulse.last_seen() is not None


@pytest.mark.parametrize(("seconds_ago", "is_written"), [(1, False), (6, True), (-30, True)])
def test_sign_of_life_is_written_every_five_seconds_and_mended_after_a_jump(
    seconds_ago: float, *, is_written: bool
) -> None:
    now = timezone.now()
    worker_pulse.note(now - timedelta(seconds=seconds_ago))
    worker_pulse.note(now)
    assert (worker_pulse.last_seen() == now) is is_written
