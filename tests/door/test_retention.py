"""Retention: what is done with goes after its days, what is not done with never, and the record tells of each pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from audit import actions, sealing
from audit.models import AuditEntry
from audit.services import Actor
from audit.verification import verify
from ingestion import retention, tasks
from ingestion.models import PAYLOAD_REMOVED, AlertEvent, EventTicket, Outcome
from ingestion.replay import IGNORED, replay_event
from ingestion.selectors import first_payload
from integrations.models import Channel, Delivery, Operation, State
from rca.models import Analysis, Evidence
from rca.services import keep_evidence
from remediation.models import Attempt, Decision
from tests.support.people import client_of
from tests.support.posting import ADF, pipeline_failed, post
from tickets import counter_store, services
from tickets.models import LiveEvent, Ticket

pytestmark = pytest.mark.django_db
DAYS = 30
LONG_AGO = timedelta(days=DAYS + 1)
SETTINGS = {kind.name: kind.setting for kind in retention.KINDS}
Keep = Callable[..., None]


@pytest.fixture
def keep(settings: Settings) -> Keep:
    def set_days(*names: str, days: int = DAYS) -> None:
        for name in names:
            setattr(settings, SETTINGS[name], days)

    return set_days


def alert(door: Client, number: int, *, age: timedelta = LONG_AGO, is_closed: bool = True) -> Ticket:
    """A ticket with its event and evidence, all of that age, closed and worked off unless told otherwise."""
    answer = post(door, ADF, pipeline_failed(f"6d6a1f0e-93a1-4a53-9f0e-{number:012x}"))
    ticket = Ticket.objects.get(key=answer["ticket_id"])
    keep_evidence(ticket, "trace", "Trace", "java.io.IOException: no such file")
    if is_closed:
        services.acknowledge(ticket.pk, actor=Actor("person", "ana.lima@example.com"))
    moment = timezone.now() - age
    Ticket.objects.filter(pk=ticket.pk).update(
        opened_at=moment, last_seen_at=moment, acknowledged_at=moment if is_closed else None, needs_work=False
    )
    AlertEvent.objects.filter(pk=answer["event_id"]).update(received_at=moment)
    ticket.refresh_from_db()
    return ticket


def run() -> dict[str, int]:
    removed: dict[str, int] = {}
    for kind, count in retention.run(timezone.now()):
        removed[kind.name] = removed.get(kind.name, 0) + count
    return removed


def test_without_settings_everything_is_kept(door: Client) -> None:
    alert(door, 1, age=timedelta(days=3650))
    assert run() == {}
    assert Ticket.objects.count() == AlertEvent.objects.count() == 1


def test_old_closed_ticket_goes_with_all_that_hangs_on_it(door: Client, keep: Keep) -> None:
    keep("tickets")
    old, young = alert(door, 1), alert(door, 2, age=timedelta(days=DAYS - 1))
    assert run() == {"tickets": 1}
    assert list(Ticket.objects.all()) == [young]
    assert not Evidence.objects.filter(ticket_id=old.pk).exists()
    assert AlertEvent.objects.filter(ticket_key=old.key).exists()


def test_counters_equal_the_tickets_that_are_left(door: Client, keep: Keep) -> None:
    keep("tickets")
    for number in range(3):
        alert(door, number)
    alert(door, 9, is_closed=False)
    counter_store.reconcile(repair=True)  # they were made old behind the counters' back
    assert run() == {"tickets": 3}
    assert counter_store.current() == counter_store.counted()
    while counter_store.fold():
        pass
    assert counter_store.reconcile(repair=False) == {}


@pytest.mark.parametrize(
    "what",
    [
        "open",
        "in work",
        "delivery waiting",
        "heard of lately",
        "attempt proposed",
        "attempt verifying",
        "decision waiting",
    ],
)
def test_ticket_that_is_not_done_with_keeps_everything(door: Client, keep: Keep, what: str) -> None:
    keep("tickets", "events", "payloads")
    ticket = alert(door, 1, is_closed=what != "open")
    if what == "in work":
        Ticket.objects.filter(pk=ticket.pk).update(needs_work=True)
    elif what == "delivery waiting":
        Delivery.objects.create(
            ticket=ticket, channel=Channel.BLOB, operation=Operation.ARCHIVE, state=State.RETRYING
        )
    elif what.startswith("attempt"):
        state = what.removeprefix("attempt ")
        Attempt.objects.create(ticket=ticket, playbook="retry_pipeline", state=state, token=what)
    elif what == "decision waiting":
        Decision.objects.create(ticket=ticket, is_waiting=True)
    elif what == "heard of lately":
        Ticket.objects.filter(pk=ticket.pk).update(last_seen_at=timezone.now())
        keep("events", "payloads", days=0)
    assert run() == {}
    assert first_payload(ticket) is not None


def test_ticket_whose_remediation_has_ended_goes(door: Client, keep: Keep) -> None:
    keep("tickets", "events")
    ticket = alert(door, 1)
    Attempt.objects.create(ticket=ticket, playbook="retry_pipeline", state="succeeded")
    Decision.objects.create(ticket=ticket, is_waiting=False)
    assert run() == {"events": 1, "tickets": 1}


def test_reopened_ticket_is_not_removed_by_a_pass_that_saw_it_closed(door: Client, keep: Keep) -> None:
    keep("tickets", "evidence")
    ticket = alert(door, 1)
    services.reopen(ticket.pk, actor=Actor("person", "ana.lima@example.com"))
    assert run() == {}


@pytest.mark.parametrize(
    "outcome", [Outcome.ACCEPTED, Outcome.UNSUPPORTED, Outcome.MALFORMED, Outcome.FAILED]
)
def test_event_that_became_no_ticket_stays_and_can_be_replayed(
    door: Client, keep: Keep, outcome: Outcome
) -> None:
    keep("events", "payloads")
    AlertEvent.objects.create(
        source="adf",
        received_at=timezone.now() - LONG_AGO,
        body=b"{}",
        body_size=2,
        outcome=outcome,
    )
    assert run() == {}
    assert bytes(AlertEvent.objects.get().body) == b"{}"


def test_event_goes_and_its_ticket_stays(door: Client, keep: Keep) -> None:
    keep("events")
    ticket = alert(door, 1)
    alert(door, 2, is_closed=False)
    assert run() == {"events": 1}
    assert not EventTicket.objects.filter(ticket=ticket).exists()
    assert first_payload(ticket) is None


def test_event_whose_ticket_is_gone_already_still_goes(door: Client, keep: Keep) -> None:
    alert(door, 1)
    keep("tickets")
    assert run() == {"tickets": 1}
    keep("events")
    assert run() == {"events": 1}


def test_removed_payload_leaves_the_event_with_a_note(door: Client, keep: Keep) -> None:
    keep("payloads")
    ticket = alert(door, 1)
    size = AlertEvent.objects.get().body_size
    assert run() == {"payloads": 1}
    event = AlertEvent.objects.get()
    assert (bytes(event.body), event.headers, event.body_size) == (b"", {}, size)
    assert event.message.endswith("Payload removed after 30 days.")
    assert event.is_payload_removed
    assert run() == {}
    assert first_payload(ticket) is None


def test_note_fits_behind_the_longest_message(door: Client, keep: Keep) -> None:
    keep("payloads")
    alert(door, 1)
    AlertEvent.objects.update(message="x" * 500)
    run()
    message = AlertEvent.objects.get().message
    assert len(message) == 500
    assert message.endswith("x Payload removed after 30 days.")


def test_faces_of_an_event_without_its_payload_say_so(door: Client, keep: Keep, admin_person: User) -> None:
    keep("payloads", "evidence")
    ticket = alert(door, 1)
    run()
    event = AlertEvent.objects.get()
    detail = client_of(admin_person).get(f"/api/tickets/{ticket.key}").json()["ticket"]
    assert detail["raw_payload"] == PAYLOAD_REMOVED
    assert [item["text"] for item in detail["evidence"]] == ["removed after 30 days"]
    console = Client()
    console.force_login(admin_person)
    page = console.get(reverse("admin:ingestion_alertevent_change", args=[event.pk]))
    assert PAYLOAD_REMOVED in page.content.decode()
    assert "for replay" not in page.content.decode()
    assert console.get(reverse("admin:ingestion_alertevent_body", args=[event.pk])).status_code == 404
    page = console.get(f"{reverse('admin:tickets_ticket_change', args=[ticket.pk])}?tab=events")
    assert PAYLOAD_REMOVED in page.content.decode()
    told = replay_event(event.pk)
    assert (told.result, told.message, told.ticket_id) == (IGNORED, PAYLOAD_REMOVED, ticket.key)
    with pytest.raises(CommandError, match="no longer kept"):
        call_command("export_event", str(event.pk))


def test_evidence_keeps_its_numbers_and_prompts_lose_the_same_texts(door: Client, keep: Keep) -> None:
    keep("evidence")
    ticket, open_one = alert(door, 1), alert(door, 2, is_closed=False)
    for each in (ticket, open_one):
        Analysis.objects.create(ticket=each, provider="gemini", prompt_sent="IOException", citations=[1])
    assert run() == {"evidence": 1}
    assert Evidence.objects.get(ticket=ticket).text == "removed after 30 days"
    assert Analysis.objects.get(ticket=ticket).prompt_sent == ""
    assert Analysis.objects.get(ticket=open_one).prompt_sent == "IOException"
    assert "IOException" in Evidence.objects.get(ticket=open_one).text
    keep_evidence(ticket, "trace", "Trace", "java.io.IOException: no such file")  # reopened, collected again
    assert Evidence.objects.get(ticket=ticket).number == 1
    assert "IOException" in Evidence.objects.get(ticket=ticket).text


def test_each_pass_is_one_entry_with_range_and_count(
    door: Client, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("tickets")
    monkeypatch.setattr(retention, "PASS", 2)
    made = [alert(door, number) for number in range(3)]
    assert run() == {"tickets": 3}
    first, second = AuditEntry.objects.filter(action=actions.TICKETS_REMOVED).order_by("id")
    assert (first.details["count"], second.details["count"]) == (2, 1)
    assert (first.details["first"], first.details["last"]) == (made[0].key, made[1].key)
    assert (first.details["days"], second.details["first_id"]) == (DAYS, made[2].pk)


def test_record_of_removed_tickets_stays_and_verifies(door: Client, keep: Keep) -> None:
    keep("tickets", "events")
    ticket = alert(door, 1)
    sealing.seal_entries(settle=timedelta(0))
    before = AuditEntry.objects.filter(ticket_key=ticket.key).count()
    assert before >= 2
    assert run() == {"events": 1, "tickets": 1}
    assert AuditEntry.objects.filter(ticket_key=ticket.key).count() == before
    sealing.seal_entries(settle=timedelta(0))
    assert verify().is_whole


def test_live_log_is_not_told_of_tickets_that_were_on_no_board(door: Client, keep: Keep) -> None:
    keep("tickets")
    alert(door, 1)
    told = LiveEvent.objects.count()
    run()
    assert LiveEvent.objects.count() == told


def test_failing_pass_leaves_nothing_half_done(
    door: Client, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("tickets")
    alert(door, 1)
    counted = counter_store.current()

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the worker ends here")

    monkeypatch.setattr(retention, "record", fail)
    with pytest.raises(RuntimeError):
        run()
    assert Ticket.objects.count() == 1
    assert counter_store.current() == counted


def test_run_that_is_out_of_time_leaves_the_rest_to_the_next(
    door: Client, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("tickets")
    for number in range(2):
        alert(door, number)
    followed: list[bool] = []
    monkeypatch.setattr(tasks, "RETENTION_SECONDS", 0.0)
    monkeypatch.setattr(tasks.apply_retention, "delay", lambda: followed.append(True))
    assert tasks.apply_retention() == 0
    assert followed == [True]
    monkeypatch.setattr(tasks, "RETENTION_SECONDS", 60.0)
    assert tasks.apply_retention() == 2
    assert followed == [True]


def test_command_counts_first_and_removes_then(door: Client, keep: Keep) -> None:
    keep("tickets", "payloads")
    alert(door, 1)

    def command(*arguments: str) -> str:
        out = StringIO()
        call_command("apply_retention", *arguments, stdout=out)
        return out.getvalue()

    told = command("--dry-run")
    assert "tickets: 1 older than 30 days would go." in told
    assert "events: kept for ever (EVENT_RETENTION_DAYS is not set)." in told
    assert Ticket.objects.count() == 1
    assert "payloads: 1 older" in command("--only", "payloads")
    assert Ticket.objects.count() == 1
    assert "tickets: 1 older than 30 days removed." in command()
    assert not Ticket.objects.exists()
