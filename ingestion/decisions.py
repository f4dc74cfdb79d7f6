"""What is made of one reading: its stored event, its tickets, its answer. Always inside a batch's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from audit import actions
from audit.models import ActorKind
from audit.new_rows import new_row
from audit.services import SYSTEM, Actor, record
from ingestion import answers, lookups
from ingestion.answers import Answer
from ingestion.batch import Batch
from ingestion.identity import CREATED, LOOKING_UP, REOPENED, Placement, of_rules
from ingestion.models import AlertEvent, Outcome
from ingestion.reading import Inbound, Malformed, Reading, Unreadable
from ingestion.sources.base import Failures, Ignored, SourceSpec, Unsupported
from tickets import services as ticket_services
from tickets.choices import Status
from tickets.models import Ticket

MOST_CONCERNED = 50


@dataclass(frozen=True, slots=True)
class Decision:
    """An event and the answer about it; `asks_for_work` counts the tickets it put into the workers' queue."""

    event: AlertEvent
    answer: Answer
    asks_for_work: int = 0

    def told(self) -> Answer:
        """The answer with the event's number, which is known once the event is stored."""
        self.answer.body["event_id"] = self.event.pk
        return self.answer


def decide_reading(
    batch: Batch, reading: Reading, *, replay_of: AlertEvent | None = None, replayed_by: Actor = SYSTEM
) -> Decision:
    """Add one reading to the batch. With `replay_of` the original event takes the new outcome."""
    decision = _decide(batch, reading, replay_of)
    if replay_of is not None:
        outcome = f"Event {replay_of.pk} was replayed: {replay_of.outcome}"
        details = {"event_id": replay_of.pk, "outcome": replay_of.outcome, "ticket": replay_of.ticket_key}
        record(actions.EVENT_REPLAYED, actor=replayed_by, summary=outcome, details=details)
    return decision


def _decide(batch: Batch, reading: Reading, replay_of: AlertEvent | None) -> Decision:
    result = reading.result
    if isinstance(result, Failures):
        return _place_failures(batch, reading, result, replay_of)
    if isinstance(result, Ignored):
        return _note(batch, reading, result, replay_of)
    no_rule = "" if reading.spec.counts_failures else None
    if isinstance(result, Malformed):
        event = _event(reading, replay_of, outcome=Outcome.MALFORMED, message=result.reason)
        answer = answers.malformed(event.pk, result.reason)
    elif isinstance(result, Unreadable):
        event = _event(reading, replay_of, outcome=Outcome.FAILED, message=result.reason)
        event.failure_trace = result.trace
        answer = answers.nothing_to_do(
            event.pk, "unsupported", result.reason, alert_rule=no_rule, is_our_fault=True
        )
    else:
        assert isinstance(result, Unsupported)
        event = _event(reading, replay_of, outcome=Outcome.UNSUPPORTED, message=result.reason)
        answer = answers.nothing_to_do(event.pk, "unsupported", result.reason, alert_rule=no_rule)
    _keep(batch, event, [])
    return Decision(event, answer)


def _note(batch: Batch, reading: Reading, result: Ignored, replay_of: AlertEvent | None) -> Decision:
    """Nothing to open; the open tickets that it concerns are told, and the sender which these are."""
    if result.audit_action or result.succeeded is not None:
        batch.flush()  # the failure it speaks of may be in this very batch
    told = dict(replay_of.touched.values_list("ticket_id", "ticket__key")) if replay_of else {}
    touched = note_on_open_tickets(result, except_for=set(told))
    touched += note_recovery(result)
    if touched:
        batch.read_again(touched)
    once = {ticket.pk: ticket for ticket in touched}
    keys = list((told | {ticket_id: ticket.key for ticket_id, ticket in once.items()}).values())
    message = answers.noted_on(result.reason, keys)
    event = _event(reading, replay_of, outcome=Outcome.IGNORED, message=message, event_type=result.event)
    rule = result.alert_rule if reading.spec.counts_failures else None
    answer = answers.nothing_to_do(event.pk, "ignored", message, alert_rule=rule, run_id=result.run_id)
    _keep(batch, event, [Placement("noted", ticket) for ticket in once.values()])
    return Decision(event, answer)


def _place_failures(
    batch: Batch, reading: Reading, result: Failures, replay_of: AlertEvent | None
) -> Decision:
    now = timezone.now()
    event = _event(reading, replay_of, outcome=Outcome.ACCEPTED, message="", event_type=result.event)
    if event._state.adding:
        batch.add_event(event)
    actor = Actor(ActorKind.SERVICE_KEY, reading.inbound.key_name)
    placements = [
        batch.place(
            failure,
            key_prefix=reading.spec.key_prefix,
            now=now,
            actor=actor,
            event=event,
            is_replay=replay_of is not None,
        )
        for failure in result.items
    ]
    answer = answers.placed(event.pk, placements, alert_rule=result.alert_rule, total=result.total)
    if reading.left_out.count:
        sentence = reading.left_out.sentence(settings.INGESTION_MAX_FAILURES_PER_BODY)
        answer = answers.with_left_out(answer, reading.left_out.count, sentence)
    _finish(event, placements, answer)
    batch.touch(event, placements)
    asks = sum(p.verdict in {CREATED, REOPENED} for p in placements)
    return Decision(event, answer, asks)


def _finish(event: AlertEvent, placements: Sequence[Placement], answer: Answer) -> None:
    fresh = any(p.verdict in {CREATED, REOPENED, LOOKING_UP} for p in placements)
    event.outcome = Outcome.ACCEPTED if fresh else Outcome.DUPLICATE
    event.message = str(answer.body["message"])[:500]
    event.ticket_key = answer.body["ticket_id"] or ""
    if not event._state.adding:
        event.save(update_fields=["outcome", "message", "ticket_key"])


def _keep(batch: Batch, event: AlertEvent, placements: Sequence[Placement]) -> None:
    if event._state.adding:
        batch.add_event(event)
    else:
        event.save(update_fields=["failure_trace"])
    batch.touch(event, placements)


def note_on_open_tickets(result: Ignored, *, except_for: Collection[int] = ()) -> list[Ticket]:
    """Record a resolution, a start or a success on the open tickets it concerns; close them only if so configured.

    `except_for` are the tickets that an earlier turn of the same event has told already.
    """
    if not result.audit_action:
        return []
    touched = [ticket for ticket in _concerned(result) if ticket.pk not in except_for]
    for ticket in touched:
        ticket_services.note(ticket.pk, result.audit_action, summary=result.reason)
        if settings.AUTO_CLOSE_ON_RESOLVED and result.audit_action == actions.ALERT_RESOLVED:
            ticket_services.acknowledge(ticket.pk, actor=Actor(name="Alert resolved"), note=result.reason)
    return touched


def _concerned(result: Ignored) -> list[Ticket]:
    """The oldest open tickets of the alert's keys, of its rule, and of what was looked up for it; at most fifty."""
    unfinished = Ticket.objects.exclude(status=Status.ACKNOWLEDGED)
    # One query for each way to be meant: joined by OR, none of them has an index.
    found = set(unfinished.filter(dedup_key__in=result.dedup_keys).values_list("pk", flat=True))
    if result.family_key:
        of_rule = of_rules().filter(family_key=result.family_key).exclude(status=Status.ACKNOWLEDGED)
        found.update(of_rule.order_by("id").values_list("pk", flat=True)[:MOST_CONCERNED])
    found |= lookups.tickets_found_for(result.dedup_keys, result.family_key)
    return list(unfinished.filter(pk__in=sorted(found)).order_by("id")[:MOST_CONCERNED])


def note_recovery(result: Ignored) -> list[Ticket]:
    """Say on every earlier failure of a pipeline or job, acknowledged or not, that a run of it succeeded."""
    success = result.succeeded
    if success is None:
        return []
    now = timezone.now()
    return ticket_services.mark_recovered(
        source=success.source,
        pipeline=success.name,
        scope=success.scope,
        run=ticket_services.GoodRun(min(success.at or now, now)),
    )


def _event(
    reading: Reading, replay_of: AlertEvent | None, *, outcome: str, message: str, event_type: str = ""
) -> AlertEvent:
    if replay_of is None:
        return _new_event(reading.spec, reading.inbound, outcome, message, event_type)
    replay_of.outcome, replay_of.message, replay_of.event_type = outcome, message[:500], event_type[:80]
    replay_of.failure_trace = ""
    replay_of.replay_count += 1
    replay_of.save(update_fields=["outcome", "message", "event_type", "failure_trace", "replay_count"])
    return replay_of


def _new_event(spec: SourceSpec, inbound: Inbound, outcome: str, message: str, event_type: str) -> AlertEvent:
    """The bytes as they came, not yet in the database."""
    return new_row(
        AlertEvent,
        source=spec.slug,
        body=inbound.body,
        body_size=len(inbound.body),
        content_type=inbound.content_type[:100],
        headers=dict(inbound.headers),
        key_name=inbound.key_name[:100],
        remote_address=inbound.remote_address[:45],
        outcome=outcome,
        event_type=event_type[:80],
        message=message[:500],
    )
