"""Many senders at once: one failure stays one ticket, and one bad neighbour harms nobody."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from functools import partial
from typing import Any

import pytest

from audit import actions
from audit.models import AuditEntry
from ingestion import services
from ingestion.fast_door.writer import MOST_AT_ONCE
from ingestion.identity import ticket_of
from ingestion.models import AlertEvent, EventTicket, Outcome
from ingestion.reading import Inbound, read
from ingestion.sources import registry
from tests.conftest import API_KEY
from tests.support.alerts import data_factory_alert, data_factory_forms, databricks_forms
from tests.support.faces import FastFace, Told
from tests.support.together import at_once
from tickets.models import LiveEvent, Ticket
from tickets.signals import ticket_opened

COPIES = 50
KEY = {"X-Api-Key": API_KEY}
FORMS = [
    pytest.param(data_factory_forms(str(uuid.uuid4())), id="data-factory"),
    pytest.param(databricks_forms(987654321), id="databricks"),
]
Forms = list[tuple[str, dict[str, Any]]]


def ask_at_once(face: FastFace, requests: Forms) -> list[Told]:
    async def ask_all() -> list[Told]:
        return await asyncio.gather(
            *(face.ask(path, [json.dumps(body).encode()], KEY) for path, body in requests)
        )

    return asyncio.run(ask_all())


def assert_one_ticket(copies: int) -> None:
    ticket = Ticket.objects.get()
    assert ticket.occurrences == copies
    assert AuditEntry.objects.filter(action=actions.TICKET_CREATED).count() == 1
    assert AuditEntry.objects.filter(action=actions.DUPLICATE_DETECTED).count() == copies - 1
    assert EventTicket.objects.filter(ticket=ticket).count() == AlertEvent.objects.count() == copies
    assert AlertEvent.objects.filter(outcome=Outcome.ACCEPTED).count() == 1


@pytest.mark.parametrize("forms", FORMS)
def test_fifty_copies_in_three_forms_through_one_writer_are_one_ticket(
    fast_face: FastFace, forms: Forms
) -> None:
    told = ask_at_once(fast_face, [forms[number % 3] for number in range(COPIES)])
    assert {answer.status for answer in told} == {202}
    assert_one_ticket(COPIES)


@pytest.mark.parametrize("forms", FORMS)
def test_fifty_copies_in_three_forms_in_transactions_of_their_own_are_one_ticket(
    transactional_db: None, forms: Forms
) -> None:
    """As many processes would do it: each alert has its own connection, and all begin together."""

    def receive(number: int) -> tuple[int, str]:
        path, body = forms[number % 3]
        spec = next(spec for spec in registry().values() if spec.path == path)
        answer = services.receive(spec, Inbound(json.dumps(body).encode()))
        return answer.http_status, str(answer.body.get("ticket_id"))

    told = at_once(*(partial(receive, number) for number in range(COPIES)))
    assert {status for status, _ in told} == {202}
    assert {key for _, key in told} == {Ticket.objects.get().key}
    assert_one_ticket(COPIES)


def test_two_writers_with_the_same_failures_in_another_order_both_succeed(transactional_db: None) -> None:
    """Locks taken in the order of arrival would end in a deadlock here."""
    alerts = [json.dumps(data_factory_alert()).encode() for _ in range(20)]
    spec = registry()["adf"]
    together = threading.Barrier(2)

    def receive(bodies: list[bytes]) -> list[int]:
        statuses = []
        for _ in range(5):
            together.wait(30)
            answers = services.receive_together([read(spec, Inbound(body)) for body in bodies], 0)
            statuses += [answer.http_status for answer in answers]
        return statuses

    both = at_once(partial(receive, alerts), partial(receive, alerts[::-1]))
    assert both == [[202] * 100, [202] * 100]
    assert Ticket.objects.count() == 20
    assert sum(Ticket.objects.values_list("occurrences", flat=True)) == 200


def test_failing_alert_costs_its_neighbours_nothing(
    fast_face: FastFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_one(failure: Any, **options: Any) -> Ticket:
        ticket = ticket_of(failure, **options)
        if failure.run_id == "bad":
            ticket.severity = None  # type: ignore[assignment]  # the database refuses it, and only it knows
        return ticket

    monkeypatch.setattr("ingestion.batch.ticket_of", refuse_one)
    bodies: Forms = [("/azure-monitor", data_factory_alert()) for _ in range(20)]
    bodies.insert(7, ("/azure-monitor", {"PipelineName": "P", "RunId": "bad", "Error": "x"}))
    told = ask_at_once(fast_face, bodies)
    statuses = [json.loads(answer.body)["status"] for answer in told]
    assert statuses == ["accepted"] * 7 + ["unsupported"] + ["accepted"] * 13
    assert Ticket.objects.count() == 20
    assert AlertEvent.objects.get(outcome=Outcome.FAILED).failure_trace
    assert AuditEntry.objects.filter(action=actions.TICKET_CREATED).count() == 20
    assert LiveEvent.objects.count() == 20


def test_answers_go_to_the_senders_they_belong_to(fast_face: FastFace) -> None:
    runs = [str(uuid.uuid4()) for _ in range(3 * MOST_AT_ONCE)]
    told = ask_at_once(fast_face, [("/azure-monitor", data_factory_alert(run)) for run in runs])
    answers = [json.loads(answer.body) for answer in told]
    assert [answer["run_id"] for answer in answers] == runs
    kept = {ticket.key: ticket.run_id for ticket in Ticket.objects.all()}
    assert [kept[answer["ticket_id"]] for answer in answers] == runs
    for answer in answers:
        assert AlertEvent.objects.get(pk=answer["event_id"]).ticket_key == answer["ticket_id"]


def test_workers_are_told_of_each_ticket_after_the_commit(fast_face: FastFace) -> None:
    seen: list[bool] = []

    def look(ticket_id: int, **_: Any) -> None:
        seen.append(Ticket.objects.filter(pk=ticket_id).exists())

    ticket_opened.connect(look)
    try:
        ask_at_once(fast_face, [("/azure-monitor", data_factory_alert()) for _ in range(10)])
    finally:
        ticket_opened.disconnect(look)
    assert seen == [True] * 10


def test_body_in_many_pieces_is_read_whole(fast_face: FastFace) -> None:
    body = json.dumps(data_factory_alert()).encode()
    told = asyncio.run(fast_face.ask("/azure-monitor", [body[:10], b"", body[10:50], body[50:]], KEY))
    assert told.status == 202
    assert bytes(AlertEvent.objects.get().body) == body
