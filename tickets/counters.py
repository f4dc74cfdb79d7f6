"""The summary's counters as a function of tickets: what one ticket counts for, and what a change does. Pure.

The counters at any moment are the sum of `contribution` over all tickets; `tickets.counter_store` keeps that sum
without ever adding it up.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple, Protocol

from tickets.choices import SlaStatus, Status

STATUS = "status"
SEVERITY = "severity"
ERROR_TYPE = "error_type"
TEAM = "team"
SLA = "sla"
ACKNOWLEDGEMENTS = "acks"
ACK_SECONDS = "ack_seconds"
RECOVERIES = "recoveries"
RECOVERY_SECONDS = "recovery_s"
REPORTS = "reports"
SUPPRESSED = "suppressed"
SLA_BY_PRIORITY = "sla_priority"
SLA_BY_TEAM = "sla_team"
SLA_BY_WEEK = "sla_week"
FAILURES = "failures"
DOWNTIME_SECONDS = "downtime_s"

PARTS = "\x1f"
"""Between the parts of a name: no tag, no week and no verdict holds it."""


class Key(NamedTuple):
    """A counter: `Key("severity", "High")`; counters without parts have an empty name."""

    dimension: str
    name: str = ""


Counts = Mapping[Key, int]


class Countable(Protocol):
    """What the counters see of a ticket."""

    status: str
    severity: str
    error_type: str
    finops_team: str
    sla_status: str
    ack_seconds: int | None
    priority: str
    finops_cost_center: str
    occurrences: int
    is_suppressed: bool
    opened_at: datetime
    sla_started_at: datetime
    recovery_seconds: int | None
    downtime_seconds: int | None


def contribution(ticket: Countable) -> Counter[Key]:
    """What this ticket, as it is, adds to each counter."""
    counts = Counter(
        {
            Key(STATUS, ticket.status): 1,
            Key(SEVERITY, ticket.severity): 1,
            Key(ERROR_TYPE, ticket.error_type): 1,
            Key(TEAM, ticket.finops_team): 1,
        }
    )
    if ticket.sla_status == SlaStatus.BREACHED:
        counts[Key(SLA, SlaStatus.BREACHED)] = 1
    if ticket.status == Status.ACKNOWLEDGED and ticket.ack_seconds is not None:
        counts[Key(ACKNOWLEDGEMENTS)] = 1
        counts[Key(ACK_SECONDS)] = ticket.ack_seconds
    counts[Key(REPORTS)] = ticket.occurrences
    if ticket.is_suppressed:
        counts[Key(SUPPRESSED)] = 1
    if ticket.recovery_seconds is not None:
        counts[Key(RECOVERIES)] = 1
        counts[Key(RECOVERY_SECONDS)] = ticket.recovery_seconds
    if ticket.sla_status != SlaStatus.PENDING:
        for key in verdict_keys(
            ticket.priority, ticket.finops_team, ticket.sla_started_at.date(), ticket.sla_status
        ):
            counts[key] = 1
    month = month_of(ticket.opened_at.date())
    paid_by = showback_name(month, ticket.finops_team, ticket.finops_cost_center)
    counts[Key(FAILURES, paid_by)] = 1
    if ticket.downtime_seconds:
        counts[Key(DOWNTIME_SECONDS, paid_by)] = ticket.downtime_seconds
    return counts


def reported_again(times: int) -> Counter[Key]:
    """What it changes that tickets which exist were reported so many times more."""
    return Counter({Key(REPORTS): times})


def verdict_keys(priority: str, team: str, day: date, verdict: str) -> tuple[Key, ...]:
    """The three counters that an SLA verdict counts in; the week is that in which its period began (UTC)."""
    return (
        Key(SLA_BY_PRIORITY, PARTS.join((priority, verdict))),
        Key(SLA_BY_TEAM, PARTS.join((team, verdict))),
        Key(SLA_BY_WEEK, PARTS.join((week_of(day), verdict))),
    )


def week_of(day: date) -> str:
    """The ISO week, such as `2026-W47`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def month_of(day: date) -> str:
    return f"{day:%Y-%m}"


def showback_name(month: str, team: str, cost_center: str) -> str:
    return PARTS.join((month, team, cost_center))


def difference(after: Counts, before: Counts) -> Counter[Key]:
    """What turns `before` into `after`; counters that stay are left out."""
    changes = Counter({key: after.get(key, 0) - before.get(key, 0) for key in {*after, *before}})
    return Counter({key: change for key, change in changes.items() if change})


def add(into: Counter[Key], change: Counts) -> None:
    for key, number in change.items():
        into[key] += number


def encode(change: Counts) -> str:
    """`CounterDelta.change`: a list of [dimension, name, difference]."""
    return json.dumps([[*key, number] for key, number in change.items()], separators=(",", ":"))


def decode(text: str) -> Counter[Key]:
    return Counter({Key(dimension, name): number for dimension, name, number in json.loads(text)})


def total(changes: Iterable[str]) -> Counter[Key]:
    found: Counter[Key] = Counter()
    for text in changes:
        add(found, decode(text))
    return found
