"""Alerts that name no run: remember the question at the door, so that the worker can ask the vendor."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from audit.services import Actor
from ingestion.identity import DUPLICATE, LOOKING_UP, RENOTIFICATION_WINDOW, Placement, find_existing
from ingestion.models import AlertEvent, EventTicket, RunLookup
from ingestion.signals import lookup_requested
from ingestion.sources.base import Failure, RunQuery
from integrations import run_lookup
from tickets import services as ticket_services

GIVE_UP_AFTER = timedelta(minutes=2)


def can_look_up(failure: Failure) -> bool:
    """Whether the alert names no run and its vendor can be asked which runs failed."""
    query = failure.query
    return query is not None and run_lookup.can_look_up(failure.source, query.resource_id)


def request_lookup(
    failure: Failure, *, event: AlertEvent, key_prefix: str, now: datetime, actor: Actor
) -> Placement | None:
    """Ask for the failed runs behind an alert; None when nobody can be asked, so that a ticket opens at once.

    A repeat of the alert asks nothing: it joins the question that is under way, or the ticket it ended in.
    """
    if not can_look_up(failure):
        return None
    known = _known_lookup(failure, now)
    if known is None:
        known = _create(failure, event=event, key_prefix=key_prefix, now=now)
        if known is not None:
            transaction.on_commit(lambda: lookup_requested.send(RunLookup), robust=True)
            return Placement(LOOKING_UP, None)
        known = RunLookup.objects.select_related("first_ticket").get(dedup_key=failure.dedup_key)
    ticket = known.first_ticket or find_existing(failure, now)
    if ticket is None:
        return Placement(DUPLICATE, None)
    status = ticket.status
    ticket = ticket_services.count_occurrence(ticket.pk, now=now, actor=actor)
    return Placement(DUPLICATE, ticket, ticket.run_id, status)


def tickets_found_for(dedup_keys: Collection[str], family_key: str) -> set[int]:
    """The tickets that the newest look-ups of these alerts, or of this rule unless it is empty, ended in.

    Such tickets carry the key of their run, not of the alert, so nothing else leads from one to the other.
    """
    newest = RunLookup.objects.order_by("-id").values_list("event_id", "first_ticket_id")
    asked = list(newest.filter(dedup_key__in=dedup_keys)[:50])
    if family_key:
        asked += newest.filter(family_key=family_key)[:50]
    if not asked:
        return set()
    touched = EventTicket.objects.filter(event_id__in=[event_id for event_id, _ in asked])
    first = {ticket_id for _, ticket_id in asked if ticket_id is not None}
    return first | set(touched.values_list("ticket_id", flat=True))


def _known_lookup(failure: Failure, now: datetime) -> RunLookup | None:
    lookups = RunLookup.objects.select_related("first_ticket")
    exact = lookups.filter(dedup_key=failure.dedup_key).first()
    if exact is not None or not failure.family_key:
        return exact
    # One that has found runs and only looks for late ones does not ask for those of a new firing.
    recent = lookups.filter(family_key=failure.family_key, state=RunLookup.State.WAITING, first_ticket=None)
    return recent.filter(created_at__gte=now - RENOTIFICATION_WINDOW).order_by("-id").first()


def _create(failure: Failure, *, event: AlertEvent, key_prefix: str, now: datetime) -> RunLookup | None:
    assert failure.query is not None
    try:
        with transaction.atomic():
            return RunLookup.objects.create(
                event=event,
                source=failure.source,
                dedup_key=failure.dedup_key,
                family_key=failure.family_key,
                query=to_json(failure.query),
                fallback={
                    "key_prefix": key_prefix,
                    "failure": to_json(dataclasses.replace(failure, query=None)),
                },
                created_at=now,
                work_due_at=now,
                give_up_at=now + GIVE_UP_AFTER,
            )
    except IntegrityError:
        return None


def to_json(value: Failure | RunQuery) -> dict[str, Any]:
    """A frozen dataclass as JSON; times become ISO texts."""
    fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {name: v.isoformat() if isinstance(v, datetime) else v for name, v in fields.items()}


def failure_from_json(data: dict[str, Any]) -> Failure:
    """The failure as `to_json` wrote it, without its query."""
    return Failure(**{**data, "fired_at": _time(data.get("fired_at")), "query": None})


def query_from_json(data: dict[str, Any]) -> RunQuery:
    """The query as `to_json` wrote it."""
    return RunQuery(
        resource_id=data["resource_id"],
        pipeline_names=tuple(data["pipeline_names"]),
        activity_names=tuple(data["activity_names"]),
        window_start=_time(data.get("window_start")),
        window_end=_time(data.get("window_end")),
        fired_at=_time(data.get("fired_at")),
        expected_runs=data.get("expected_runs"),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
