"""Retention of tickets, events, raw payloads and evidence: removed in passes, each one transaction and on record.

A pass removes at most PASS rows and is whole or not done at all, so a run that is cut off is taken up where it
ended. What it may take is decided by `ingestion.retention_rules`; the audit trail is never touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Concat, Substr

from audit import actions
from audit.appending import appended_together
from audit.services import SYSTEM, Actor, record
from ingestion import retention_rules as rules
from ingestion.models import AlertEvent
from rca.services import remove_texts
from tickets import services as ticket_services
from tickets.models import Ticket

PASS = 200
MOST_MESSAGE = 500
Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that is kept for a number of days: its setting, which rows are due, and how they go."""

    name: str
    setting: str
    action: str
    due: Callable[[datetime], Rows]
    remove: Callable[[Sequence[int], int], None]

    @property
    def days(self) -> int:
        """0: kept for ever."""
        return int(getattr(settings, self.setting))

    def waiting(self, now: datetime) -> Rows:
        return self.due(now - timedelta(days=self.days))


def _remove_tickets(ids: Sequence[int], days: int) -> None:
    ticket_services.remove(ids)


def _remove_events(ids: Sequence[int], days: int) -> None:
    AlertEvent.objects.filter(pk__in=ids).delete()


def _remove_payloads(ids: Sequence[int], days: int) -> None:
    """`body_size` keeps telling how much there was, the message says where it went."""
    told = f" Payload {rules.note(days)}."
    kept = Substr(F("message"), 1, MOST_MESSAGE - len(told))
    AlertEvent.objects.filter(pk__in=ids).update(
        body=b"", headers={}, failure_trace="", message=Concat(kept, Value(told), output_field=CharField())
    )


def _remove_evidence(ids: Sequence[int], days: int) -> None:
    remove_texts(ids, rules.note(days))


# Evidence and payloads first: they ask for the tickets that would go with them.
KINDS = (
    Kind(
        "evidence",
        "EVIDENCE_RETENTION_DAYS",
        actions.EVIDENCE_REMOVED,
        rules.evidence,
        _remove_evidence,
    ),
    Kind(
        "payloads",
        "RAW_PAYLOAD_RETENTION_DAYS",
        actions.PAYLOADS_REMOVED,
        rules.payloads,
        _remove_payloads,
    ),
    Kind("events", "EVENT_RETENTION_DAYS", actions.EVENTS_REMOVED, rules.events, _remove_events),
    Kind("tickets", "TICKET_RETENTION_DAYS", actions.TICKETS_REMOVED, rules.tickets, _remove_tickets),
)


def configured() -> list[Kind]:
    return [kind for kind in KINDS if kind.days]


def run(
    now: datetime, *, kinds: Sequence[Kind] | None = None, seconds: float | None = None, actor: Actor = SYSTEM
) -> Iterator[tuple[Kind, int]]:
    """Remove what is due and tell of each pass how many rows went; ends early after `seconds`."""
    end = None if seconds is None else time.monotonic() + seconds
    for kind in configured() if kinds is None else kinds:
        after = 0
        while end is None or time.monotonic() < end:
            ids = _pass(kind, now, after, actor)
            if not ids:
                break
            yield kind, len(ids)
            after = ids[-1]
        else:
            return


@transaction.atomic
def _pass(kind: Kind, now: datetime, after: int, actor: Actor) -> list[int]:
    """One pass behind number `after`; the ids that went.

    The rows are chosen and locked inside the transaction: one that somebody reopened meanwhile is not due.
    """
    due = kind.waiting(now).filter(pk__gt=after).select_for_update()
    ids = list(due.values_list("pk", flat=True)[:PASS])
    if not ids:
        return []
    span = _span(kind, ids)
    with appended_together():
        kind.remove(ids, kind.days)
    record(
        kind.action,
        actor=actor,
        summary=f"{kind.name} older than {kind.days} days: {len(ids)}, {span['first']} to {span['last']}",
        details={"count": len(ids), "days": kind.days, "first_id": ids[0], "last_id": ids[-1], **span},
    )
    return ids


def _span(kind: Kind, ids: Sequence[int]) -> dict[str, str]:
    """How people know the first and the last of them."""
    if kind.action != actions.TICKETS_REMOVED:
        return {"first": str(ids[0]), "last": str(ids[-1])}
    keys = dict(Ticket.objects.filter(pk__in=(ids[0], ids[-1])).values_list("pk", "key"))
    return {"first": keys[ids[0]], "last": keys[ids[-1]]}
