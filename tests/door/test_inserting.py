"""Rows inserted together are the rows that `save()` would have written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Cast
from django.forms.models import model_to_dict

from audit.appending import append, appended_together
from audit.inserting import insert_all
from audit.models import AuditEntry
from audit.new_rows import new_row
from ingestion.models import AlertEvent, EventTicket, Outcome
from tests.support.factories import TicketFactory, make_ticket
from tickets import counter_store
from tickets.choices import Severity
from tickets.counters import Key
from tickets.models import CounterDelta, LiveEvent, Ticket

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


@pytest.mark.parametrize("model", [Ticket, AlertEvent, EventTicket, AuditEntry, LiveEvent])
def test_new_row_is_what_the_constructor_makes(model: type[models.Model]) -> None:
    made, constructed = new_row(model), model()
    assert made._state.adding
    assert made._state.db is None
    for field in model._meta.concrete_fields:
        mine, theirs = getattr(made, field.attname), getattr(constructed, field.attname)
        if isinstance(theirs, datetime):
            assert abs(mine - theirs) < timedelta(seconds=5)
        else:
            assert mine == theirs, field.attname


def test_new_row_shares_no_default_with_the_next_one() -> None:
    new_row(Ticket).metadata["left"] = "behind"
    assert new_row(Ticket).metadata == {}


def test_new_row_refuses_a_name_that_is_no_field() -> None:
    with pytest.raises(TypeError, match="pipline"):
        new_row(Ticket, pipline="misspelt")


@pytest.mark.django_db
def test_new_rows_that_refer_to_each_other_are_stored() -> None:
    event = new_row(AlertEvent, source="adf", body=b"{}", body_size=2, outcome=Outcome.ACCEPTED)
    ticket = new_ticket()
    touch = new_row(EventTicket, event=event, ticket=ticket, verdict="created")
    for row in (event, ticket, touch):
        insert_all([row])
    found = EventTicket.objects.get()
    assert (found.event_id, found.ticket_id) == (event.pk, ticket.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("value", [{}, [], {"a": [1, None]}, ["é"], "text", 5, 1.5, True])
def test_any_json_is_stored_as_django_stores_it(value: object) -> None:
    row = new_row(AuditEntry, details=value)
    insert_all([row])
    saved = AuditEntry.objects.create(details=value)
    stored_text = AuditEntry.objects.annotate(text=Cast("details", models.TextField())).values_list(
        "text", flat=True
    )
    assert stored_text.get(pk=row.pk) == stored_text.get(pk=saved.pk)


@pytest.mark.django_db
def test_numbers_of_many_changes_are_one_row_and_none_where_they_cancel_out() -> None:
    first, second = Key("status", "Open"), Key("team", "Sales")
    with transaction.atomic(), appended_together():
        for change in ({first: 2, second: 1}, {first: -1}, {second: -1}):
            counter_store.append(change)
    assert counter_store.current() == {first: 1}
    assert CounterDelta.objects.count() == 1
    with transaction.atomic(), appended_together():
        counter_store.append({first: 1})
        counter_store.append({first: -1})
    counter_store.append({second: 1})
    counter_store.append({})
    assert CounterDelta.objects.count() == 2
