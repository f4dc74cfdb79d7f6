"""Rows inserted together are the rows that `save()` would have written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, models, transaction
from django.forms.models import model_to_dict

from audit.appending import append, appended_together
from audit.inserting import insert_all
from audit.models import AuditEntry
from ingestion.models import AlertEvent, EventTicket, Outcome
from tests.support.factories import TicketFactory, make_ticket
from tickets.choices import Severity
from tickets.models import Ticket

NOW = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


def stored(row: models.Model) -> dict[str, object]:
    """What the database holds, apart from what is unique to each row."""
    found = type(row)._default_manager.get(pk=row.pk)
    values = model_to_dict(found, fields=[f.name for f in row._meta.concrete_fields])
    values |= {f.attname: getattr(found, f.attname) for f in row._meta.concrete_fields}
    return {name: value for name, value in values.items() if name not in {"id", "key", "dedup_key", "run_id"}}


def new_ticket() -> Ticket:
    ticket: Ticket = TicketFactory.build(
        opened_at=NOW,
        last_seen_at=NOW,
        changed_at=NOW,
        work_due_at=NOW,
        severity=Severity.HIGH,  # a member of an enumeration, not a plain string
        metadata={"name": "Ünïcode", "list": [1, None, True]},
        is_transient=None,
        error_message="100 % \"quoted\" '%s' ? :x",
    )
    return ticket


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 2, 64])
def test_rows_inserted_together_equal_saved_ones(count: int) -> None:
    saved = new_ticket()
    saved.save()
    together = [new_ticket() for _ in range(count)]
    insert_all(together)
    assert [stored(ticket) for ticket in together] == [stored(saved)] * count
    assert [Ticket.objects.get(key=ticket.key).pk for ticket in together] == [t.pk for t in together]
    together[0].root_cause = "known now"
    together[0].save()  # an update: the row knows that it is stored
    assert Ticket.objects.count() == count + 1


@pytest.mark.django_db
def test_rows_that_refer_to_rows_inserted_just_before_find_their_keys() -> None:
    event = AlertEvent(source="adf", body=b"\x00\xff", body_size=2, outcome=Outcome.ACCEPTED)
    ticket = new_ticket()
    touched = EventTicket(event=event, ticket=ticket, verdict="created")
    for row in (event, ticket, touched):
        insert_all([row])
    kept = EventTicket.objects.get()
    assert (kept.event_id, kept.ticket_id) == (event.pk, ticket.pk)
    assert bytes(kept.event.body) == b"\x00\xff"


@pytest.mark.django_db
def test_taken_key_refuses_all_rows_of_the_statement() -> None:
    taken = make_ticket()
    second = new_ticket()
    second.dedup_key = taken.dedup_key
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_all([new_ticket(), second])
    assert Ticket.objects.get() == taken


@pytest.mark.django_db
def test_appended_rows_are_inserted_at_the_end_and_dropped_with_an_exception() -> None:
    with transaction.atomic(), appended_together():
        append(AuditEntry(action="first"))
        append(AuditEntry(action="second"))
        assert not AuditEntry.objects.exists()
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == ["first", "second"]
    with pytest.raises(KeyError):
        _append_and_fail()
    append(AuditEntry(action="at once"))
    assert AuditEntry.objects.count() == 3


def _append_and_fail() -> None:
    with transaction.atomic(), appended_together():
        append(AuditEntry(action="third"))
        raise KeyError
