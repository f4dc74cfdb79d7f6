"""Reads of attempts: rows as JSON, and how well each playbook does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Avg, Count, F, Q, QuerySet, Sum

from audit.times import iso
from remediation.models import Approval, Attempt, Decision, Playbook
from remediation.states import OPEN, PlaybookName, State
from remediation.telling import title_of
from tickets.models import Ticket
from tickets.sections import Queries
from tickets.together import Rows


def find_attempts(*, ticket: str = "", states: Collection[str] = ()) -> QuerySet[Attempt]:
    """Attempts, newest first, of one ticket (by its key) and in one of some states, where given."""
    found = (
        Attempt.objects.select_related("ticket", "requested_by").prefetch_related("approvals").order_by("-id")
    )
    if ticket:
        found = found.filter(ticket__key=ticket)
    return found.filter(state__in=states) if states else found


def hanging_attempts(ticket: Ticket) -> Queries:
    attempts = Attempt.objects.filter(ticket=ticket).defer("target", "before")
    return {
        "attempts": attempts.annotate(asked_by=F("requested_by__email")).order_by("id"),
        "approvals": Approval.objects.filter(attempt__ticket=ticket).order_by("id"),
        "decisions": Decision.objects.filter(ticket=ticket).exclude(decided_at=None).order_by("ticket"),
    }


def remediation_section(ticket: Ticket, rows: Rows) -> list[dict[str, Any]]:
    """The attempts of a ticket's detail, oldest first; where there are none, why not (once somebody has asked)."""
    answers = defaultdict[int, list[Approval]](list)
    for given in rows["approvals"]:
        answers[given.attempt_id].append(given)
    shown = [_row(each, ticket.key, each.asked_by or "", answers[each.pk]) for each in rows["attempts"]]
    if shown or not settings.AUTO_REMEDIATION_ENABLED:
        return shown
    return [
        {
            "id": None,
            "playbook": "policy",
            "state": "waiting" if decision.is_waiting else "no action",
            "detail": " ".join(decision.reasons),
            "updated_at": iso(decision.decided_at),
        }
        for decision in rows["decisions"]
    ]


def attempt_row(attempt: Attempt) -> dict[str, Any]:
    """A row of `find_attempts`."""
    person = attempt.requested_by
    return _row(attempt, attempt.ticket.key, person.email if person else "", attempt.approvals.all())


def _row(attempt: Attempt, ticket_key: str, asked_by: str, approvals: Iterable[Approval]) -> dict[str, Any]:
    return {
        "id": attempt.pk,
        "ticket_id": ticket_key,
        "playbook": attempt.playbook,
        "action": title_of(attempt),
        "state": attempt.state,
        "detail": attempt.detail or " ".join(attempt.reasons),
        "reasons": attempt.reasons,
        "risk": attempt.risk,
        "mode": attempt.mode,
        "rule": attempt.rule,
        "number": attempt.number,
        "retry_attempt": attempt.try_number,
        "max_retries": attempt.most_tries,
        "resource": attempt.resource,
        "run_id": attempt.run_id,
        "new_run_id": attempt.new_run_id,
        "requested_by": asked_by,
        "people_needed": attempt.people_needed,
        "approvals": [
            {
                "by": given.email,
                "answer": Approval.Answer(given.answer).value,
                "note": given.note,
                "at": iso(given.created_at),
            }
            for given in approvals
        ],
        "expires_at": iso(attempt.expires_at) if attempt.is_waiting_for_people else None,
        "next_step_at": iso(attempt.due_at)
        if attempt.is_open and not attempt.is_waiting_for_people
        else None,
        "called_at": iso(attempt.called_at),
        "mttr_seconds": attempt.mttr_seconds,
        "saved_seconds": attempt.saved_seconds,
        "created_at": iso(attempt.created_at),
        "updated_at": iso(attempt.updated_at),
        "ended_at": iso(attempt.ended_at),
    }


@dataclass(frozen=True, slots=True)
class Record:
    """How well a playbook does. `rate` is a percentage of the attempts that ended, None before the first."""

    name: str
    label: str
    succeeded: int
    failed: int
    open: int
    relapsed: int
    rate: int | None
    mttr_seconds: float | None
    saved_seconds: int
    is_disabled: bool
    reason: str


def records() -> list[Record]:
    """Every playbook with its record, in two queries."""
    counted = {
        row["playbook"]: row
        for row in Attempt.objects.order_by()
        .values("playbook")
        .annotate(
            succeeded=Count("id", filter=Q(state=State.SUCCEEDED)),
            failed=Count("id", filter=Q(state=State.FAILED)),
            open=Count("id", filter=Q(state__in=OPEN)),
            relapsed=Count("id", filter=Q(relapsed_at__isnull=False)),
            mttr=Avg("mttr_seconds"),
            saved=Sum("saved_seconds"),
        )
    }
    switches = {row.name: row for row in Playbook.objects.all()}
    return [_record(name, dict(counted.get(name, {})), switches.get(name)) for name in PlaybookName]


def _record(name: PlaybookName, row: dict[str, Any], switch: Playbook | None) -> Record:
    succeeded, failed = row.get("succeeded", 0), row.get("failed", 0)
    ended = succeeded + failed
    lasting = succeeded - row.get("relapsed", 0)
    return Record(
        name=name,
        label=name.label,
        succeeded=succeeded,
        failed=failed,
        open=row.get("open", 0),
        relapsed=row.get("relapsed", 0),
        rate=round(100 * lasting / ended) if ended else None,
        mttr_seconds=row.get("mttr"),
        saved_seconds=row.get("saved") or 0,
        is_disabled=bool(switch and switch.is_disabled),
        reason=switch.reason if switch and switch.is_disabled else "",
    )
