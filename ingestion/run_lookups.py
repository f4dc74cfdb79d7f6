"""Which runs failed behind an alert that named none: the worker's half of `ingestion.lookups`.

The row is the work. It is claimed by moving `work_due_at` ahead under a lease, asked again until `give_up_at`, and
ends in one ticket per failed run, or in one by fingerprint that says why. A row that waits and has a `first_ticket`
has found runs and looks for those that are listed later; `give_up_at` is then the end of that time.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit import actions
from audit.services import Actor
from ingestion.batch import place
from ingestion.identity import CREATED, Placement
from ingestion.lookups import failure_from_json, query_from_json
from ingestion.models import AlertEvent, EventTicket, RunLookup
from ingestion.pipeline_runs import failure_of_run
from ingestion.run_windows import LOOK_AGAIN_FOR, is_within, next_look, window_of
from ingestion.sources.base import Failure, RunQuery
from integrations.datafactory.client import client_for_resource
from integrations.datafactory.models import PipelineRun
from integrations.errors import IntegrationError, NotConfiguredError
from rca.evidence.store import keep_evidence
from rca.models import EvidenceKind
from tickets import services as ticket_services
from tickets.due import is_due
from tickets.models import Ticket

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
FARTHEST = timedelta(minutes=10)  # well beyond the lease and any pause
BATCH = 20
ASK_AGAIN_AFTER = timedelta(seconds=10)
CALL_SECONDS = 20.0
ACTOR = Actor(name="Run look-up")


def claim_waiting_lookups(now: datetime, *, with_held: bool = True) -> list[tuple[int, str]]:
    """Claim the look-ups that are due; returns their ids with the token that proves the claim.

    `with_held`: also those that somebody holds whose lease ran out.
    """
    due = is_due(now, FARTHEST, "work_due_at")
    waiting = RunLookup.objects.filter(due, state=RunLookup.State.WAITING)
    if not with_held:
        waiting = waiting.filter(claim_token="")
    claimed: list[tuple[int, str]] = []
    for lookup_id, due_at in waiting.order_by("work_due_at", "id").values_list("pk", "work_due_at")[:BATCH]:
        token = secrets.token_hex(16)
        mine = RunLookup.objects.filter(pk=lookup_id, state=RunLookup.State.WAITING, work_due_at=due_at)
        if mine.update(claim_token=token, work_due_at=now + LEASE, work_attempts=F("work_attempts") + 1):
            claimed.append((lookup_id, token))
    return claimed


def process_lookup(lookup_id: int, token: str) -> None:
    """Ask the vendor once for a claimed look-up, and act on the answer; a lost claim means done."""
    lookup = RunLookup.objects.filter(pk=lookup_id, claim_token=token, state=RunLookup.State.WAITING).first()
    if lookup is None:
        return
    query = query_from_json(lookup.query)
    start, end = window_of(query, received_at=lookup.created_at)
    try:
        runs = _ask(query, start, end)
    except IntegrationError as error:
        _refused(lookup, token, error)
        return
    now = timezone.now()
    if lookup.first_ticket_id is not None:
        _open_tickets(lookup, token, query, runs, now)
        return
    is_last_try = now >= lookup.give_up_at
    known = _known_runs(lookup, runs)
    # Runs of an earlier alert may stand in the widened window while the new one is not listed yet.
    is_answered = any(run.run_id not in known or is_within(run, query) for run in runs)
    if runs and (is_answered or is_last_try):
        _open_tickets(lookup, token, query, runs, now)
    elif is_last_try:
        names = ", ".join(query.pipeline_names) or "the factory"
        why = f"No failed run of {names} was found between {_moment(start)} and {_moment(end)} UTC."
        _fall_back(lookup, token, why, now)
    else:
        _wait(lookup, token, min(now + ASK_AGAIN_AFTER, max(lookup.give_up_at, now)), "no failed run yet")


def relate_to_unresolved(ticket: Ticket) -> int:
    """Relate a run's ticket to those that stand for an alert whose run was not found; how many were new.

    The run turned up later than the two minutes in which it was looked for, perhaps because it still ran then.
    """
    if not ticket.run_id:
        return 0
    ran = _ran(ticket)
    unresolved = RunLookup.objects.filter(
        source=ticket.source,
        state=RunLookup.State.GAVE_UP,
        created_at__range=(ran[0] - timedelta(days=1), ran[1] + timedelta(days=1)),
    ).exclude(first_ticket=None)
    linked = 0
    for lookup in unresolved.order_by("-created_at", "-id")[:100]:
        assert lookup.first_ticket_id is not None
        if lookup.first_ticket_id != ticket.pk and _is_about(lookup, ticket, ran):
            linked += ticket_services.link(lookup.first_ticket_id, ticket.pk)
    return linked


def _is_about(lookup: RunLookup, ticket: Ticket, ran: tuple[datetime, datetime]) -> bool:
    query = query_from_json(lookup.query)
    start, end = window_of(query, received_at=lookup.created_at)
    names = {name.lower() for name in query.pipeline_names}
    is_named = not names or ticket.pipeline.lower() in names
    is_there = query.resource_id.lower() == ticket.run_scope.lower()
    return is_there and is_named and ran[0] <= end and ran[1] >= start


def _ran(ticket: Ticket) -> tuple[datetime, datetime]:
    """When the ticket's run began and ended, as far as it is known."""
    moment = ticket.fired_at or ticket.opened_at
    told = (ticket.metadata.get(name) for name in ("run_started_at", "run_ended_at"))
    start, end = (datetime.fromisoformat(text) if text else moment for text in told)
    return start, max(start, end)


def _ask(query: RunQuery, start: datetime, end: datetime) -> tuple[PipelineRun, ...]:
    client = client_for_resource(query.resource_id)
    if client is None:
        raise IntegrationError(
            "the alert names no factory or workspace", vendor="datafactory", permanent=True, code="bad_name"
        )
    return client.within(CALL_SECONDS).query_pipeline_runs(
        start, end, statuses=("Failed",), pipelines=query.pipeline_names
    )


def _refused(lookup: RunLookup, token: str, error: IntegrationError) -> None:
    now = timezone.now()
    said = f"{error}. {error.advice}" if error.advice else str(error)
    if lookup.first_ticket_id is not None:
        _go_on(
            lookup, token, next_look(query_from_json(lookup.query), (), found_at=_found_at(lookup), now=now)
        )
    elif isinstance(error, NotConfiguredError) or error.permanent:
        _fall_back(lookup, token, f"The failed runs could not be looked up: {said}", now)
    elif now >= lookup.give_up_at:
        _fall_back(lookup, token, f"The failed runs could not be looked up within two minutes: {said}", now)
    else:
        pause = max(ASK_AGAIN_AFTER, timedelta(seconds=min(error.retry_after or 0, 60)))
        _wait(lookup, token, min(now + pause, lookup.give_up_at), said)


def _wait(lookup: RunLookup, token: str, until: datetime, why: str) -> None:
    RunLookup.objects.filter(pk=lookup.pk, claim_token=token).update(
        claim_token="", work_due_at=until, last_error=why[:500]
    )


def _known_runs(lookup: RunLookup, runs: Sequence[PipelineRun]) -> set[str]:
    """The ids of the runs that have a ticket."""
    ids = [run.run_id.lower() for run in runs]
    known = Ticket.objects.filter(source=lookup.source, run_id__in=ids).values_list("run_id", flat=True)
    lower = set(known)
    return {run.run_id for run in runs if run.run_id.lower() in lower}


def _open_tickets(
    lookup: RunLookup, token: str, query: RunQuery, runs: Sequence[PipelineRun], now: datetime
) -> None:
    """One ticket per run that has none, linked to the alert's event; the claim is given back with it.

    At a later look, runs that have a ticket were placed by the first one or told of by another alert.
    """
    is_first = lookup.first_ticket_id is None
    with transaction.atomic():
        if not _is_still_ours(lookup, token):
            return
        known = set() if is_first else _known_runs(lookup, runs)
        new = [run for run in _in_key_order(runs) if run.run_id not in known]
        placements = [_place_run(lookup, query, run, now) for run in new]
        for placement in placements:
            assert placement.ticket is not None
            summary = f"{len(runs)} failed runs behind the alert; this is {placement.run_id}"
            summary += "" if is_first else ", which was listed later"
            ticket_services.note(placement.ticket.pk, actions.RUNS_LOOKED_UP, summary=summary, actor=ACTOR)
        if placements:
            _keep(lookup, placements)
        found_at = now if is_first else _found_at(lookup)
        RunLookup.objects.filter(pk=lookup.pk).update(give_up_at=found_at + LOOK_AGAIN_FOR)
        _go_on(lookup, token, next_look(query, runs, found_at=found_at, now=now))


def _found_at(lookup: RunLookup) -> datetime:
    return lookup.give_up_at - LOOK_AGAIN_FOR


def _go_on(lookup: RunLookup, token: str, next_at: datetime | None) -> None:
    """Look again at `next_at`, or be done with a look-up that has found runs."""
    held = RunLookup.objects.filter(pk=lookup.pk, claim_token=token)
    if next_at is None:
        held.update(state=RunLookup.State.FOUND, claim_token="")
    else:
        held.update(work_due_at=next_at, claim_token="")


def _place_run(lookup: RunLookup, query: RunQuery, run: PipelineRun, now: datetime) -> Placement:
    """The run's ticket. One that exists is counted only when the alert speaks of its run beyond doubt."""
    fallback = failure_from_json(lookup.fallback["failure"])
    failure = failure_of_run(run, source=lookup.source, resource_id=query.resource_id, like=fallback)
    existing = Ticket.objects.filter(dedup_key=failure.dedup_key).first()
    if existing is not None and not is_within(run, query):
        return Placement("noted", existing, failure.run_id)
    return place(failure, key_prefix=lookup.fallback["key_prefix"], now=now, actor=ACTOR)


def _fall_back(lookup: RunLookup, token: str, why: str, now: datetime) -> None:
    """One ticket by fingerprint, which says that its runs are not known, and why."""
    fallback = failure_from_json(lookup.fallback["failure"])
    with transaction.atomic():
        if not _is_still_ours(lookup, token):
            return
        failure = _telling(fallback, why)
        placement = place(failure, key_prefix=lookup.fallback["key_prefix"], now=now, actor=ACTOR)
        ticket = placement.ticket
        assert ticket is not None
        if placement.verdict == CREATED:
            keep_evidence(ticket, EvidenceKind.NOTE, "The alert names no run", why)
        ticket_services.note(ticket.pk, actions.RUNS_LOOKED_UP, summary=why, actor=ACTOR)
        RunLookup.objects.filter(pk=lookup.pk).update(last_error=why[:500])
        _keep(lookup, [placement])
        RunLookup.objects.filter(pk=lookup.pk).update(state=RunLookup.State.GAVE_UP, claim_token="")


def _telling(failure: Failure, why: str) -> Failure:
    message = f"{failure.error_message}\n{why}" if failure.error_message else why
    return replace(failure, error_message=message, metadata={**failure.metadata, "run_lookup": why[:500]})


def _is_still_ours(lookup: RunLookup, token: str) -> bool:
    held = RunLookup.objects.select_for_update().filter(
        pk=lookup.pk, claim_token=token, state=RunLookup.State.WAITING
    )
    return held.first() is not None


def _keep(lookup: RunLookup, placements: Sequence[Placement]) -> None:
    """Show on the look-up and on the event what came of it."""
    EventTicket.objects.bulk_create(
        EventTicket(event_id=lookup.event_id, ticket=placement.ticket, verdict=placement.verdict)
        for placement in placements
    )
    created = [placement for placement in placements if placement.verdict == CREATED]
    first = (created or list(placements))[0].ticket
    assert first is not None
    RunLookup.objects.filter(pk=lookup.pk, first_ticket=None).update(first_ticket=first)
    events = AlertEvent.objects.filter(pk=lookup.event_id)
    events.filter(ticket_key="").update(ticket_key=first.key)
    in_all = EventTicket.objects.filter(event_id=lookup.event_id, verdict=CREATED).count()
    events.update(message=f"The failed runs were looked up: {in_all} tickets created.")


def _in_key_order(runs: Sequence[PipelineRun]) -> list[PipelineRun]:
    """Every writer takes tickets in the order of their keys, so that none waits for the other in a circle."""
    return sorted(runs, key=lambda run: run.run_id.lower())


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
