"""How an attempt ends: with its ticket closed, with the next decision asked for, or quietly with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit import actions
from remediation.claims import update_held
from remediation.deciding import queue_decision
from remediation.models import Attempt
from remediation.policy import BY_HAND
from remediation.states import Kind, State
from remediation.telling import DESK, tell, title_of
from tickets import services as ticket_services
from tickets.choices import Status
from tickets.models import Ticket

TIME_SAVED_FROM = 200
"""The latest tickets of the same error type that people closed: their median time is what is compared with."""


def close_succeeded(attempt: Attempt, run_words: str) -> None:
    """The new run succeeded: the ticket is closed with the playbook's name, and so are those of the runs between."""
    now = timezone.now()
    _note_recovery(attempt, now)
    with transaction.atomic():
        ticket = _locked_ticket(attempt)
        attempt.mttr_seconds = max(0, round((now - ticket.sla_started_at).total_seconds()))
        attempt.saved_seconds = max(0, _usual_seconds(ticket) - attempt.mttr_seconds)
        note = f"remediated by {attempt.get_playbook_display()} (attempt {attempt.number}): {run_words} succeeded"
        _end(
            attempt,
            State.SUCCEEDED,
            note,
            mttr_seconds=attempt.mttr_seconds,
            saved_seconds=attempt.saved_seconds,
        )
        tell(
            attempt,
            actions.REMEDIATION_SUCCEEDED,
            note,
            thread=f"Ticket {note}.",
            details={"mttr_seconds": attempt.mttr_seconds, "saved_seconds": attempt.saved_seconds},
        )
        ticket_services.acknowledge(ticket.pk, actor=DESK, note=note)
        for other in _tickets_between(attempt):
            ticket_services.acknowledge(other, actor=DESK, note=f"{note}; see {ticket.key}")


def _note_recovery(attempt: Attempt, now: datetime) -> None:
    """A good run ends the downtime of a pipeline or job. Before the end is written, so that a crash cannot lose it."""
    if attempt.target.get("kind") in {Kind.PIPELINE, Kind.JOB}:
        ticket = attempt.ticket
        ticket_services.mark_recovered(
            source=ticket.source,
            pipeline=ticket.pipeline,
            scope=ticket.run_scope,
            run=ticket_services.GoodRun(now, attempt.new_run_id),
            actor=DESK,
        )


def close_failed(attempt: Attempt, why: str, *, is_final: bool = False) -> None:
    """It did not help. The next step is decided on, unless `is_final`: then people are told that it is theirs.

    What a person asked for by hand is not gone on with by itself.
    """
    is_final = is_final or attempt.rule == BY_HAND
    with transaction.atomic():
        ticket = _locked_ticket(attempt)
        runs = " and ".join(run for run in (attempt.run_id, attempt.new_run_id) if run)
        more = " People are needed." if is_final else ""
        _end(attempt, State.FAILED, why, before={**attempt.before, "is_final": is_final})
        text = f"{title_of(attempt)}: {why}{more}" + (f" Runs: {runs}." if runs else "")
        tell(attempt, actions.REMEDIATION_FAILED, text, thread=f"Auto-remediation failed. {text}")
        if not is_final:
            queue_decision(ticket.pk, timezone.now())


def close_quietly(attempt: Attempt, state: State, why: str, action: str) -> None:
    """It is not done, or not for real; nothing follows from it."""
    with transaction.atomic():
        _locked_ticket(attempt)
        _end(attempt, state, why)
        tell(attempt, action, f"{title_of(attempt)}: {why}", thread=f"{title_of(attempt)}: {why}")


def _locked_ticket(attempt: Attempt) -> Ticket:
    ticket = ticket_services.lock(attempt.ticket_id)
    attempt.ticket = ticket
    return ticket


def _end(attempt: Attempt, state: State, detail: str, **fields: Any) -> None:
    now = timezone.now()
    attempt.state, attempt.detail, attempt.ended_at = state, detail[:500], now
    update_held(attempt, state=state, detail=attempt.detail, ended_at=now, **fields)


def _tickets_between(attempt: Attempt) -> list[int]:
    """Open tickets about runs that earlier attempts of the same failure started."""
    runs = Attempt.objects.filter(ticket=attempt.ticket_id, episode=attempt.episode).exclude(new_run_id="")
    found = Ticket.objects.filter(
        run_id__in=list(runs.values_list("new_run_id", flat=True)), source=attempt.ticket.source
    ).exclude(pk=attempt.ticket_id)
    return list(found.exclude(status=Status.ACKNOWLEDGED).values_list("pk", flat=True))


def _usual_seconds(ticket: Ticket) -> int:
    """The median time in which people closed tickets of this error type; 0 where none is known."""
    since = timezone.now() - timedelta(days=90)
    closed = Ticket.objects.filter(
        status=Status.ACKNOWLEDGED, error_type=ticket.error_type, acknowledged_at__gt=since
    ).exclude(ack_user=DESK.name)
    times = [
        taken
        for taken in closed.order_by("-acknowledged_at").values_list("ack_seconds", flat=True)[
            :TIME_SAVED_FROM
        ]
        if taken is not None
    ]
    return round(median(times)) if times else 0
